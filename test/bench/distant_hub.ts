// A hub on another host, for the rows of the tunnels: a real hub, a real sshd in a network namespace, and between them and this
// process a line that can be long.
import { createConnection, createServer } from "node:net";
import { join as joinPath } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { join } from "../../lib/ssh/forward_listener.ts";
import type { Path, PathTerms } from "../../lib/tunnel/path.ts";
import { readTunnels } from "../../lib/tunnel/read_tunnels.ts";
import type { Tunnel } from "../../lib/tunnel/tunnel.ts";
import { type OtherHost, otherHost } from "../support/other_host.ts";
import type { Sshd } from "../support/sshd.ts";
import { termsFor, tunnelWords, writeTunnels } from "../support/tunnel_scene.ts";
import type { Bench } from "./bench.ts";
import { startHub } from "./bench_service.ts";
import { processorMsOfChildren } from "./processor_time.ts";

/** Whatever a bench measures is no slow answer. */
const NEVER_SLOW_MS = 60_000;

/** Must be stopped. */
export interface DistantHub {
  /** The list of so many tunnels to it, one like the other. */
  listOf(count: number): string;
  tunnels(count: number): Tunnel[];
  /** Of every check of them. */
  readonly terms: PathTerms;
  /** Added to every round trip from now on. */
  delay(roundTripMs: number): Promise<void>;
  /** Processor time of the sshd's connections that have ended, in milliseconds. */
  sshdProcessorMs(): number;
  stop(): Promise<void>;
}

export async function distantHub({ folder, hub }: Pick<Bench, "folder" | "hub">, name: string): Promise<DistantHub> {
  const home = joinPath(folder, name);
  const service = await startHub(joinPath(folder, `${name}.log`), { DATABASE_URL: await hub.fresh() });
  const host = await otherHost();
  const sshd = await host.startSshd();
  const target = await farPort(host, Number(new URL(service.url).port), joinPath(folder, `${name}.socket`));
  const listener = await listenerThere(host, sshd);
  const listOf = (count: number) => {
    const words = Array.from({ length: count }, (_, at) => tunnelWords(sshd, target, { name: `hub${at}` }));
    return writeTunnels(joinPath(home, `${count}`), words);
  };
  return {
    listOf,
    tunnels: (count) => readTunnels({ path: listOf(count), home }),
    terms: termsFor(home, { slowMs: NEVER_SLOW_MS }),
    delay: host.delay,
    sshdProcessorMs: () => processorMsOfChildren(listener),
    stop: async () => {
      await target.close();
      await host.remove();
      await service.stop();
    },
  };
}

/** @returns where the host itself finds a server of this machine */
async function farPort(host: OtherHost, port: number, socket: string) {
  const server = createServer((client) => join(client, createConnection({ host: "127.0.0.1", port, noDelay: true })));
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  const program = joinPath(import.meta.dir, "far_port.ts");
  const child = Bun.spawn([...host.through, process.execPath, program, socket], {
    env: environmentForPrograms(),
    stdio: ["pipe", "pipe", "inherit"],
  });
  const { value } = await child.stdout.getReader().read();
  const close = async () => {
    await child.stdin.end();
    await child.exited;
    server.close();
  };
  return { host: "127.0.0.1", port: Number(new TextDecoder().decode(value)), close };
}

/** @returns the process that listens for the sshd */
async function listenerThere(host: OtherHost, { port }: Sshd): Promise<number> {
  const { stdout } = await host.run(["ss", "-ltnpH", `sport = :${port}`]);
  const pid = /pid=(\d+)/.exec(stdout)?.[1];
  if (pid === undefined) throw new Error(`No sshd is seen to listen: ${stdout}`);
  return Number(pid);
}

/** The only one of the paths; it throws where there is none. */
export function entryOf([path]: readonly Path[]): number {
  const port = path?.entry?.port;
  if (port === undefined) throw new Error("The tunnel is not open");
  return port;
}
