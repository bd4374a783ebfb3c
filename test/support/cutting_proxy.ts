// A proxy on the path to a hub that cuts every connection after a while, whatever is on it: what gateways with a time
// limit do to requests that take longer.
import { createConnection, createServer, type Socket } from "node:net";

export interface CuttingProxy {
  /** The target's URL through it. */
  readonly url: string;
  /** Connections that it has cut so far. */
  readonly cuts: () => number;
  close(): void;
}

/** To be closed. */
export async function cuttingProxy(target: string, afterMs: number): Promise<CuttingProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let cuts = 0;
  const server = createServer((client) => {
    const upstream = createConnection(Number(port), hostname);
    const cut = setTimeout(() => {
      cuts++;
      client.resetAndDestroy();
    }, afterMs);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.pipe(to);
      from
        .on("error", () => {})
        .on("close", () => {
          clearTimeout(cut);
          to.destroy();
        });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    cuts: () => cuts,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
