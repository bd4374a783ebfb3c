// What breaks a tunnel is brought about on these parts: a target or an ssh host of the test's own, a key that is let in for less.
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { dirname, join } from "node:path";
import type { ServedHub } from "./served_hub.ts";
import type { Sshd } from "./sshd.ts";
import { type TunnelWords, tunnelWords } from "./tunnel_scene.ts";

export interface FaultScene {
  readonly folder: string;
  readonly sshd: Sshd;
  /** One that knows the account `locked-tunnel`. */
  readonly lockedSshd: Sshd;
  readonly hub: ServedHub;
}

/** The tunnels that are broken then, and what makes all well again. */
export interface Broken {
  readonly tunnels: readonly TunnelWords[];
  readonly mend?: () => void;
}

export const hubPort = ({ hub }: FaultScene) => Number(new URL(hub.at).port);

export function broken(scene: FaultScene, more: TunnelWords, mend?: () => void): Broken {
  const tunnels = [tunnelWords(scene.sshd, { port: hubPort(scene) }, more)];
  return mend === undefined ? { tunnels } : { tunnels, mend };
}

/** A server of the test's own as the target, or as the ssh host. */
export async function behind(onSocket: (socket: Socket) => void): Promise<{ port: number; close: () => void }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => {}));
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { port: (server.address() as { port: number }).port, close };
}

export async function target(scene: FaultScene, onSocket: (socket: Socket) => void): Promise<Broken> {
  const { port, close } = await behind(onSocket);
  return broken(scene, { target: { port } }, close);
}

/** With this line before the key that is let in. */
export function letInWith(scene: FaultScene, options: string, more: TunnelWords = {}): Broken {
  const key = (text: string) => writeFileSync(join(dirname(scene.sshd.userKey), "authorized_keys"), text);
  const line = readFileSync(`${scene.sshd.userKey}.pub`, "utf8");
  key(`${options} ${line}`);
  return broken(scene, more, () => key(line));
}

/** An answer without end. */
export function talkOn(socket: Socket): void {
  socket.write("HTTP/1.1 200 OK\r\n\r\n");
  const timer = setInterval(() => socket.write("x".repeat(16_384)), 5);
  socket.once("close", () => clearInterval(timer));
}
