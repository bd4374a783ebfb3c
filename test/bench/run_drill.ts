// Runs backup_restore_drill.ts as an operator does, as a process of its own, and measures it: time, stages, and the peak memory
// of that process alone, without the programs that it starts.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import type { Stage } from "../../lib/drill/evidence/report.ts";
import type { HubUrl } from "./bench_hub.ts";

const SCRIPT = join(import.meta.dir, "../../scripts/backup_restore_drill.ts");

/** Only a hang reaches it. */
const WATCHDOG_MS = 1_800_000;
/** The peak only grows: the last look before the end misses what happens in this time. */
const LOOK_EVERY_MS = 20;

export interface DrillCost {
  readonly ms: number;
  /** Resident set of the script's own process at its highest, in bytes. NaN where /proc is missing. */
  readonly peakBytes: number;
  readonly stages: readonly Stage[];
}

export interface DrillRun {
  readonly url: HubUrl;
  /** STATE_HUB_HOME: its workspace and evidence lie below. */
  readonly home: string;
  readonly args: readonly string[];
}

/** @throws Error unless it exits with 0, which for a drill is: all is equal */
export async function runDrill({ url, home, args }: DrillRun): Promise<DrillCost> {
  const started = performance.now();
  const child = Bun.spawn([SCRIPT, ...args, "--json"], {
    env: { ...environmentForPrograms(), NO_COLOR: "1", STATE_HUB_HOME: home, DATABASE_URL: url },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const watchdog = setTimeout(() => child.kill("SIGTERM"), WATCHDOG_MS);
  let peakBytes = Number.NaN;
  const looking = setInterval(() => {
    peakBytes = peakOf(child.pid) ?? peakBytes;
  }, LOOK_EVERY_MS);
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  const ms = performance.now() - started;
  clearTimeout(watchdog);
  clearInterval(looking);
  if (exitCode !== 0)
    throw new Error(`backup_restore_drill.ts ${args.join(" ")}: exit ${exitCode}\n${stderr}${stdout}`);
  const { stages } = JSON.parse(stdout) as { readonly stages: readonly Stage[] };
  return { ms, peakBytes, stages };
}

/** "Dumping 4.1 s, Fingerprinting 3.9 s": where the time of a run went, for a remark. */
export function stagesLine(stages: readonly Stage[]): string {
  const long = stages.filter(({ ms }) => ms >= 100);
  return long.map(({ name, ms }) => `${name} ${(ms / 1_000).toFixed(1)} s`).join(", ");
}

/** proc(5), /proc/pid/status: VmHWM, since the process became this program. */
function peakOf(pid: number): number | null {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) * 1_024;
  } catch {
    return null;
  }
}
