// A systemd user manager of a test's own, with its own home, runtime folder and units: what a unit's sandbox forbids is found
// by running it, not by reading it.
import { mkdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { type RunResult, run } from "../../lib/process/run.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import { temporaryFolder } from "./git_repo.ts";

const ROOT = join(import.meta.dir, "../..");
const SYSTEMD = "/lib/systemd/systemd";

export interface UserManager {
  /** The home of the account whose manager it is; the toolkit stands in `state-hub-ops` there. */
  readonly home: string;
  systemctl(...args: string[]): Promise<RunResult>;
  stop(): Promise<void>;
}

/** What systemd's own programs need to know of the account. */
export function accountEnvironment(home: string): Record<string, string> {
  return { ...environmentForPrograms(), HOME: home, XDG_RUNTIME_DIR: join(home, "run"), SYSTEMD_PAGER: "" };
}

/** An account's home as the units expect it. */
export function makeAccount(): { readonly home: string; remove(): void } {
  const folder = temporaryFolder();
  mkdirSync(join(folder.path, "run"), { mode: 0o700 });
  symlinkSync(ROOT, join(folder.path, "state-hub-ops"));
  // sd_booted(3): systemd's programs talk to no manager where this is missing, as in a container.
  mkdirSync("/run/systemd/system", { recursive: true });
  return { home: folder.path, remove: folder.remove };
}

export async function startUserManager(): Promise<UserManager> {
  const { home, remove } = makeAccount();
  const env = accountEnvironment(home);
  const manager = Bun.spawn([SYSTEMD, "--user", "--unit=basic.target"], { env, stdio: ["ignore", "ignore", "ignore"] });
  const systemctl = (...args: string[]) => run(["systemctl", "--user", ...args], { env, deadlineMs: 60_000 });
  const stop = async () => {
    // Its units end with it.
    manager.kill("SIGTERM");
    await manager.exited;
    remove();
  };
  try {
    await waitUntil({ forWhat: "the user manager to run", deadlineMs: 20_000 }, async () => {
      const { stdout, stderr } = await systemctl("is-system-running");
      return /^(running|degraded)/.test(stdout) ? { found: true } : { seen: `${stdout}${stderr}` };
    });
    return { home, systemctl, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A drop-in for a unit, before it is loaded. */
export function dropInPath(home: string, unit: string): string {
  const path = join(home, ".config/systemd/user", `${unit}.d`, "test.conf");
  mkdirSync(dirname(path), { recursive: true });
  return path;
}
