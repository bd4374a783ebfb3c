// A systemd user manager of an ordinary account, also where the tests are root's: a unit that PostgreSQL's server has to live in
// cannot be tried as root, who has no second account inside of PrivateUsers=.

import { serverUser } from "../../lib/postgres/server_user.ts";
import { type RunResult, run } from "../../lib/process/run.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import { ownCgroup } from "./own_cgroup.ts";
import { type RunbookReader, runbookReader } from "./runbook_reader.ts";
import { accountEnvironment, makeAccount } from "./user_manager.ts";

const SYSTEMD = "/lib/systemd/systemd";

export interface AccountManager {
  /** The home of the account; the toolkit stands in `state-hub-ops` there. */
  readonly home: string;
  /** At the account's terminal. */
  readonly reader: RunbookReader;
  /** One command alone, as the account: `bash -euo pipefail` in the toolkit's folder, stdin closed. */
  paste(block: string): Promise<RunResult>;
  systemctl(...args: string[]): Promise<RunResult>;
  /** Gives a file or folder, and all in it, to the account. */
  own(path: string): void;
  stop(): Promise<void>;
}

export async function startAccountManager(): Promise<AccountManager> {
  const { home, remove } = makeAccount();
  const user = serverUser(null);
  const own = (path: string) => void Bun.spawnSync(["chown", "-hR", `${user.uid}:${user.gid}`, path]);
  own(home);
  const env = { ...accountEnvironment(home), USER: user.name, LOGNAME: user.name };
  const asAccount = (argv: readonly string[]) => run(user.command(argv), { env, cwd: home, deadlineMs: 60_000 });
  const systemctl = (...args: string[]) => asAccount(["systemctl", "--user", ...args]);
  const reader = runbookReader({ env, through: user.command([]) });
  const paste = (block: string) => asAccount(["bash", "-euo", "pipefail", "-c", `cd ~/state-hub-ops; ${block}`]);
  const cgroup = ownCgroup();
  const argv = [...cgroup.enter, ...givenTo(user), ...user.command([SYSTEMD, "--user", "--unit=basic.target"])];
  const manager = Bun.spawn(argv, { env, cwd: home, stdio: ["ignore", "ignore", "ignore"] });
  const stop = async () => {
    manager.kill("SIGTERM");
    await manager.exited;
    cgroup.remove();
    remove();
  };
  try {
    await waitUntil({ forWhat: "the user manager to run", deadlineMs: 20_000 }, () => isUp(systemctl));
    return { home, reader, paste, systemctl, own, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function isUp(systemctl: AccountManager["systemctl"]) {
  const { stdout, stderr } = await systemctl("is-system-running");
  return /^(running|degraded)/.test(stdout) ? { found: true } : { seen: `${stdout}${stderr}` };
}

/** Words before a command: the control group that it is started in becomes the account's, who makes one for each unit. */
function givenTo({ uid, gid, switched }: { uid: number; gid: number; switched: boolean }): string[] {
  if (!switched) return [];
  const group = "$(sed -n 's|.*/\\(state-hub-test-[^/]*\\)$|\\1|p' /proc/self/cgroup | head -n 1)";
  const give = `find /sys/fs/cgroup -maxdepth 2 -name "${group}" -exec chown -R ${uid}:${gid} {} +`;
  return ["/bin/sh", "-c", `${give}; exec "$@"`, "sh"];
}
