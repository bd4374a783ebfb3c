// How git is started: so that nothing which a repository configures can run, prompt or reach the network. A repo that
// somebody else can write to is input, not a colleague.
import { environmentForPrograms } from "../config.ts";
import { type RunResult, run } from "../process/run.ts";

const DEADLINE_MS = 30_000;

/** Who commits for the hub, and whom the reflog of a ref names that it moved; never a person, never from a config. */
export const OWN_IDENTITY = { name: "State Hub sync", email: "state-hub-sync@localhost" } as const;

/** As git's environment takes it. Without it git looks itself up in passwd and asks the name service for this host. */
export const IDENTITY_ENVIRONMENT = {
  GIT_AUTHOR_NAME: OWN_IDENTITY.name,
  GIT_AUTHOR_EMAIL: OWN_IDENTITY.email,
  GIT_COMMITTER_NAME: OWN_IDENTITY.name,
  GIT_COMMITTER_EMAIL: OWN_IDENTITY.email,
} as const;

/**
 * argv for a question that is answered from the object store alone. `--git-dir` names the repository, so that git
 * neither searches for one nor minds who owns it; no hook, pager, fsmonitor or lazy fetch can start.
 */
export function gitArgv(gitDir: string, ...args: string[]): string[] {
  return [
    "git",
    `--git-dir=${gitDir}`,
    "--no-pager",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "core.fsmonitor=false",
    ...args,
  ];
}

/** Inherited GIT_* is gone; no transport may be used (a partial clone would fetch what is missing), no prompt asked. */
export function gitEnvironment(): Record<string, string> {
  return {
    ...environmentForPrograms(),
    ...IDENTITY_ENVIRONMENT,
    GIT_ALLOW_PROTOCOL: "none",
    GIT_NO_LAZY_FETCH: "1",
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_TERMINAL_PROMPT: "0",
    LC_ALL: "C",
  };
}

/** One short question to git. The exit code is the caller's to judge. */
export function askGit(gitDir: string, ...args: string[]): Promise<RunResult> {
  return run(gitArgv(gitDir, ...args), { env: gitEnvironment(), deadlineMs: DEADLINE_MS });
}

/** askGit() for a command that reads its task from stdin. */
export function feedGit(gitDir: string, stdin: Uint8Array, ...args: string[]): Promise<RunResult> {
  return run(gitArgv(gitDir, ...args), { env: gitEnvironment(), deadlineMs: DEADLINE_MS, stdin });
}
