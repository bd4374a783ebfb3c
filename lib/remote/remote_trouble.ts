// What cannot be said of a script on another host, in words that lead on: that it never began, or that it may still run.
import { OpsFailure } from "../failure.ts";
import { shellQuoted } from "../shell_quoted.ts";
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

/** With the command that finds out, also where the hint is not printed. */
export function mayStillRun(host: SshHost, pid: number, observed: string): OpsFailure {
  const look = lookFor(host, pid);
  return new OpsFailure("Could not see the script end", {
    observed: `${observed}; it may still run there, as process ${pid} (${look})`,
    expected: "its exit code",
    where: placeOf(host),
    hint: look,
  });
}

/** For people, on stderr: the exit code is told as it is. */
export function noSuchScript(host: SshHost, toolkit: string, script: string): string {
  return [
    `Could not find the toolkit: there is no ${toolkit}/scripts/${script} that this account may run`,
    `  at ${placeOf(host)}`,
    `Try: ${host.command} ${shellQuoted(`ls -l ${toolkit}/scripts`)}; where it is elsewhere: --toolkit DIR`,
    "",
  ].join("\n");
}

export function endedBySignal(host: SshHost, signal: string): string {
  return `The script was ended by ${signal} at ${placeOf(host)}\n`;
}

/** While it is still waited for: a second Ctrl-C ends that wait at once, and nothing more is said then. */
export function waitedFor(host: SshHost, pid: number, signal: string): string {
  return `Waiting for process ${pid} at ${placeOf(host)} to end after ${signal} (${lookFor(host, pid)})\n`;
}

function lookFor(host: SshHost, pid: number): string {
  return `${host.command} ${shellQuoted(`ps -o pid,etime,args -p ${pid}`)}`;
}

function placeOf({ user, hostname, port }: SshHost): string {
  return `${user}@${hostname}:${port}`;
}
