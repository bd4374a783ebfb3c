// Starts a git that writes into somebody's checkout. A git that is killed leaves its index.lock behind, and every git of
// the checkout's owner then refuses to work; one that is asked to end takes its lock away first.
import { endGroup } from "../process/run.ts";

export interface GentleRun {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Record<string, string>;
  readonly deadlineMs: number;
}

export interface GentleResult {
  readonly exitCode: number;
  readonly stderr: string;
  /** It was asked to end because its time was over. */
  readonly late: boolean;
}

const GRACE_MS = 10_000;

/** Its output is small: what it prints on stdout is dropped. A program that does not end when asked is killed. */
export async function runGently({ argv, cwd, env, deadlineMs }: GentleRun): Promise<GentleResult> {
  const child = Bun.spawn([...argv], { cwd, env, stdin: "ignore", stdout: "ignore", stderr: "pipe", detached: true });
  let late = false;
  const ask = setTimeout(() => {
    late = true;
    askGroup(child.pid);
  }, deadlineMs);
  const insist = setTimeout(() => endGroup(child.pid), deadlineMs + GRACE_MS);
  try {
    const [stderr, exitCode] = await Promise.all([new Response(child.stderr).text(), child.exited]);
    return { exitCode, stderr, late };
  } finally {
    clearTimeout(ask);
    clearTimeout(insist);
  }
}

function askGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGTERM");
  } catch {
    // Already gone: that is what was wanted.
  }
}
