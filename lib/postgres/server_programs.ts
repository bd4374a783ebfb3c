// initdb and the single-user server, as every cluster that we make needs them: English messages, a folder that everybody
// may enter, an account that may run them. Without the look into stderr a statement that failed would count as done.
import { constants } from "node:os";
import { join } from "node:path";
import { OpsFailure } from "../failure.ts";
import { gentle } from "../process/gentle.ts";
import { type RunResult, run } from "../process/run.ts";
import type { Binaries } from "./binaries.ts";
import type { Deadline } from "./deadline.ts";
import { tellingLine } from "./server_log.ts";
import type { ServerUser } from "./server_user.ts";

export interface ServerPrograms {
  readonly binaries: Binaries;
  readonly user: ServerUser;
  readonly env: Record<string, string>;
  readonly deadline: Deadline;
  readonly signal?: AbortSignal;
  /** They give way to other programs. */
  readonly nice?: boolean;
}

interface InitialiseCluster {
  readonly data: string;
  /** Holds the superuser's password on one line; the server's account must be able to read it. */
  readonly passwordFile: string;
  readonly superuser: string;
  readonly flags: readonly string[];
  readonly couldNot: string;
}

/** initdb with passwords asked for everywhere and UTF8. @throws OpsFailure with initdb's own last line */
export async function initialiseCluster(programs: ServerPrograms, cluster: InitialiseCluster): Promise<void> {
  const flags = (locale: string) => [
    ...["--pgdata", cluster.data, "--username", cluster.superuser, "--pwfile", cluster.passwordFile],
    ...["--auth-host=scram-sha-256", "--auth-local=scram-sha-256", "--encoding=UTF8", `--locale=${locale}`],
    ...["--lc-messages=C", "--no-instructions", ...cluster.flags],
  ];
  // Both sort by code point, so every machine orders rows alike; C.UTF-8 also knows letters beyond ASCII.
  const first = await runServerProgram(programs, "initdb", flags("C.UTF-8"));
  if (first.exitCode === 0) return;
  const result = /invalid locale/.test(first.stderr) ? await runServerProgram(programs, "initdb", flags("C")) : first;
  if (result.exitCode !== 0) throw programFailure(cluster.couldNot, result);
}

/** Statements for a server that is not running; each on one line. */
interface SingleUser {
  readonly data: string;
  readonly statements: readonly string[];
  readonly couldNot: string;
}

/** @throws OpsFailure with the first complaint's line */
export async function runSingleUser(programs: ServerPrograms, single: SingleUser): Promise<void> {
  const flags = ["--single", "-D", single.data, "-c", "logging_collector=off", "template1"];
  const input = single.statements.map((statement) => `${statement}\n`).join("");
  const result = await runServerProgram(programs, "postgres", flags, input);
  // Single-user mode ends with 0 after a failed statement too.
  if (result.exitCode !== 0 || /\b(ERROR|FATAL|PANIC): /.test(result.stderr)) {
    throw programFailure(single.couldNot, result);
  }
}

function runServerProgram(
  programs: ServerPrograms,
  name: string,
  flags: readonly string[],
  stdin?: string,
): Promise<RunResult> {
  const argv = programs.user.command(
    gentle([join(programs.binaries.directory, name), ...flags], programs.nice ?? false),
  );
  // LC_ALL=C: messages that we look into come in English. The folder "/" can be entered by everybody.
  const env = { ...programs.env, LC_ALL: "C", TZ: "UTC" };
  return run(argv, {
    env,
    cwd: "/",
    deadlineMs: programs.deadline.left(),
    ...(stdin === undefined ? {} : { stdin }),
    ...(programs.signal === undefined ? {} : { signal: programs.signal }),
  });
}

const KILLED = 128 + constants.signals.SIGKILL;

function programFailure(couldNot: string, result: RunResult): OpsFailure {
  if (result.exitCode === KILLED) {
    return new OpsFailure(couldNot, { observed: "it was killed", hint: "dmesg --ctime | grep -i 'out of memory'" });
  }
  return new OpsFailure(couldNot, { observed: tellingLine(result.stderr) ?? `exit code ${result.exitCode}` });
}
