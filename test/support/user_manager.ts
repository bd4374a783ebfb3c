// A systemd user manager of a test's own, with its own home, runtime folder and units: what a unit's sandbox forbids is found
// by running it, not by reading it.
import { mkdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { type RunResult, run } from "../../lib/process/run.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import { temporaryFolder } from "./git_repo.ts";
import { ownCgroup } from "./own_cgroup.ts";

const ROOT = join(import.meta.dir, "../..");
const SYSTEMD = "/lib/systemd/systemd";

export interface UserManager {
  /** The home of the account whose manager it is; the toolkit stands in `state-hub-ops` there. */
  readonly home: string;
  systemctl(...args: string[]): Promise<RunResult>;
  /** As at the machine's shutdown: its units end with it, what is enabled stays so. */
  halt(): Promise<void>;
  /** After halt(), as at the machine's start. */
  resume(): Promise<void>;
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
  const systemctl = (...args: string[]) => run(["systemctl", "--user", ...args], { env, deadlineMs: 60_000 });
  const isUp = async () => {
    const { stdout, stderr } = await systemctl("is-system-running");
    return /^(running|degraded)/.test(stdout) ? { found: true } : { seen: `${stdout}${stderr}` };
  };
  const cgroup = ownCgroup();
  const argv = [...cgroup.enter, SYSTEMD, "--user", "--unit=basic.target"];
  const start = () => Bun.spawn(argv, { env, stdio: ["ignore", "ignore", "ignore"] });
  let manager = start();
  const halt = async () => {
    manager.kill("SIGTERM");
    await manager.exited;
  };
  const up = async () => void (await waitUntil({ forWhat: "the user manager to run", deadlineMs: 20_000 }, isUp));
  const resume = () => {
    manager = start();
    return up();
  };
  const stop = async () => {
    await halt();
    cgroup.remove();
    remove();
  };
  try {
    await up();
    return { home, systemctl, halt, resume, stop };
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
