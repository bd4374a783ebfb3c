// A TCP connection to the first of a name's addresses that answers, within a deadline that counts for all of them. By itself a
// system tries a silent address for two minutes.
import { createConnection, type Socket } from "node:net";
import { OpsFailure } from "../failure.ts";

export interface SocketOptions {
  readonly addresses: readonly string[];
  readonly port: number;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/** @throws OpsFailure (automation) that names what each address said; the signal's reason */
export async function openSocket({ addresses, port, deadlineMs, signal }: SocketOptions): Promise<Socket> {
  // One that was aborted before says so to nobody who listens for it.
  signal.throwIfAborted();
  const said: string[] = [];
  const share = deadlineMs / Math.max(1, addresses.length);
  for (const address of addresses) {
    const found = await connected(address, { port, deadlineMs: share, signal });
    signal.throwIfAborted();
    if (typeof found !== "string") return found;
    said.push(`${address} ${found}`);
  }
  throw new OpsFailure("Could not connect", { observed: said.join(", "), where: `port ${port}` });
}

function connected(address: string, o: Omit<SocketOptions, "addresses">): Promise<Socket | string> {
  const { promise, resolve } = Promise.withResolvers<Socket | string>();
  const socket = createConnection({ host: address, port: o.port, noDelay: true });
  const giveUp = (said: string) => {
    socket.destroy();
    resolve(said);
  };
  const timer = setTimeout(() => giveUp(`does not answer within ${(o.deadlineMs / 1000).toFixed(1)} s`), o.deadlineMs);
  const abort = () => giveUp("was not waited for");
  o.signal.addEventListener("abort", abort, { once: true });
  const failed = (error: NodeJS.ErrnoException) => giveUp(WORDS[error.code ?? ""] ?? error.code ?? error.message);
  socket.once("connect", () => {
    socket.off("error", failed);
    // Whoever takes it over listens for itself; unheard, an error in between would end the process.
    socket.on("error", () => {});
    resolve(socket);
  });
  socket.on("error", failed);
  return promise.finally(() => {
    clearTimeout(timer);
    o.signal.removeEventListener("abort", abort);
  });
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "refuses: nothing listens there",
  EHOSTUNREACH: "cannot be reached: no route",
  ENETUNREACH: "cannot be reached: no network",
  ETIMEDOUT: "does not answer",
  ECONNRESET: "reset the connection",
};
