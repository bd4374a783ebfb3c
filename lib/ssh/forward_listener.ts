// A free port of this machine whose connections come out on the far side of an ssh connection, and the other way round. Each
// is closed with its other half: a request that hangs on a closed channel would be taken for a slow hub.
import { createConnection, createServer, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { ClientChannel, TcpConnectionDetails } from "ssh2";
import type { SshConnection } from "./connect.ts";
import { type Endpoint, ForwardFault, forwardOut } from "./forward_out.ts";

export interface ForwardListener {
  readonly port: number;
  /** Why the last channel did not open; null after one that did. */
  fault(): ForwardFault | null;
  close(): void;
}

export interface ListenOptions {
  readonly to: Endpoint;
  /** For each channel. */
  readonly deadlineMs: number;
  /** One that is open already, for the first connection that comes. */
  readonly first: ClientChannel | null;
}

/** On 127.0.0.1, until it is closed or the ssh connection is lost. */
export async function listenForward(connection: SshConnection, options: ListenOptions): Promise<ForwardListener> {
  const { to, deadlineMs } = options;
  let { first } = options;
  let fault: ForwardFault | null = null;
  const sockets = new Set<Socket>();
  const server = createServer(async (socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).once("close", () => sockets.delete(socket));
    const waiting = first;
    first = null;
    try {
      const channel = waiting?.writable ? waiting : await forwardOut(connection, to, deadlineMs);
      fault = null;
      join(socket, channel);
    } catch (error) {
      fault = error instanceof ForwardFault ? error : new ForwardFault("lost", String(error));
      socket.destroy();
    }
  });
  await listening(server);
  const close = () => {
    server.close();
    first?.close();
    for (const socket of sockets) socket.destroy();
  };
  connection.lost.addEventListener("abort", close, { once: true });
  return { port: (server.address() as { port: number }).port, fault: () => fault, close };
}

function listening(server: Server): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject).listen(0, "127.0.0.1", resolve);
  return promise;
}

export function join(left: Duplex, right: Duplex): void {
  for (const [from, to] of [
    [left, right],
    [right, left],
  ] as const) {
    from.on("error", () => {}).once("close", () => to.destroy());
    from.pipe(to);
  }
}

/**
 * Asks the far side to listen, and leads what comes there to a port of this machine.
 * @returns the port over there
 * @throws ForwardFault
 */
export function listenOverThere(
  connection: SshConnection,
  at: Endpoint,
  o: { readonly to: Endpoint; readonly deadlineMs: number },
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const silent = () => reject(new ForwardFault("silent", `no answer within ${(o.deadlineMs / 1000).toFixed(1)} s`));
  const timer = setTimeout(silent, o.deadlineMs);
  const lost = () => reject(new ForwardFault("lost", "the ssh connection ended"));
  connection.lost.addEventListener("abort", lost, { once: true });
  try {
    connection.client.forwardIn(at.host, at.port, (error, port) => {
      if (error)
        reject(new ForwardFault("forbidden", `the host refuses to listen on ${at.host}:${at.port || "a free port"}`));
      else {
        // Once, and for this port: a connection that two take is answered by neither.
        connection.client.on("tcp connection", ({ destPort }: TcpConnectionDetails, accept, refuse) => {
          if (destPort === port) leadHome({ accept, refuse }, o.to);
        });
        resolve(port);
      }
    });
  } catch {
    lost();
  }
  return promise.finally(() => {
    clearTimeout(timer);
    connection.lost.removeEventListener("abort", lost);
  });
}

interface Offered {
  readonly accept: () => ClientChannel;
  readonly refuse: () => void;
}

/** Taken when the target has answered: whoever asks over there is told at once that nothing does. */
function leadHome({ accept, refuse }: Offered, to: Endpoint): void {
  const socket = createConnection({ host: to.host, port: to.port, noDelay: true });
  socket.once("error", refuse);
  socket.once("connect", () => {
    socket.off("error", refuse);
    join(accept(), socket);
  });
}
