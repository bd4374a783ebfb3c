// One run of a script: parse, help or run, print, exit code. The only place that catches, prints and picks the code.
// process.exit() is not used where a result is written: into a pipe it would cut the document at 64 KiB.
import { describeFailure, OpsFailure } from "../failure.ts";
import type { Io, Outcome, Script } from "./define_script.ts";
import { type Failed, failedFrom, failureDocument, failureLine, failureText } from "./failure_text.ts";
import { type JsonLines, openJsonLines } from "./json_lines.ts";
import { NO_PAINT, paintFor } from "./paint.ts";
import { flagsGiven, type ParsedArguments, parseArguments } from "./parse_arguments.ts";
import { printableBlock } from "./printable.ts";
import { logLine, openProgress, type Progress } from "./progress.ts";
import { SCHEMA_VERSION } from "./schema_version.ts";
import { listenForSignals, type Signals, type Stop } from "./signals.ts";
import { openTerminal, type Terminal } from "./streams.ts";

/** How long a process that has said everything may still have something to close; one that has not ends at once. */
const LINGER_MS = 5_000;

/** What printing needs to know, from before the arguments are understood until the process ends. */
interface Session {
  readonly terminal: Terminal;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly debug: boolean;
  /** Set once stdout has its document or its text: a later failure may not add a second one. */
  answered: boolean;
  /** Set once stderr has said how the run failed: one that is then ended by force says it once. */
  failed: boolean;
}

export async function runScript(script: Script, argv: readonly string[]): Promise<void> {
  const given = flagsGiven(script, argv);
  const [json, quiet, debug] = ["--json", "--quiet", "--debug"].map((flag) => given.includes(flag));
  const session: Session = {
    terminal: openTerminal(),
    json: json === true,
    quiet: quiet === true,
    debug: debug === true,
    answered: false,
    failed: false,
  };
  try {
    process.exitCode = await answer(script, argv, session);
  } catch (error) {
    process.exitCode = await printFailure(failedFrom(error), session);
  }
  await Promise.all([session.terminal.out.drained(), session.terminal.err.drained()]);
  // A socket whose other end has vanished would hold the process for a quarter of an hour, and a timer's next start with it.
  setTimeout(() => process.exit(), LINGER_MS).unref();
}

async function answer(script: Script, argv: readonly string[], session: Session): Promise<number> {
  const parsed = parseArguments(script, argv);
  if (parsed.wants === "run") return runCommand(script, parsed, session);
  const { helpDocument, helpText, versionOf } = await import("./help.ts");
  const paint = await paintFor(session.terminal.out.colour);
  if (parsed.wants === "help") {
    await print(session, helpDocument(script, parsed.command), () => helpText(script, parsed.command, paint));
  } else {
    const version = await versionOf();
    await print(session, { name: script.name, version }, () => `${script.name} ${version}`);
  }
  return 0;
}

async function runCommand(script: Script, parsed: ParsedArguments, session: Session): Promise<number> {
  const command = script.commands.find(({ name }) => name === parsed.command);
  if (!command) throw new Error(`${script.name} parsed a command that it does not have: ${parsed.command}`);
  const progress = openProgress(session.terminal, session);
  const lines = openJsonLines(session.terminal.err);
  const ending: Ending = { session, progress, lines };
  const signals = listenForSignals((stop, why) =>
    session.failed ? process.exit(stop.exitCode) : endNow(stoppedFrom(stop, why), ending),
  );
  endOnBugs(ending, signals);
  const io: Io = {
    signal: signals.signal,
    progress: progress.progress,
    note: progress.note,
    log: lines.log,
    show: (record, text) => show(session, record, text),
    pass: (to, bytes) => pass(session, to, bytes),
    json: session.json,
    quiet: session.quiet,
    debug: session.debug,
  };
  try {
    const outcome = await command.run(parsed.args, io);
    progress.stop();
    await printOutcome(outcome, session);
    return signals.stop()?.exitCode ?? outcome.exitCodeOfAnother ?? outcome.exitCode;
  } catch (error) {
    progress.stop();
    const stop = signals.stop();
    const reason = error === signals.signal.reason || isAbort(error) ? undefined : error;
    return await printFailure(stop ? stoppedFrom(stop, undefined, reason) : failedFrom(error), session);
  } finally {
    await lines.flush();
    signals.ended();
  }
}

async function printOutcome(outcome: Outcome, session: Session): Promise<void> {
  const { terminal, quiet } = session;
  if (session.answered || outcome.exitCodeOfAnother !== undefined) return;
  for (const reason of outcome.degraded ?? []) {
    await terminal.err.write(logLine(terminal, "warning", `Degraded: ${reason}`));
  }
  if (session.json) return print(session, outcome.document, () => "");
  const { viewFor } = await import("./view.ts");
  const view = await viewFor(terminal.out);
  const rendered = outcome.render(view).trimEnd();
  const next = outcome.next === undefined || quiet ? [] : [`Next: ${view.paint.command(outcome.next)}`];
  await print(session, {}, () => [...(rendered === "" ? [] : [rendered]), ...next].join("\n"));
}

/** Not waited for: a reader who is slower than what comes is served from memory. */
function show(session: Session, record: Readonly<Record<string, unknown>>, text: string): boolean {
  const { out } = session.terminal;
  session.answered = true;
  void out
    .write(session.json ? `${JSON.stringify(record)}\n` : `${printableBlock(text, out.colour)}\n`)
    .catch(() => {});
  return !out.isGone();
}

function pass(session: Session, to: "out" | "err", bytes: Uint8Array): Promise<void> {
  if (to === "out" && bytes.length > 0) session.answered = true;
  return session.terminal[to].write(bytes);
}

/** Made whole before a byte of it is written: what cannot be rendered leaves stdout to the failure. */
async function print(session: Session, document: Readonly<Record<string, unknown>>, text: () => string): Promise<void> {
  const { out } = session.terminal;
  const whole = session.json ? jsonText(document) : printableBlock(text(), out.colour);
  session.answered = true;
  if (whole !== "") await out.write(`${whole}\n`);
}

/** A bigint is written as a number where a reader gets the same number back, else as a string. */
export function jsonText(document: Readonly<Record<string, unknown>>): string {
  const { schema_version: _ours, ...rest } = document;
  const plain = (_key: string, value: unknown) =>
    typeof value !== "bigint" ? value : Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  return JSON.stringify({ schema_version: SCHEMA_VERSION, ...rest }, plain, 2);
}

async function printFailure(failed: Failed, session: Session): Promise<number> {
  const { terminal } = session;
  const paint = await paintFor(terminal.err.colour);
  await terminal.err.write(failureForStderr(failed, session, paint)).catch(() => undefined);
  session.failed = true;
  if (session.json && !session.answered) {
    await print(session, failureDocument(failed), () => "").catch(() => undefined);
  }
  return failed.exitCode;
}

function failureForStderr(failed: Failed, { terminal, debug }: Session, paint = NO_PAINT): string {
  if (terminal.config.logFormat === "text") return failureText(failed, paint, debug);
  const stack = debug ? { stack: failed.error.stack } : {};
  return logLine(terminal, "error", failureLine(failed), { ...failureDocument(failed), ...stack });
}

/** What a process that ends has to bring to an end. */
interface Ending {
  readonly session: Session;
  readonly progress: Progress;
  readonly lines: JsonLines;
}

/** The last words of a process that cannot wait: no promise is awaited any more. */
function endNow(failed: Failed, { session, progress, lines }: Ending): never {
  progress.stop();
  // What a service did just before is what its bug is looked for with.
  session.terminal.err.writeNow(lines.unwritten());
  session.terminal.err.writeNow(failureForStderr(failed, session));
  if (session.json && !session.answered) session.terminal.out.writeNow(`${jsonText(failureDocument(failed))}\n`);
  process.exit(failed.exitCode);
}

/** An error that nobody awaited is a bug as well, and the run it belonged to cannot be believed any more. */
function endOnBugs(ending: Ending, signals: Signals): void {
  const end = (error: unknown) => {
    const stop = signals.stop();
    endNow(stop ? stoppedFrom(stop, undefined, error) : failedFrom(error), ending);
  };
  process.on("uncaughtException", end);
  process.on("unhandledRejection", end);
}

function stoppedFrom({ name, exitCode }: Stop, why?: string, error?: unknown): Failed {
  const observed = why ?? (error === undefined ? undefined : describeFailure(failedFrom(error).error));
  const detail = { ...(observed === undefined ? {} : { observed }), ...(error === undefined ? {} : { cause: error }) };
  return { kind: "interrupted", exitCode, error: new OpsFailure(`Stopped by ${name}`, detail) };
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
