// A network between a client and a server that a test can break: it passes bytes on until it is told to swallow them,
// as a cut cable or a frozen server does. Nothing is closed, nothing is refused: only silence.
import { createConnection, createServer, type Socket } from "node:net";

export interface Relay {
  /** The same URL through the relay. */
  readonly url: string;
  /** From now on nothing arrives anywhere. */
  swallow(): void;
  close(): void;
}

export async function relayTo(target: string): Promise<Relay> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let swallowing = false;
  const pass = (from: Socket, to: Socket) => {
    sockets.add(from);
    from.on("data", (bytes) => {
      if (!swallowing) to.write(bytes);
    });
    from.on("close", () => {
      if (!swallowing) to.destroy();
    });
    from.on("error", () => {});
  };
  const server = createServer((client) => {
    const upstream = createConnection(Number(port), hostname);
    pass(client, upstream);
    pass(upstream, client);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = new URL(target);
  url.port = String((server.address() as { port: number }).port);
  return {
    url: url.href,
    swallow: () => {
      swallowing = true;
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
