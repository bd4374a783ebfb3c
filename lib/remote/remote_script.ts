// A script on another host, from its start to its end: what it prints is passed on as it comes, and a signal reaches it.
import { randomUUID } from "node:crypto";
import type { SshConnection } from "../ssh/connect.ts";
import { ExecFault, execOver, type RemoteCommand, type RemoteEnd } from "../ssh/exec.ts";
import { within } from "../within.ts";
import { passOn, type Sink } from "./pass_on.ts";
import { neverBegan, notSeenWhole, type Started } from "./remote_trouble.ts";
import { type MarkedOutput, markedOutput } from "./start_mark.ts";
import { GO, type ScriptToStart, startText } from "./start_text.ts";

export interface RemoteScript extends Started {
  /** When it has ended, and all that it printed is passed on. Rejects with OpsFailure when the line was cut meanwhile. */
  readonly finished: Promise<RemoteEnd>;
  /** @returns whether the signal (`SIGTERM`) reached it, or it had ended */
  kill(signal: string, deadlineMs: number): Promise<boolean>;
}

export interface StartTerms {
  readonly out: Sink;
  readonly err: Sink;
  /** For the script to begin. */
  readonly deadlineMs: number;
  /** Aborted before it begins: it does not. */
  readonly signal: AbortSignal;
}

const SHELL = "sh";
const WORDS_SHOWN = 500;

/**
 * @returns null where the toolkit has no such script over there
 * @throws OpsFailure (automation) when nothing was started; the signal's reason
 */
export async function startScriptOver(
  connection: SshConnection,
  asked: Omit<ScriptToStart, "mark">,
  terms: StartTerms,
): Promise<RemoteScript | null> {
  const { host } = connection;
  const { command, marked, passedOn } = await readyShell(connection, asked, terms);
  terms.signal.throwIfAborted();
  const pid = marked.word();
  if (pid === "missing") return null;
  if (pid === null) throw neverBegan(host, await whyNot(command, marked, terms.deadlineMs));
  command.stdin.end(GO);
  const started = { pid, exited: command.exited };
  const finished = passedOn
    .then(() => command.ended)
    .catch((fault) => {
      throw fault instanceof ExecFault ? notSeenWhole(host, started, fault.message) : fault;
    });
  // Whoever waits for it may do so later than it fails.
  finished.catch(() => {});
  // Another process may have the number of one that has ended.
  const killed: RemoteScript["kill"] = async (name, deadlineMs) =>
    started.exited() !== null || kill(connection, { pid, name, deadlineMs });
  return { ...started, finished, kill: killed };
}

/** Nothing of the script has run yet. @returns when the mark has come, or will not any more */
async function readyShell(
  connection: SshConnection,
  asked: Omit<ScriptToStart, "mark">,
  { out, err, deadlineMs, signal }: StartTerms,
) {
  const deadline = performance.now() + deadlineMs;
  const command = await execOver(connection, { line: SHELL, deadlineMs, signal }).catch((fault: unknown) => {
    throw fault instanceof ExecFault ? neverBegan(connection.host, fault.message) : fault;
  });
  const mark = `on-host-${randomUUID()}`;
  command.stdin.write(startText({ ...asked, mark }));
  const marked = markedOutput(mark);
  const { promise: begun, resolve: onBegun } = Promise.withResolvers<void>();
  const passedOn = passOn(command, { out, err, marked, onBegun });
  await unlessStopped(Promise.race([begun, passedOn]), Math.max(1, deadline - performance.now()), signal);
  return { command, marked, passedOn };
}

/** Resolves, whatever becomes of the work, at the deadline, and at the signal. */
async function unlessStopped(work: Promise<void>, deadlineMs: number, signal: AbortSignal): Promise<void> {
  const { promise: aborted, resolve } = Promise.withResolvers<void>();
  const stop = () => resolve();
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  const settled = work.catch(() => {});
  await within(Promise.race([settled, aborted]), deadlineMs, undefined);
  signal.removeEventListener("abort", stop);
}

async function whyNot(command: RemoteCommand, marked: MarkedOutput, deadlineMs: number): Promise<string> {
  const ending = command.ended.then(
    ({ exitCode, signal }) => `the account's shell ended with ${exitCode ?? signal}`,
    (fault: ExecFault) => fault.message,
  );
  const silence = `the account's shell did not begin it within ${(deadlineMs / 1000).toFixed(1)} s`;
  const words = Buffer.from(marked.before()).toString("utf8").trim().slice(-WORDS_SHOWN);
  return `${await within(ending, 0, silence)}${words === "" ? "" : `, and said: ${words}`}`;
}

/** OpenSSH passes no signal on to a session of root, and tells nobody so; kill over there works for every account. */
async function kill(
  connection: SshConnection,
  { pid, name, deadlineMs }: { readonly pid: number; readonly name: string; readonly deadlineMs: number },
): Promise<boolean> {
  // One that has ended meanwhile is as good as told.
  const input = `kill -s ${name.replace(/^SIG/, "")} ${pid} || ! kill -0 ${pid}\n`;
  const told = async () => {
    const command = await execOver(connection, { line: SHELL, deadlineMs });
    command.stdin.end(input);
    command.stdout.resume();
    command.stderr.resume();
    return (await command.ended).exitCode === 0;
  };
  const outcome = told().catch(() => false);
  return within(outcome, deadlineMs, false);
}
