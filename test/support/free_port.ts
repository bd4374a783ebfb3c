// A port for a server that cannot be told to pick one itself (sshd refuses port 0).
import { createServer } from "node:net";

/** Free when asked; the server that takes it must say so itself when somebody else was quicker. */
export async function freePort(address: string): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once("error", reject).listen(0, address, resolve);
  });
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
