// The socket of a client of one connection: opened once. The driver opens another whenever one closes, also after its
// client was ended, when a reconnect was already planned; that connection then stays in the server for ever. And behind
// something that accepts and closes, such as a tunnel whose far end is down, it would go on without a word.
import { connect, type Socket } from "node:net";

/** The part of the driver's own settings that say where the server is. */
interface Where {
  readonly host: readonly string[];
  readonly port: readonly number[];
  /** Of a Unix socket: then host and port mean nothing. */
  readonly path?: string | false;
  /** Seconds. */
  readonly connect_timeout?: number | undefined;
}

const USUAL_TIMEOUT_S = 30;

/**
 * @param signal aborted: the socket is given up, also half open; a client that was ended meanwhile would use it all the same
 * @returns what the driver calls for a socket. Of several hosts the first that answers is taken.
 * @throws from that: the system's error; CONNECTION_CLOSED when it is asked a second time
 */
export function oneSocket(signal?: AbortSignal): (where: Where) => Promise<Socket> {
  let asked = false;
  return async ({ host, port, path, connect_timeout = USUAL_TIMEOUT_S }) => {
    if (asked || signal?.aborted) throw failure("CONNECTION_CLOSED", "the connection to PostgreSQL closed");
    asked = true;
    if (path) return opened({ path }, connect_timeout, signal);
    let last: unknown;
    for (const [at, name] of host.entries()) {
      try {
        // The driver asks the certificate for this name.
        return Object.assign(await opened({ host: name, port: port[at] ?? 5432 }, connect_timeout, signal), {
          host: name,
        });
      } catch (error) {
        if (signal?.aborted) throw error;
        last = error;
      }
    }
    throw last;
  };
}

type Place = { path: string } | { host: string; port: number };

function opened(at: Place, timeoutS: number, signal: AbortSignal | undefined): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connect(at);
  const place = "path" in at ? at.path : `${at.host}:${at.port}`;
  const late = () => socket.destroy(failure("CONNECT_TIMEOUT", `no answer from ${place} for ${timeoutS} s`));
  const unwanted = () =>
    socket.destroy(failure("CONNECTION_CLOSED", "the connection to PostgreSQL is no longer wanted"));
  const timer = setTimeout(late, timeoutS * 1000);
  signal?.addEventListener("abort", unwanted, { once: true });
  socket.once("error", reject);
  socket.once("connect", () => {
    clearTimeout(timer);
    socket.off("error", reject);
    resolve(socket);
  });
  return promise.finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", unwanted);
  });
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
