// Whether a NATS server answers at an address. The client leaves its socket open when a server accepts a connection and
// says nothing (a stopped process, a dead line behind a proxy): asked every few seconds for hours, that is every socket.
import { createConnection } from "node:net";

export interface Patience {
  readonly withinMs: number;
  /** Ends the wait at once. */
  readonly signal: AbortSignal;
}

/**
 * Reads the first line that the server sends: NATS speaks first (docs.nats.io, "Client Protocol").
 * @returns null when it is a NATS server's, else what was seen
 */
export function missingGreeting(host: string, port: number, { withinMs, signal }: Patience): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const socket = createConnection({ host, port });
  let [connected, said] = [false, ""];
  const conclude = (seen: string | null) => {
    clearTimeout(timer);
    signal.removeEventListener("abort", silence);
    socket.removeAllListeners().on("error", () => {});
    socket.destroy();
    resolve(seen);
  };
  const silence = () =>
    conclude(connected ? "it accepts connections and says nothing" : `no connection within ${withinMs / 1000} s`);
  const timer = setTimeout(silence, withinMs);
  signal.addEventListener("abort", silence, { once: true });
  if (signal.aborted) silence();
  socket.on("connect", () => {
    connected = true;
  });
  socket.on("data", (bytes) => {
    said += bytes.toString("latin1");
    if (said.startsWith("INFO {")) conclude(null);
    else if (said.length >= 6) conclude("what answers there is not NATS");
  });
  socket.on("error", (error: Error & { code?: string }) => conclude(error.message || (error.code ?? "no connection")));
  socket.on("close", () => conclude("it closed the connection before a word"));
  return promise;
}
