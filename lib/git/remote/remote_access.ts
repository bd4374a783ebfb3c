// How git reaches remotes in an unattended run: it asks nobody for a password, waits for nobody, and takes no program
// from a repository. One prompt would hang a fleet; one `core.sshCommand` would run whatever a repo's author wrote.

import { createHash, randomUUID } from "node:crypto";
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../config.ts";
import { makePrivateFolder } from "../../private_folder.ts";
import { IDENTITY_ENVIRONMENT } from "../invocation.ts";
import { accessConfig } from "./access_config.ts";

/** How one run reaches remotes: an environment for git that asks nobody anything and takes nothing from a repository. */
export interface RemoteAccess {
  readonly env: Readonly<Record<string, string>>;
  /**
   * The same for pushes, without trust in anybody's repository: on this machine a push runs the other side's hooks as our
   * user, and those of another account are not ours to run. git then refuses ("dubious ownership").
   */
  readonly pushEnv: Readonly<Record<string, string>>;
}

export interface RemoteAccessOptions {
  /** STATE_HUB_HOME. `ssh/config` below it, when it is there, is all that ssh reads (a pod's deploy key). */
  readonly home: string;
  /** Repositories on this machine that may belong to another user, and are read all the same (git-config(1), safe.directory). */
  readonly safePaths: readonly string[];
  /** What programs are given; ours unless a test says otherwise. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** No prompt at three levels (git, its credential helpers, ssh); no transport but three; no replaced objects. */
const FIXED = {
  GIT_ALLOW_PROTOCOL: "file:ssh:https",
  GIT_TERMINAL_PROMPT: "0",
  // Empty, not absent: git then asks neither core.askPass nor SSH_ASKPASS.
  GIT_ASKPASS: "",
  SSH_ASKPASS: "",
  SSH_ASKPASS_REQUIRE: "never",
  GCM_INTERACTIVE: "never",
  GIT_NO_LAZY_FETCH: "1",
  GIT_NO_REPLACE_OBJECTS: "1",
  GIT_OPTIONAL_LOCKS: "0",
  GIT_SSH_VARIANT: "ssh",
  LC_ALL: "C",
  // The post-commit hook of a checkout on this machine returns at once when it sees this.
  STATE_HUB_SYNC: "1",
  ...IDENTITY_ENVIRONMENT,
} as const;

// ssh_config(5); the first value wins, so that these stand before any config file. StrictHostKeyChecking=yes: an unknown
// host fails like a wrong one, since nobody is there to compare fingerprints. No master that outlives us and holds stderr.
const SSH_OPTIONS = [
  "BatchMode=yes",
  "StrictHostKeyChecking=yes",
  "ConnectTimeout=10",
  "ServerAliveInterval=5",
  "ServerAliveCountMax=3",
  "ForwardAgent=no",
  "ForwardX11=no",
  "ClearAllForwardings=yes",
  "PermitLocalCommand=no",
  "ControlMaster=no",
];
const UNUSED_AFTER_MS = 24 * 60 * 60 * 1000;

/**
 * Makes it once a run. The generated git config is named by its content: two runs that know other repositories
 * (`--repo` beside `--all`) don't take each other's away.
 */
export function remoteAccess({
  home,
  safePaths,
  environment = environmentForPrograms(),
}: RemoteAccessOptions): RemoteAccess {
  const configFor = (paths: readonly string[]) => keepFile(join(home, "git"), accessConfig(environment, paths));
  const common = { ...environment, ...FIXED, GIT_SSH_COMMAND: sshCommand(home) };
  return {
    env: { ...common, GIT_CONFIG_GLOBAL: configFor(safePaths) },
    pushEnv: { ...common, GIT_CONFIG_GLOBAL: configFor([]) },
  };
}

function sshCommand(home: string): string {
  const config = join(home, "ssh/config");
  // Not `$'...'`: git gives the command to sh, which need not know it.
  const own = existsSync(config) ? ["-F", `'${config.replaceAll("'", "'\\''")}'`] : [];
  return ["ssh", ...own, ...SSH_OPTIONS.flatMap((option) => ["-o", option])].join(" ");
}

/** Mode 600 in a folder of mode 700: safe.directory is a statement of trust that nobody else may edit. */
function keepFile(folder: string, text: string): string {
  const path = join(folder, `config-${createHash("sha256").update(text).digest("hex").slice(0, 12)}`);
  makePrivateFolder(folder);
  chmodSync(folder, 0o700);
  if (existsSync(path) && readFileSync(path, "utf8") === text) {
    utimesSync(path, new Date(), new Date());
    return path;
  }
  const temporary = join(folder, `.config-${randomUUID()}`);
  writeFileSync(temporary, text, { mode: 0o600 });
  renameSync(temporary, path);
  forgetUnused(folder, path);
  return path;
}

function forgetUnused(folder: string, current: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (!/^\.?config-/.test(name) || path === current) continue;
    const touched = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (touched < Date.now() - UNUSED_AFTER_MS) rmSync(path, { force: true });
  }
}
