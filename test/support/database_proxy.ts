// One address for a database, whichever server is behind it: what clients see of a failover.
import { createConnection, createServer, type Socket } from "node:net";

export interface Proxy {
  /** The target's URL through the proxy; it stays the same. */
  readonly url: string;
  /** New connections go there; those that are open stay where they are. */
  moveTo(target: string): void;
  close(): void;
}

/** To be closed. */
export async function proxyTo(first: string): Promise<Proxy> {
  let target = new URL(first);
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = createConnection(Number(target.port), target.hostname);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.pipe(to);
      from.on("close", () => to.destroy()).on("error", () => {});
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = Object.assign(new URL(first), { port: String((server.address() as { port: number }).port) });
  return {
    url: url.href,
    moveTo: (next) => {
      target = new URL(next);
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
