// One bash for the blocks of a run, as for somebody who pastes them: what a block sets is there for the next one. Its folder
// and options are set anew before each, its stdin is closed, and what hangs is ended with all that it started.
import { randomBytes } from "node:crypto";
import { OpsFailure } from "../../failure.ts";
import { endGroup } from "../../process/run.ts";
import { within } from "../../within.ts";
import { markedStream } from "./marked_stream.ts";

export interface ShellOptions {
  /** The folder that every block runs in. */
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  /** Statements before the first block: what an earlier shell had exported, passwords among it. */
  readonly before?: string;
}

export interface BlockLimits {
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
  /** Each line as it comes, of stdout and of stderr. */
  readonly onLine?: (line: string) => void;
}

export interface BlockAnswer {
  /** null: it was ended. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Why it was ended. */
  readonly ended: "late" | "aborted" | "too much" | null;
}

export interface BlockShell {
  /** False after a block that failed or was ended: bash goes with it. */
  isAlive(): boolean;
  /** Statements that export what was exported after the last block that bash outlived. */
  exports(): string;
  run(text: string, limits: BlockLimits): Promise<BlockAnswer>;
  /** Ends it, with what its blocks left running in its process group. */
  close(): Promise<void>;
}

const GRACE_MS = 1_000;

// Blocks come over descriptor 9, which no block can read: what asks for input must find none. So does what was exported
// before: everybody on the machine can read a command line. A failing block ends bash by errexit; that is how its exit code
// is told.
const DRIVER = `
readonly runbook_root=$1 runbook_mark=$2
exec 9<&0 </dev/null
IFS= read -r -d '' -u 9 runbook_block
eval "$runbook_block" 9<&-
while IFS= read -r -d '' -u 9 runbook_block; do
  cd -- "$runbook_root"
  set -euo pipefail
  eval "$runbook_block" 9<&-
  printf '\\0%s\\0' "$runbook_mark" >&2
  printf '\\0%s\\0' "$runbook_mark"
  export -p
  printf '\\0%s\\0' "$runbook_mark"
done`;

/** @throws OpsFailure when there is no bash */
export function startBlockShell({ root, env, before = "" }: ShellOptions): BlockShell {
  const mark = `${randomBytes(16).toString("hex")}`;
  const child = startBash([DRIVER, "runbook", root, mark], env, root);
  void feed(child, before);
  const [out, err] = [markedStream(child.stdout), markedStream(child.stderr)];
  let exported = before;
  let alive = true;
  const run = async (text: string, limits: BlockLimits): Promise<BlockAnswer> => {
    const limit = watchLimits(child.pid, limits);
    for (const stream of [out, err]) stream.use({ onLine: limits.onLine, tooMuch: limit.tooMuch });
    await feed(child, text);
    const marked = Promise.all([out.until(`\0${mark}\0`, 2), err.until(`\0${mark}\0`, 1)]);
    // What has left the process group may hold our pipes for as long as it likes.
    const gone = child.exited.then(() => within(marked, GRACE_MS, null));
    const parts = await Promise.race([marked, gone]);
    const [stdout, exports] = parts?.[0] ?? [out.rest()];
    const [stderr] = parts?.[1] ?? [err.rest()];
    // A block may have closed or redirected the shell's own output: its end is then all that is heard of it.
    const code = exports === undefined ? await child.exited : 0;
    limit.stop();
    for (const stream of [out, err]) stream.use(null);
    alive = exports !== undefined && limit.ended() === null;
    if (exports !== undefined) exported = exports;
    const exitCode = limit.ended() === null ? code : null;
    return { exitCode, stdout: stdout ?? "", stderr: stderr ?? "", ended: limit.ended() };
  };
  return { isAlive: () => alive, exports: () => exported, run, close: () => closeBash(child) };
}

type Bash = ReturnType<typeof startBash>;

function startBash(argv: readonly string[], env: Readonly<Record<string, string>>, cwd: string) {
  // BASH_ENV would be read first, and may do anything; so may a bashrc: to bash a pipe may look like a remote login.
  const { BASH_ENV: _, ...rest } = env;
  try {
    return Bun.spawn(["bash", "--norc", "-euo", "pipefail", "-c", ...argv], {
      cwd,
      env: rest,
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
      detached: true,
    });
  } catch (cause) {
    throw new OpsFailure("Could not start bash", { cause, hint: "command -v bash" });
  }
}

/** A bash that is gone by now tells so by its end. */
async function feed(child: Bash, text: string): Promise<void> {
  try {
    child.stdin.write(`${text}\0`);
    await child.stdin.flush();
  } catch {}
}

async function closeBash(child: Bash): Promise<void> {
  try {
    await child.stdin.end();
  } catch {}
  await within(child.exited, GRACE_MS, null);
  endGroup(child.pid, "SIGTERM");
  await within(child.exited, GRACE_MS, null);
  endGroup(child.pid);
  await within(child.exited, GRACE_MS, null);
}

/** Ends the group when its time is over, when it is not wanted any more, or when it prints without end. */
function watchLimits(pid: number, { deadlineMs, signal }: BlockLimits) {
  let ended: BlockAnswer["ended"] = null;
  let kill: ReturnType<typeof setTimeout> | undefined;
  const end = (why: NonNullable<BlockAnswer["ended"]>) => {
    if (ended !== null) return;
    ended = why;
    endGroup(pid, "SIGTERM");
    kill = setTimeout(() => endGroup(pid), GRACE_MS);
  };
  const timer = setTimeout(() => end("late"), deadlineMs);
  const onAbort = () => end("aborted");
  if (signal?.aborted) onAbort();
  signal?.addEventListener("abort", onAbort);
  return {
    ended: () => ended,
    tooMuch: () => end("too much"),
    stop: () => {
      clearTimeout(timer);
      clearTimeout(kill);
      signal?.removeEventListener("abort", onAbort);
      if (ended !== null) endGroup(pid);
    },
  };
}
