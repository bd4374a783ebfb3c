// The table of scripts over SSH: one row for each script, with a command that looks and changes nothing, and the ways in which
// an operator's line differs from a terminal on the desk. Every row is run in every way, through a real sshd.
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { shellQuoted } from "../../lib/shell_quoted.ts";

export interface ScriptRow {
  /** Below scripts/, with its arguments. */
  readonly command: string;
  readonly exit: number;
  /** Stands in what it prints, whichever way it is started. */
  readonly shows: RegExp;
}

export interface Way {
  readonly name: string;
  /** sshd gives it a terminal; one that has no size where our side has none. */
  readonly terminal: boolean;
  /** The remote line for a script's; both are read by the account's shell. */
  readonly line: (script: string) => string;
}

/** @param readOnlyHome a folder that nobody can write to, in `line`'s own mount namespace */
export function waysOf(readOnlyHome: string): Way[] {
  const plain = (name: string, line: Way["line"]): Way => ({ name, terminal: false, line });
  const onTerminal = (name: string, line: Way["line"]): Way => ({ name, terminal: true, line });
  const readOnly = `mount -t tmpfs -o ro tmpfs ${shellQuoted(readOnlyHome)}`;
  const moved = `HOME=${shellQuoted(readOnlyHome)} STATE_HUB_HOME=${shellQuoted(join(readOnlyHome, "state"))}`;
  return [
    plain("without a terminal", (script) => script),
    onTerminal("on a terminal of 0 columns", (script) => `stty cols 0 rows 0; ${script}`),
    onTerminal("with TERM=dumb", (script) => `TERM=dumb ${script}`),
    onTerminal("with NO_COLOR", (script) => `NO_COLOR=1 ${script}`),
    plain("in a C locale", (script) => `env -u LANG LC_ALL=C ${script}`),
    plain("with its stdin closed", (script) => `${script} <&-`),
    plain(READ_ONLY_HOME, (script) => `unshare --mount sh -c ${shellQuoted(`${readOnly} && ${moved} ${script}`)}`),
  ];
}

export const READ_ONLY_HOME = "with a read-only home";

export interface SshAccess {
  /** The client's configuration file. */
  readonly config: string;
  readonly port: number;
  readonly address: string;
}

export interface RemoteRun {
  /** null: it was still running at the deadline. */
  readonly exitCode: number | null;
  readonly out: string;
  readonly err: string;
}

/** What an operator types: `ssh HOST LINE`, or `ssh -tt HOST LINE` for a terminal; our own side has none, and ssh says nothing of its own. */
export function sshArgv({ config, port, address }: SshAccess, { terminal, line }: { terminal: boolean; line: string }) {
  return [
    "ssh",
    "-F",
    config,
    "-p",
    String(port),
    "-o",
    "BatchMode=yes",
    "-o",
    "LogLevel=ERROR",
    terminal ? "-tt" : "-T",
    address,
    line,
  ];
}

export async function overSsh(
  access: SshAccess,
  asked: { terminal: boolean; line: string },
  deadlineMs: number,
): Promise<RemoteRun> {
  const child = Bun.spawn(sshArgv(access, asked), {
    env: { ...environmentForPrograms(), TERM: "xterm-256color" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let late = false;
  const watchdog = setTimeout(() => {
    late = true;
    child.kill("SIGKILL");
  }, deadlineMs);
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  const exitCode = await child.exited;
  clearTimeout(watchdog);
  return { exitCode: late ? null : exitCode, out, err };
}
