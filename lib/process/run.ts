// Starts a program and waits for it: an own process group, a deadline, closed stdin and a cap on what it may print,
// so that a hung or chatty child can neither stall a run nor fill the memory. Not a shell: argv is a list.
import { OpsFailure } from "../failure.ts";
import { scrubText } from "../secret.ts";

export interface RunOptions {
  readonly cwd?: string;
  /** The whole environment of the child: pass `environmentForPrograms()` and additions. */
  readonly env: Record<string, string>;
  readonly deadlineMs: number;
  /** Ends the program when it is aborted; run() then throws the signal's reason. */
  readonly signal?: AbortSignal;
  readonly stdin?: string | Uint8Array;
  /** Bytes of stdout and of stderr that are kept; more ends the program. */
  readonly maxOutputBytes?: number;
}

export interface RunResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How long a program has to tidy up after it was asked to end (git takes its locks away), and then its pipes to close. */
const GRACE_MS = 1_000;

/**
 * @returns exit code and output, whatever the exit code is
 * @throws OpsFailure (automation) when the program is missing, outlives its deadline or prints too much; the signal's
 * reason when it was aborted
 */
export async function run(argv: readonly string[], options: RunOptions): Promise<RunResult> {
  const program = argv[0] ?? "";
  const max = options.maxOutputBytes ?? 16 * 1024 * 1024;
  options.signal?.throwIfAborted();
  const child = start(argv, options);
  const end = () => endGroup(child.pid);
  let late = false;
  const { promise: givenUp, reject: giveUp } = Promise.withResolvers<never>();
  // What it said by then: what it says while it is being ended is about that alone.
  const said: Uint8Array[] = [];
  let saidInTime = "";
  const lateFailure = () =>
    new OpsFailure(`Could not finish ${program}`, {
      observed: `still running after ${options.deadlineMs / 1000} s${saidInTime ? `, last said: ${saidInTime}` : ""}`,
    });
  const steps = [
    () => {
      late = true;
      saidInTime = lastLine(Buffer.concat(said).toString("utf8"));
      endGroup(child.pid, "SIGTERM");
    },
    end,
    // What has left the group may hold our pipes open for as long as it likes.
    () => giveUp(lateFailure()),
  ];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const next = (afterMs: number) => {
    timer = setTimeout(() => {
      steps.shift()?.();
      if (steps.length > 0) next(GRACE_MS);
    }, afterMs);
  };
  next(options.deadlineMs);
  const stop = () => {
    end();
    clearTimeout(timer);
    steps.splice(0, steps.length, () => giveUp(options.signal?.reason));
    next(GRACE_MS);
  };
  options.signal?.addEventListener("abort", stop);
  const finished = Promise.all([
    readCapped(child.stdout, [], max, child.pid, program),
    readCapped(child.stderr, said, max, child.pid, program),
    child.exited,
  ]);
  finished.catch(() => {});
  try {
    const [stdout, stderr, exitCode] = await Promise.race([finished, givenUp]);
    options.signal?.throwIfAborted();
    if (late) throw lateFailure();
    return { exitCode, stdout, stderr };
  } finally {
    clearTimeout(timer);
    steps.length = 0;
    options.signal?.removeEventListener("abort", stop);
  }
}

/** Ends a program and all that it started: the group, not the process alone. */
export function endGroup(pid: number, signal: NodeJS.Signals = "SIGKILL"): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // Already gone: that is what was wanted.
  }
}

export function lastLine(text: string): string {
  return scrubText(text.trimEnd().split("\n").at(-1) ?? "");
}

function start(argv: readonly string[], options: RunOptions) {
  try {
    return Bun.spawn([...argv], {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: options.env,
      stdin: options.stdin === undefined ? "ignore" : new Blob([options.stdin as string]),
      stdout: "pipe",
      stderr: "pipe",
      detached: true,
    });
  } catch (cause) {
    throw new OpsFailure(`Could not start ${argv[0]}`, { cause, hint: `command -v ${argv[0]}` });
  }
}

async function readCapped(
  stream: ReadableStream<Uint8Array>,
  chunks: Uint8Array[],
  max: number,
  pid: number,
  program: string,
) {
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > max) {
      endGroup(pid);
      throw new OpsFailure(`Could not take the output of ${program}`, { observed: `more than ${max} bytes` });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
