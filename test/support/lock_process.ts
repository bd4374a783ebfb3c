// A sweep reduced to what it holds, as a process of its own that a test can kill, freeze or cut off.
import { environmentForPrograms } from "../../lib/config.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import { whenTestsEnd } from "../stop_what_tests_started.ts";

const PROGRAM = `${import.meta.dir}/hold_lock.ts`;

/**
 * `busy`: the connection of its lock is in the middle of a statement. `writing`: it has the lease, and a transaction under
 * it that does not end. `idle`: neither.
 */
export type Doing = "idle" | "busy" | "writing";

export interface LockProcess {
  readonly pid: number;
  /** Its exit code, when all that it said has been heard. */
  readonly exited: Promise<number>;
  /** Lines of its output so far: `held`, `lost REASON` if it comes to that, `closed` then or after SIGTERM. */
  readonly said: readonly string[];
  kill(signal: NodeJS.Signals): void;
}

/** Resolves when it holds what it shall hold. @param through words before a command that start it elsewhere */
export async function startLockProcess(
  url: string,
  { lock, doing, through = [] }: { lock: string; doing: Doing; through?: readonly string[] },
): Promise<LockProcess> {
  const child = Bun.spawn([...through, process.execPath, PROGRAM, url, lock, doing], {
    env: environmentForPrograms(),
    stdio: ["ignore", "pipe", "inherit"],
  });
  // Also one that a failed test left frozen: SIGKILL needs nobody's help.
  const end = () => child.kill("SIGKILL");
  whenTestsEnd(end, end);
  const said: string[] = [];
  const heard = keepLines(child.stdout, said);
  await waitUntil({ forWhat: "a process that holds a lock", deadlineMs: 20_000 }, () => {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${said.join("; ")}`);
    return said.includes("held") ? { found: true } : { seen: said.join("; ") };
  });
  return { pid: child.pid, exited: heard.then(() => child.exited), said, kill: (signal) => child.kill(signal) };
}

async function keepLines(stream: ReadableStream<Uint8Array>, lines: string[]): Promise<void> {
  let rest = "";
  for await (const bytes of stream) {
    const parts = (rest + new TextDecoder().decode(bytes)).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts);
  }
}
