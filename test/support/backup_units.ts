// An account whose backups are made and drilled by the shipped units: a hub, keys and settings, a store that is a folder of this machine
// and one behind sshd, and a reader for the blocks of the runbook.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AccountManager, startAccountManager } from "./backup_units_account.ts";
import { dropInOfTests, letIn, STATE, writeKeys, writeSettings } from "./backup_units_settings.ts";
import { programsOf } from "./drill_faults_programs.ts";
import { freshHub, type TestHub } from "./hub.ts";
import { pageNamed } from "./runbook_reader.ts";
import { startSshd } from "./sshd.ts";
import { dropInPath } from "./user_manager.ts";

export const BACKUP = "state-hub-backup.service";
export const DRILL = "state-hub-backup-drill.service";
const PAGE = pageNamed("backup_restore_drill");

/** A run of a unit that is over. */
export interface Fired {
  /** systemd's word for it: `success`, `exit-code`, `timeout`. */
  readonly result: string;
  readonly code: number;
  /** What it wrote. */
  readonly said: string;
}

export interface BackupUnits extends Pick<AccountManager, "home" | "systemctl"> {
  readonly hub: TestHub;
  /** STATE_HUB_HOME, as it is unless given. */
  readonly state: string;
  /** A folder of the account's own, which the units were let into. */
  readonly folder: string;
  /** What `sftp` leads to: a folder that is not there yet. */
  readonly remote: string;
  /** Its URL, behind sshd. */
  readonly sftp: string;
  /** Blocks of the runbook, by runbook.ts run: all of them must pass. */
  follow(...names: string[]): Promise<void>;
  /** What both units are told from now on. */
  tell(store: string, more?: Record<string, string>): void;
  /** Started by a block of the runbook, which must pass. */
  fire(name: string, unit: string): Promise<Fired>;
  /** Started by systemctl: it may fail. */
  start(unit: string): Promise<Fired>;
  lastRun(unit: string): Promise<Fired>;
  /** Reports of drills, oldest first. */
  evidence(): { readonly verdict: string }[];
  /** What runs have left in the workspace, and programs. */
  leftovers(): string[];
  remove(): Promise<void>;
}

export async function makeBackupUnits(): Promise<BackupUnits> {
  const [hub, manager, sshd] = await Promise.all([freshHub(), startAccountManager(), startSshd()]);
  const { home } = manager;
  const [folder, remote, state] = [join(home, "disk/backups"), join(home, "remote"), join(home, STATE)];
  const remove = async () => {
    await manager.stop();
    await Promise.all([sshd.stop(), hub.close()]);
  };
  try {
    await writeKeys(home, sshd);
    await install(manager, folder);
    return {
      ...{ hub, home, state, folder, remote, remove, ...typedBy(manager) },
      sftp: sshd.urlOf(remote).replace(/^ssh:/, "sftp:"),
      tell: (store, more = {}) =>
        writeSettings(manager, { DATABASE_URL: hub.url, STATE_HUB_BACKUP_STORE: store, ...more }),
      evidence: () => evidenceIn(join(state, "evidence/backup_restore_drill")),
      leftovers: () => [
        ...namesIn(join(state, "drill")).filter((name) => !name.startsWith(".")),
        ...programsOf(state).map(({ words }) => words.join(" ")),
      ],
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function install(manager: AccountManager, folder: string): Promise<void> {
  for (const unit of [BACKUP, DRILL]) writeFileSync(dropInPath(manager.home, unit), dropInOfTests(unit));
  manager.own(manager.home);
  const { exitCode, stderr } = await manager.paste(letIn(folder));
  if (exitCode !== 0) throw new Error(stderr);
  await manager.reader.runs(PAGE, ["link-units"]);
}

function typedBy(manager: AccountManager): Pick<BackupUnits, "systemctl" | "follow" | "fire" | "start" | "lastRun"> {
  const { home, reader, systemctl } = manager;
  const follow = (...names: string[]) => reader.runs(PAGE, names);
  const firedBy = async (unit: string, command: () => Promise<unknown>) => {
    rmSync(logOf(home, unit), { force: true });
    await command();
    return lastRun(manager, unit);
  };
  return {
    ...{ systemctl, follow },
    fire: (name, unit) => firedBy(unit, () => follow(name)),
    start: (unit) => firedBy(unit, () => systemctl("start", unit)),
    lastRun: (unit) => lastRun(manager, unit),
  };
}

/** None where it is not there. */
export function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

const logOf = (home: string, unit: string) => join(home, `said-${unit}`);

async function lastRun({ home, systemctl }: AccountManager, unit: string): Promise<Fired> {
  const { stdout } = await systemctl("show", "--property=Result,ExecMainStatus", unit);
  const said = existsSync(logOf(home, unit)) ? readFileSync(logOf(home, unit), "utf8") : "";
  const shown = (property: string) => new RegExp(`^${property}=(.*)$`, "m").exec(stdout)?.[1] ?? "";
  return { result: shown("Result"), code: Number(shown("ExecMainStatus")), said };
}

function evidenceIn(folder: string): { verdict: string }[] {
  const files = namesIn(folder).filter((name) => name.endsWith(".json"));
  return files.map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")));
}
