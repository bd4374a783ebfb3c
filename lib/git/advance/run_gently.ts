// Starts a git that writes into somebody's checkout. A git that is killed leaves its index.lock behind, and every git of
// the checkout's owner then refuses to work; one that is asked to end takes its lock away first.
import { OpsFailure } from "../../failure.ts";
import { endGroup } from "../../process/run.ts";

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
/** How long after its end its pipe may stay open, and how long after being killed it may take to end. */
const LAST_MS = 1_000;
/** Bytes of stderr that are kept. More is read and dropped: to end a git for its words would leave its lock behind. */
const MAX_STDERR_BYTES = 1024 * 1024;

/**
 * Its output is small: what it prints on stdout is dropped. A program that does not end when asked is killed.
 * @throws OpsFailure when it does not even end then
 */
export async function runGently({ argv, cwd, env, deadlineMs }: GentleRun): Promise<GentleResult> {
  const child = Bun.spawn([...argv], { cwd, env, stdin: "ignore", stdout: "ignore", stderr: "pipe", detached: true });
  const heard = listen(child.stderr);
  const { promise: givenUp, reject: giveUp } = Promise.withResolvers<never>();
  let late = false;
  const at = (ms: number, act: () => void) => setTimeout(act, ms);
  const timers = [
    at(deadlineMs, () => {
      late = true;
      askGroup(child.pid);
    }),
    at(deadlineMs + GRACE_MS, () => endGroup(child.pid)),
    at(deadlineMs + GRACE_MS + LAST_MS, () => giveUp(cannotEnd(argv, cwd))),
  ];
  try {
    const exitCode = await Promise.race([child.exited, givenUp]);
    // What has left the group may hold our pipe open for as long as it likes.
    timers.push(at(LAST_MS, heard.stop));
    await heard.ended;
    return { exitCode, stderr: heard.text(), late };
  } finally {
    for (const timer of timers) clearTimeout(timer);
    heard.stop();
  }
}

function cannotEnd(argv: readonly string[], where: string): OpsFailure {
  return new OpsFailure(`Could not end ${argv[0]}`, { observed: "still running after it was killed", where });
}

function listen(stream: ReadableStream<Uint8Array>) {
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let room = MAX_STDERR_BYTES;
  const drain = async () => {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      if (room > 0) chunks.push(value.subarray(0, room));
      room -= value.length;
    }
  };
  const ended = drain();
  ended.catch(() => {});
  return {
    ended,
    stop: () => void reader.cancel().catch(() => {}),
    text: () => Buffer.concat(chunks).toString("utf8"),
  };
}

function askGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGTERM");
  } catch {
    // Already gone: that is what was wanted.
  }
}
