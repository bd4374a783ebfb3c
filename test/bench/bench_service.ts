// A server as a process of its own for the rows of the service: started, asked where it answers, measured from outside,
// stopped. Its log goes into a file, as a service's does; to read it here would cost the processor that is measured.
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import { processorMsOf } from "./processor_time.ts";

const ROOT = join(import.meta.dir, "../..");
const BUN_LAUNCHER = join(ROOT, "scripts/bun");
const STATE_HUB = join(ROOT, "scripts/state_hub.ts");

/** Only a server that does not start, or does not end, reaches it. */
const WATCHDOG_MS = 30_000;

/** Must be stopped. */
export interface BenchService {
  /** http://127.0.0.1:PORT */
  readonly url: string;
  /** Memory of its process now, in bytes. */
  resident(): number;
  /** Processor time that it has used, its own and the system's for it, in milliseconds. */
  processorMs(): number;
  /** Resolves when it has logged a line that fits. */
  logged(what: RegExp): Promise<void>;
  stop(): Promise<void>;
}

/** `state_hub.ts serve` on a free port. @param log a file that does not exist yet */
export function startHub(log: string, env: Record<string, string>): Promise<BenchService> {
  return startService([STATE_HUB, "serve", "--port", "0"], log, env);
}

/** A program of the benchmark's own that logs as the hub does. */
export function startProgram(file: string, args: readonly string[], log: string): Promise<BenchService> {
  return startService([BUN_LAUNCHER, join(import.meta.dir, file), ...args], log, {});
}

/** @throws OpsFailure with its log when it does not say where it listens */
async function startService(argv: readonly string[], log: string, env: Record<string, string>): Promise<BenchService> {
  const file = openSync(log, "wx");
  const child = Bun.spawn([...argv], {
    cwd: ROOT,
    env: { ...environmentForPrograms(), NO_COLOR: "1", ...env },
    stdio: ["ignore", "ignore", file],
  });
  closeSync(file);
  const end = () => child.kill("SIGKILL");
  process.once("exit", end);
  const logged = (what: RegExp) =>
    waitUntil({ forWhat: `${argv.join(" ")} to log ${what}`, deadlineMs: WATCHDOG_MS }, () => {
      const seen = readFileSync(log, "utf8");
      const found = what.exec(seen);
      if (found === null && child.exitCode !== null) throw new Error(`${argv.join(" ")} ended: ${seen}`);
      return found === null ? { seen: seen.slice(-2_000) } : { found };
    });
  const [, url = ""] = await logged(/"event":"listening","url":"([^"]+)"/);
  return {
    url,
    resident: () => residentOf(child.pid),
    processorMs: () => processorMsOf(child.pid),
    logged: async (what) => void (await logged(what)),
    stop: async () => {
      child.kill("SIGTERM");
      const watchdog = setTimeout(end, WATCHDOG_MS);
      await child.exited;
      clearTimeout(watchdog);
      process.off("exit", end);
    },
  };
}

/** proc(5), /proc/pid/status. @throws Error on a system without it */
function residentOf(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kilobytes) * 1024;
}
