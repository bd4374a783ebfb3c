// Runs a script as an operator does, as a process of its own, and measures it: time, peak memory, bytes read.
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import type { Report } from "../../lib/consistency/report.ts";
import type { HubUrl } from "./bench_hub.ts";

const ROOT = join(import.meta.dir, "../..");
const CHECK = join(ROOT, "scripts/consistency_check.ts");
const BUN_LAUNCHER = join(ROOT, "scripts/bun");

/** Only a hang reaches it. */
const WATCHDOG_MS = 600_000;

export interface Cost {
  /** Resident set at its highest, of the process or of a program it started, in bytes. */
  readonly peakBytes: number;
  /** What it and the programs it started read, from files, pipes and sockets; null where the system keeps no count. */
  readonly readBytes: number | null;
}

export interface ScriptRun {
  readonly ms: number;
  readonly stdout: string;
}

/** @throws Error unless the program exits with 0 */
export async function runProgram(argv: readonly string[], env: Record<string, string> = {}): Promise<ScriptRun> {
  const started = performance.now();
  const child = Bun.spawn([...argv], {
    cwd: ROOT,
    env: { ...environmentForPrograms(), NO_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const watchdog = setTimeout(() => child.kill("SIGKILL"), WATCHDOG_MS);
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  const ms = performance.now() - started;
  clearTimeout(watchdog);
  if (exitCode !== 0) throw new Error(`${argv.join(" ")}: exit ${exitCode}\n${stderr}${stdout}`);
  return { ms, stdout };
}

/** The main job as its own process. `env` is added to the usual one. */
export async function runCheck(hub: HubUrl, args: readonly string[], env: Record<string, string> = {}) {
  const { ms, stdout } = await runProgram([CHECK, "--json", ...args], { DATABASE_URL: hub, ...env });
  return { ms, report: JSON.parse(stdout) as Report };
}

/** The main job's peak memory and bytes read, taken by a small process in between (see child_cost.ts). */
export async function costOfCheck(
  hub: HubUrl,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Cost> {
  const meter = [BUN_LAUNCHER, join(import.meta.dir, "child_cost.ts"), CHECK, "--json", ...args];
  return JSON.parse((await runProgram(meter, { DATABASE_URL: hub, ...env })).stdout) as Cost;
}
