// Watches a tunnel for many rounds in a process of its own, and prints its memory and its open files on the way. Several watches
// go on at once, each round after round: an interval has to be longer than a round may take.
import { heapStats } from "bun:jsc";
import { readdirSync } from "node:fs";
import { environmentForPrograms } from "../../lib/config.ts";
import { readTunnels } from "../../lib/tunnel/read_tunnels.ts";
import type { HealthReport } from "../../lib/tunnel/report.ts";
import { watchCommand } from "../../lib/tunnel/watch_command.ts";

export interface WatchJob {
  /** The list of tunnels. */
  readonly config: string;
  readonly home: string;
  readonly watches: number;
  /** Of all watches together. */
  readonly rounds: number;
  readonly intervalMs: number;
  /** Memory is read each time that so many rounds are done. */
  readonly readEvery: number;
}

export interface Reading {
  readonly resident: number;
  /** That live after a collection. */
  readonly objects: number;
  /** Open files, sockets among them. */
  readonly files: number;
}

export interface WatchResult {
  readonly read: readonly Reading[];
  /** Rounds that did not find it healthy. */
  readonly unhealthy: number;
}

async function watchMuch({ config, home, watches, rounds, intervalMs, readEvery }: WatchJob): Promise<WatchResult> {
  const read: Reading[] = [];
  let [done, unhealthy] = [0, 0];
  const show = (report: object) => {
    if ((report as HealthReport).verdict !== "healthy") unhealthy++;
    if (++done % readEvery === 0) read.push(readMemory());
    return true;
  };
  const { SSH_AUTH_SOCK: _, ...env } = environmentForPrograms();
  const watch = async (at: number) => {
    const own = `${home}/${at}`;
    await watchCommand(readTunnels({ path: config, home: own }), {
      path: { env, home: own, slowMs: 60_000, holdSeconds: null, quietMs: 30_000 },
      timeoutMs: 30_000,
      signal: new AbortController().signal,
      memory: { home: own, host: "bench", tell: async () => true, note: () => {} },
      intervalMs,
      rounds: rounds / watches,
      io: { json: true, quiet: false, show },
    });
  };
  await Promise.all(Array.from({ length: watches }, (_, at) => watch(at)));
  return { read, unhealthy };
}

function readMemory(): Reading {
  const resident = process.memoryUsage.rss();
  Bun.gc(true);
  return { resident, objects: heapStats().objectCount, files: readdirSync("/proc/self/fd").length };
}

if (import.meta.main) {
  process.stdout.write(JSON.stringify(await watchMuch(JSON.parse(process.argv[2] ?? "") as WatchJob)));
  process.exit(0);
}
