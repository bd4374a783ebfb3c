// Runs programs joined by pipes of the kernel: `pg_dump | age > file`. No output passes through our memory, each stage's
// exit code is known (one that fails in the middle is not hidden by the last), and all of them end with us.
import { type SpawnOptions, spawn } from "node:child_process";
import { statSync } from "node:fs";
import { constants } from "node:os";
import { OpsFailure } from "../failure.ts";
import { within } from "../within.ts";
import { behindGentle } from "./gentle.ts";
import { LastWords } from "./last_words.ts";
import { type Ends, pipelineScript } from "./pipeline_script.ts";
import { endGroup } from "./run.ts";
import { openSharedInput, type SharedInput } from "./shared_input.ts";
import { watchWriting } from "./watch_writing.ts";

export interface PipelineOptions extends Ends {
  /** The whole environment of the programs: `environmentForPrograms()` and additions. */
  readonly env: Record<string, string>;
  readonly cwd?: string;
  /** Ends all programs and what they started; pipeline() then throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** How long nothing may be written and nothing said; without it silence is no fault. */
  readonly stalledAfterMs?: number;
  /** What to type then. */
  readonly stallHint?: string;
  /** Lines of standard error, of all stages, as they come. */
  readonly onLine?: (line: string) => void;
  /** Bytes written so far, asked about once a second; the size of `output` unless given. */
  readonly written?: () => Promise<number>;
  readonly onBytes?: (bytes: number) => void;
  /** Bytes of `input` that were read by now, about once a second; never called where the kernel does not tell. */
  readonly onRead?: (bytes: number) => void;
}

export interface PipelineResult {
  /** One a stage: 128 + N for one that signal N ended, 127 for a program that is not there. */
  readonly exitCodes: readonly number[];
  /** The end of it, at most 64 Ki characters. It may hold what the programs were given: not for printing as it is. */
  readonly stderr: string;
}

/** How long the programs have to tidy up after they were asked to end (pg_dump cancels its statement). */
const GRACE_MS = 1_000;
/** How long after a KILL: only a process in the middle of a call to a dead disk lives on. */
const GONE_MS = 5_000;

// All that ZX_* variables could change is said here; nothing is printed.
const PLAIN = {
  ...{ prefix: "", postfix: "", preferLocal: false, nothrow: true, quiet: true, verbose: false, detached: true },
  log: () => {},
};

/**
 * @param stages one argv a program; at least one. Words are handed over as they are: no shell reads them
 * @throws OpsFailure (automation) when bash is missing or the pipeline stalls; the signal's reason. Never for an exit code
 */
export async function pipeline(
  stages: readonly (readonly string[])[],
  options: PipelineOptions,
): Promise<PipelineResult> {
  options.signal?.throwIfAborted();
  const stopped = Promise.withResolvers<never>();
  const said = new LastWords(options.onLine);
  const running = await start(stages, options, said);
  const abort = () => stopped.reject(options.signal?.reason);
  options.signal?.addEventListener("abort", abort);
  if (options.signal?.aborted) abort();
  const watch = watchWriting(written(options), {
    ...options,
    stalled: (seconds) => stopped.reject(stall(stages, seconds, options.stallHint)),
  });
  running.heard(watch.heard);
  try {
    const exitCodes = await Promise.race([running.codes, stopped.promise]);
    return { exitCodes, stderr: said.end() };
  } catch (error) {
    await running.end();
    throw error;
  } finally {
    watch.stop();
    options.signal?.removeEventListener("abort", abort);
  }
}

async function start(stages: readonly (readonly string[])[], options: PipelineOptions, said: LastWords) {
  const { input, onRead } = options;
  const shared = input === undefined || onRead === undefined ? null : openSharedInput(input, onRead);
  try {
    const { running, pid, child } = await startBash(stages, options, shared);
    child.stderr?.on("data", (chunk: Uint8Array) => said.take(chunk));
    child.once("exit", () => {
      shared?.close();
      // Bash itself may have been ended from outside (out of memory): the watcher then sees to the rest, as when we are.
      child.stdin?.destroy();
    });
    return {
      codes: codesOf(running, stages.length),
      heard: (listener: () => void) => child.stderr?.on("data", listener),
      end: () => endAll(pid, running),
    };
  } catch (error) {
    shared?.close();
    throw error;
  }
}

async function startBash(stages: readonly (readonly string[])[], options: PipelineOptions, shared: SharedInput | null) {
  const shell = bashIn(options.env);
  // Loaded here: most runs start no pipeline. The core alone: the rest of zx is ten times its size.
  const { $, quote } = await import("zx/core");
  const { pieces, words } = pipelineScript(stages, options, shared !== null);
  const running = $({
    ...PLAIN,
    quote,
    shell,
    spawn: spawnBash(shell) as typeof spawn,
    env: options.env,
    cwd: options.cwd ?? process.cwd(),
    stdio: ["pipe", "pipe", "pipe", ...(shared === null ? [] : [shared.fd])],
    store: { stdout: [], stderr: forgetting(), stdall: forgetting() },
  })(pieces, ...words);
  const { pid, child } = running;
  if (pid !== undefined && child !== undefined) return { running: Promise.resolve(running), pid, child };
  throw new OpsFailure(`Could not start ${shell}`, { cause: (await running).cause, hint: `${shell} --version` });
}

// Bash runs ~/.bashrc when its input is a socket, as ours is, or when it finds itself below sshd (--norc), and what
// BASH_ENV names, and takes functions out of the environment (-p).
function spawnBash(shell: string) {
  return (text: string, _words: readonly string[], options: SpawnOptions) =>
    spawn(shell, ["--norc", "-p", "-c", text], { ...options, shell: false });
}

/** @returns when nobody holds the pipes any more, that is, when all are gone */
async function endAll(pid: number, gone: Promise<unknown>): Promise<void> {
  endGroup(pid, "SIGTERM");
  if ((await within(gone, GRACE_MS, "still there")) !== "still there") return;
  endGroup(pid);
  await within(gone, GONE_MS, null);
}

function bashIn(env: Record<string, string>): string {
  const found = Bun.which("bash", { PATH: `${env.PATH ?? ""}:/usr/bin:/bin:/usr/local/bin:/opt/homebrew/bin` });
  if (found !== null) return found;
  throw new OpsFailure("Could not find bash, which joins programs by pipes", { hint: "apt-get install bash" });
}

function written(options: PipelineOptions): () => Promise<number> {
  const { output } = options;
  if (options.written !== undefined) return options.written;
  return async () => (output === undefined ? 0 : (statSync(output, { throwIfNoEntry: false })?.size ?? 0));
}

function stall(stages: readonly (readonly string[])[], seconds: number, hint?: string): OpsFailure {
  return new OpsFailure(`Could not finish ${stages.map(programOf).join(" | ")}`, {
    observed: `nothing was written and nothing said for ${seconds} s`,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** The program that a stage runs: `pg_dump` of `nice -n 19 /usr/lib/.../pg_dump --verbose`. */
export function programOf(stage: readonly string[]): string {
  return behindGentle(stage)?.split("/").at(-1) ?? "";
}

/** Where bash could tell one code only (no such input) or none (it was killed), that holds for all of them. */
async function codesOf(running: PromiseLike<Ended>, stages: number): Promise<number[]> {
  const { stdout, exitCode, signal } = await running;
  const codes = stdout.trim().split(" ").filter(Boolean).map(Number);
  if (codes.length === stages) return codes;
  const ofBash = signal === null ? exitCode : 128 + constants.signals[signal];
  return Array.from({ length: stages }, () => codes[0] ?? (ofBash || 1));
}

interface Ended {
  readonly stdout: string;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

function forgetting(): string[] {
  return Object.assign([], { push: () => 0 });
}
