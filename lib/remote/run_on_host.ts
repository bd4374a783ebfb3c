// Runs one of the toolkit's scripts on another machine, as if it stood here: its output byte for byte, its exit code, and a
// Ctrl-C that reaches it. What is not known of it in the end is said, with how to look.
import { constants } from "node:os";
import type { OpsFailure } from "../failure.ts";
import { connectSsh, type SshConnection } from "../ssh/connect.ts";
import type { RemoteEnd } from "../ssh/exec.ts";
import { resolveHost, type SshHost } from "../ssh/resolve_host.ts";
import { within } from "../within.ts";
import type { HostName } from "./host_name.ts";
import type { Sink } from "./pass_on.ts";
import { type RemoteScript, startScriptOver } from "./remote_script.ts";
import { endedBySignal, noSuchScript, notSeenWhole, waitedFor } from "./remote_trouble.ts";

export interface OnHostRequest {
  readonly host: HostName;
  /** The toolkit's folder over there; `~/` is the account's home. */
  readonly toolkit: string;
  /** The file below scripts/. */
  readonly script: string;
  readonly words: readonly string[];
  /** From the start until the script begins over there. */
  readonly timeoutMs: number;
}

export interface OnHostTerms {
  /** `environmentForPrograms()`. */
  readonly env: Readonly<Record<string, string>>;
  readonly stateHubHome: string;
  /** The reason's message names the signal that came: "Stopped by SIGINT". */
  readonly signal: AbortSignal;
  readonly out: Sink;
  readonly err: Sink;
}

/** What shells say for a command that is not there. */
const MISSING = 127;
/** Together well inside of the 10 s that a run has which is told to stop. */
const TELL_MS = 2_000;
const STOP_MS = 6_000;
/** A script that has not ended by then is named: whoever hurries us now has to know of it. */
const NAME_AFTER_MS = 1_500;

export interface OnHostEnd {
  /** The script's: 128 + n for a signal; 127 where there is none. */
  readonly exitCode: number;
  /** Where there is none: what is missing. */
  readonly missing: OpsFailure | null;
}

/**
 * @throws OpsFailure (automation) when the host cannot be reached or trusted, starts no script, or the line is cut; the signal's
 * reason
 */
export async function runOnHost(request: OnHostRequest, terms: OnHostTerms): Promise<OnHostEnd> {
  const { env, stateHubHome, signal, out, err } = terms;
  const deadline = performance.now() + request.timeoutMs;
  const left = () => Math.max(1, deadline - performance.now());
  const host = await resolveHost({ ...request.host, env, stateHubHome, signal });
  const connection = await connectUnlessStopped({ host, env, deadlineMs: left() }, signal);
  try {
    const script = await startScriptOver(connection, request, { out, err, deadlineMs: left(), signal });
    if (script === null) return { exitCode: MISSING, missing: noSuchScript(host, request.toolkit, request.script) };
    const end = await attended(script, host, { signal, err });
    return { exitCode: await exitCodeOf(end, host, err), missing: null };
  } finally {
    connection.close();
  }
}

/** Once it stands, the connection outlives the signal: it is the way that the script is told by. */
async function connectUnlessStopped(
  options: { readonly host: SshHost; readonly env: Readonly<Record<string, string>>; readonly deadlineMs: number },
  signal: AbortSignal,
): Promise<SshConnection> {
  signal.throwIfAborted();
  const opening = new AbortController();
  const stop = () => opening.abort(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await connectSsh({ ...options, signal: opening.signal });
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** Until it has ended, or was told to and has not. */
async function attended(
  script: RemoteScript,
  host: SshHost,
  { signal, err }: Pick<OnHostTerms, "signal" | "err">,
): Promise<RemoteEnd> {
  const { promise: goesOn, reject } = Promise.withResolvers<never>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = () => {
    const name = nameOf(signal);
    timer = setTimeout(() => void err(Buffer.from(waitedFor(host, script, name))).catch(() => {}), NAME_AFTER_MS);
    void toldToStop(script, host, name).then(reject, reject);
  };
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([script.finished, goesOn]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

function nameOf({ reason }: AbortSignal): string {
  return /\bSIG[A-Z]+\b/.exec(String((reason as Error | undefined)?.message))?.[0] ?? "SIGTERM";
}

/** @returns what to say of a script that goes on, or whose output is not read */
async function toldToStop(script: RemoteScript, host: SshHost, name: string): Promise<OpsFailure> {
  if (!(await script.kill(name, TELL_MS))) return notSeenWhole(host, script, `${name} did not reach it`);
  await within(script.finished, STOP_MS, null);
  const what = script.exited() === null ? "it has not ended" : "nobody has read the rest";
  return notSeenWhole(host, script, `${what} within ${STOP_MS / 1000} s of ${name}`);
}

async function exitCodeOf({ exitCode, signal }: RemoteEnd, host: SshHost, err: Sink): Promise<number> {
  if (exitCode !== null) return exitCode;
  await err(Buffer.from(endedBySignal(host, signal)));
  return 128 + (constants.signals[signal as NodeJS.Signals] ?? 0);
}
