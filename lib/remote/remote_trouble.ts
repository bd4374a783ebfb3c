// What cannot be said of a script on another host, in words that lead on: that it never began, that it may still run, or
// that it ended and nobody read all of its output.
import { OpsFailure } from "../failure.ts";
import { shellQuoted } from "../shell_quoted.ts";
import type { RemoteEnd } from "../ssh/exec.ts";
import type { SshHost } from "../ssh/resolve_host.ts";

/** Nothing of it ran. */
export function neverBegan(host: SshHost, observed: string, cause?: unknown): OpsFailure {
  return new OpsFailure("Could not start the script", {
    observed,
    expected: "an account whose shell starts sh",
    where: placeOf(host),
    hint: `${host.command} ${shellQuoted("sh -c 'echo a shell'")}`,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** A script that was started. */
export interface Started {
  /** Its process over there. */
  readonly pid: number;
  /** How it ended over there; null while that is not known. */
  exited(): RemoteEnd | null;
}

/** What is known of a script that is no longer waited for: that it may still run, with the command that finds out, or how it ended. */
export function notSeenWhole(host: SshHost, { pid, exited }: Started, observed: string): OpsFailure {
  const [end, where, look] = [exited(), placeOf(host), lookFor(host, pid)];
  if (end !== null) {
    const ended = `the script itself ended there with ${wordsOf(end)}`;
    const hint = "what it did is done: look at that before it is run again";
    return new OpsFailure("Could not pass on all of the script's output", {
      observed: `${observed}; ${ended}`,
      where,
      hint,
    });
  }
  return new OpsFailure("Could not see the script end", {
    observed: `${observed}; it may still run there, as process ${pid} (${look})`,
    expected: "its exit code",
    where,
    hint: look,
  });
}

export function noSuchScript(host: SshHost, toolkit: string, script: string): OpsFailure {
  return new OpsFailure("Could not find the toolkit", {
    observed: `there is no ${toolkit}/scripts/${script} that this account may run`,
    where: placeOf(host),
    hint: `${host.command} ${shellQuoted(`ls -l ${toolkit}/scripts`)}; where it is elsewhere: --toolkit DIR`,
  });
}

export function endedBySignal(host: SshHost, signal: string): string {
  return `The script was ended by ${signal} at ${placeOf(host)}\n`;
}

/** While it is still waited for: a second Ctrl-C ends that wait at once, and nothing more is said then. */
export function waitedFor(host: SshHost, { pid, exited }: Started, signal: string): string {
  const [end, place] = [exited(), placeOf(host)];
  if (end !== null) return `Waiting for a reader: process ${pid} at ${place} ended with ${wordsOf(end)}\n`;
  return `Waiting for process ${pid} at ${place} to end after ${signal} (${lookFor(host, pid)})\n`;
}

function wordsOf({ exitCode, signal }: RemoteEnd): string {
  return exitCode === null ? signal : `exit code ${exitCode}`;
}

function lookFor(host: SshHost, pid: number): string {
  return `${host.command} ${shellQuoted(`ps -o pid,etime,args -p ${pid}`)}`;
}

function placeOf({ user, hostname, port }: SshHost): string {
  return `${user}@${hostname}:${port}`;
}
