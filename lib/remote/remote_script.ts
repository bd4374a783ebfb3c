// A script on another host, from its start to its end: what it prints is passed on as it comes, and a signal reaches it.
import { randomUUID } from "node:crypto";
import type { SshConnection } from "../ssh/connect.ts";
import { ExecFault, execOver, type RemoteCommand, type RemoteEnd } from "../ssh/exec.ts";
import { within } from "../within.ts";
import { passOn, type Sink } from "./pass_on.ts";
import { mayStillRun, neverBegan } from "./remote_trouble.ts";
import { type MarkedOutput, markedOutput } from "./start_mark.ts";
import { type ScriptToStart, startText } from "./start_text.ts";

export interface RemoteScript {
  /** Its process over there. */
  readonly pid: number;
  /** When it has ended, and all that it printed is passed on. Rejects with OpsFailure when the line was cut meanwhile. */
  readonly finished: Promise<RemoteEnd>;
  /** @returns whether the signal (`SIGTERM`) reached it, or it had ended */
  kill(signal: string, deadlineMs: number): Promise<boolean>;
}

export interface StartTerms {
  readonly out: Sink;
  readonly err: Sink;
  /** For the host to take the command, and again for the script to begin. */
  readonly deadlineMs: number;
  /** Shortens the wait for the script to begin. */
  readonly signal: AbortSignal;
}

const SHELL = "sh";
/** A script that is about to begin when we are told to stop is waited for, so that it can be told, too. */
const ABOUT_TO_MS = 2_000;
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
  const { command, marked, passedOn } = await begin(connection, asked, terms);
  const pid = marked.word();
  if (pid === "missing") return null;
  if (pid === null) {
    terms.signal.throwIfAborted();
    throw neverBegan(host, await whyNot(command, marked, terms.deadlineMs));
  }
  const finished = passedOn
    .then(() => command.ended)
    .catch((fault) => {
      throw fault instanceof ExecFault ? mayStillRun(host, pid, fault.message) : fault;
    });
  // Whoever waits for it may do so later than it fails.
  finished.catch(() => {});
  return { pid, finished, kill: (name, deadlineMs) => kill(connection, { pid, name, deadlineMs }) };
}

/** @returns when the mark has come, or will not any more */
async function begin(
  connection: SshConnection,
  asked: Omit<ScriptToStart, "mark">,
  { out, err, deadlineMs, signal }: StartTerms,
) {
  const mark = `on-host-${randomUUID()}`;
  const input = startText({ ...asked, mark });
  const command = await execOver(connection, { line: SHELL, input, deadlineMs }).catch((fault: ExecFault) => {
    throw neverBegan(connection.host, fault.message);
  });
  const marked = markedOutput(mark);
  const { promise: begun, resolve: onBegun } = Promise.withResolvers<void>();
  const passedOn = passOn(command, { out, err, marked, onBegun });
  await patiently(Promise.race([begun, passedOn]), deadlineMs, signal);
  return { command, marked, passedOn };
}

/** Resolves, whatever becomes of the work, at the deadline; soon after the signal. */
async function patiently(work: Promise<void>, deadlineMs: number, signal: AbortSignal): Promise<void> {
  const { promise: aborted, resolve } = Promise.withResolvers<void>();
  const hurry = () => resolve();
  if (signal.aborted) hurry();
  signal.addEventListener("abort", hurry, { once: true });
  const settled = work.catch(() => {});
  await within(Promise.race([settled, aborted]), deadlineMs, undefined);
  if (signal.aborted) await within(settled, ABOUT_TO_MS, undefined);
  signal.removeEventListener("abort", hurry);
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
    const command = await execOver(connection, { line: SHELL, input, deadlineMs });
    command.stdout.resume();
    command.stderr.resume();
    return (await command.ended).exitCode === 0;
  };
  const outcome = told().catch(() => false);
  return within(outcome, deadlineMs, false);
}
