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
 * @returns what the driver calls for a socket. Of several hosts the first that answers is taken.
 * @throws from that: the system's error; CONNECTION_CLOSED when it is asked a second time
 */
export function oneSocket(): (where: Where) => Promise<Socket> {
  let asked = false;
  return async ({ host, port, path, connect_timeout = USUAL_TIMEOUT_S }) => {
    if (asked) throw failure("CONNECTION_CLOSED", "the connection to PostgreSQL closed");
    asked = true;
    if (path) return opened({ path }, connect_timeout);
    let last: unknown;
    for (const [at, name] of host.entries()) {
      try {
        // The driver asks the certificate for this name.
        return Object.assign(await opened({ host: name, port: port[at] ?? 5432 }, connect_timeout), { host: name });
      } catch (error) {
        last = error;
      }
    }
    throw last;
  };
}

function opened(at: { path: string } | { host: string; port: number }, timeoutS: number): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connect(at);
  const place = "path" in at ? at.path : `${at.host}:${at.port}`;
  const late = () => socket.destroy(failure("CONNECT_TIMEOUT", `no answer from ${place} for ${timeoutS} s`));
  const timer = setTimeout(late, timeoutS * 1000);
  socket.once("error", reject);
  socket.once("connect", () => {
    clearTimeout(timer);
    socket.off("error", reject);
    resolve(socket);
  });
  return promise.finally(() => clearTimeout(timer));
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
