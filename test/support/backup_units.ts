// An account whose backups are made and drilled by the shipped units: a hub, keys and settings where the units look for them, a store
// that is a folder of this machine and one behind sshd, and a shell for the blocks of the runbook.
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Block, isCommand, readRunbook } from "../../lib/runbook/read_runbook.ts";
import type { RunResult } from "../../lib/process/run.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import { type AccountManager, startAccountManager } from "./backup_units_account.ts";
import { ageKey } from "./drill_process.ts";
import { freshHub, type TestHub } from "./hub.ts";
import { processesIn } from "./processes_in.ts";
import { type Sshd, startSshd } from "./sshd.ts";
import { dropInPath } from "./user_manager.ts";

export const BACKUP = "state-hub-backup.service";
export const DRILL = "state-hub-backup-drill.service";
const PAGE = readRunbook(join(import.meta.dir, "../../runbooks/backup_restore_drill.md"));

export interface BackupUnits extends Pick<AccountManager, "home" | "systemctl"> {
  readonly hub: TestHub;
  readonly sshd: Sshd;
  /** A block of the runbook as it stands. */
  paste(name: string): Promise<RunResult>;
  /** STATE_HUB_BACKUP_STORE from now on: a folder, with the drop-in that it needs, or a URL. */
  useStore(target: string): Promise<void>;
  /** A folder of the account, made. */
  folder(name: string): string;
  /** What the unit has written since it was asked last. */
  said(unit: string): string;
  /** Starts it, and waits until it has written that. */
  startUntil(unit: string, mark: string): Promise<void>;
  /** `Result` and the exit code of its last run. */
  ended(unit: string): Promise<string>;
  /** The evidence of drills, oldest first. */
  evidence(): { readonly verdict: string }[];
  /** What runs have left below STATE_HUB_HOME/drill, and processes that name the account's home. */
  leftovers(): string[];
  remove(): Promise<void>;
}

export async function makeBackupUnits(): Promise<BackupUnits> {
  const [hub, manager, sshd] = await Promise.all([freshHub(), startAccountManager(), startSshd()]);
  const { home, own, systemctl } = manager;
  const at = (...names: string[]) => join(home, ...names);
  const state = at(".local/state/state-hub");
  const remove = async () => {
    await manager.stop();
    await Promise.all([sshd.stop(), hub.close()]);
  };
  const said = (unit: string) => {
    const file = at(`said-${unit}`);
    const text = existsSync(file) ? readFileSync(file, "utf8") : "";
    rmSync(file, { force: true });
    return text;
  };
  const useStore = async (target: string) => {
    const settings = [`DATABASE_URL=${hub.url}`, `STATE_HUB_BACKUP_STORE=${target}`, "NO_COLOR=1"];
    writeFileSync(at(".config/state-hub/env"), `${settings.join("\n")}\n`, { mode: 0o600 });
    for (const unit of [BACKUP, DRILL]) writeFileSync(dropInPath(home, unit), dropIn(unit, target));
    own(at(".config"));
    await systemctl("daemon-reload");
  };
  const folder = (name: string) => {
    mkdirSync(at(name), { recursive: true });
    own(at(name));
    return at(name);
  };
  await makeSettings(home, sshd);
  folder(".");
  await useStore(folder("backups"));
  return {
    ...{ home, hub, sshd, systemctl, useStore, folder, said, remove },
    paste: (name) => manager.paste(blockNamed(name).text),
    startUntil: async (unit, mark) => {
      await systemctl("start", "--no-block", unit);
      const file = at(`said-${unit}`);
      await waitUntil({ forWhat: `${unit} to say ${mark}`, deadlineMs: 30_000 }, () => {
        const text = existsSync(file) ? readFileSync(file, "utf8") : "";
        return text.includes(mark) ? { found: true } : { seen: text };
      });
    },
    ended: async (unit) => {
      const { stdout } = await systemctl("show", "--property=Result,ExecMainStatus", "--value", unit);
      return stdout.trim().split("\n").sort().join(" ");
    },
    evidence: () => evidenceIn(join(state, "evidence")),
    leftovers: () => {
      const runs = existsSync(join(state, "drill")) ? readdirSync(join(state, "drill")) : [];
      return [...runs.filter((name) => !name.startsWith(".")), ...processesIn(state).map(String)];
    },
  };
}

/** A test's home is in /tmp, where no account's is. The first command proves that the sandbox is there at all. */
function dropIn(unit: string, store: string): string {
  const lines = [
    "[Service]",
    "PrivateTmp=no",
    `StandardOutput=append:%h/said-${unit}`,
    `ExecStartPre=/bin/sh -c '! touch %h/outside 2>&- && grep -q "^Seccomp:.*2" /proc/self/status'`,
    `ExecStartPre=/bin/sh -c 'test "$$(wc -l < /proc/self/uid_map)" = 1 && ! grep -q 4294967295 /proc/self/uid_map'`,
    ...(store.startsWith("/") ? [`ReadWritePaths=${store}`] : []),
  ];
  return `${lines.join("\n")}\n`;
}

/** As systemd/README.md has it. */
async function makeSettings(home: string, sshd: Sshd): Promise<void> {
  const settings = join(home, ".config/state-hub");
  const ssh = join(home, ".local/state/state-hub/ssh");
  for (const folder of [settings, ssh]) mkdirSync(folder, { recursive: true });
  const { recipient } = await ageKey(settings, "backup-identity");
  writeFileSync(join(settings, "backup-recipients"), `${recipient}\n`);
  // As ~/.ssh would: ssh takes the account's home, whatever HOME says.
  copyFileSync(sshd.userKey, join(ssh, "key"));
  chmodSync(join(ssh, "key"), 0o600);
  writeFileSync(join(ssh, "known_hosts"), `${sshd.hostKeyLine}\n`);
  const lines = [`IdentityFile ${ssh}/key`, "IdentitiesOnly yes", `UserKnownHostsFile ${ssh}/known_hosts`];
  writeFileSync(join(ssh, "config"), ["Host *", ...lines, ""].join("\n"));
}

function blockNamed(name: string): Block {
  const block = PAGE.blocks.filter(isCommand).find((each) => each.name === name);
  if (block === undefined) throw new Error(`there is no block named ${name}`);
  return block;
}

function evidenceIn(folder: string): { verdict: string }[] {
  const names = existsSync(folder) ? readdirSync(folder).sort() : [];
  return names.filter((name) => name.endsWith(".json")).map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")));
}
