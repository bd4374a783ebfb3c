// What the backup's units read, where they look for it, as systemd/README.md has it; and the drop-ins of a test.
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { AccountManager } from "./backup_units_account.ts";
import { ageKey } from "./drill_process.ts";
import type { Sshd } from "./sshd.ts";

/** STATE_HUB_HOME below the account's home. */
export const STATE = ".local/state/state-hub";
const README = readFileSync(join(import.meta.dir, "../../systemd/README.md"), "utf8");
const FOLDER_OF_README = "/mnt/backups/state-hub";

/** The commands that let the units into a store that is a folder. */
export function letIn(folder: string): string {
  const [, block = ""] = /^### A store that is a folder$.*?^```sh\n(.*?)^```$/ms.exec(README) ?? [];
  if (!block.includes(FOLDER_OF_README)) throw new Error(`systemd/README.md has no commands with ${FOLDER_OF_README}`);
  return block.replaceAll(FOLDER_OF_README, folder);
}

/** Keys of age and ssh, and the store's host key. */
export async function writeKeys(home: string, sshd: Sshd): Promise<void> {
  const [settings, ssh] = [join(home, ".config/state-hub"), join(home, STATE, "ssh")];
  for (const folder of [settings, ssh]) mkdirSync(folder, { recursive: true });
  const { recipient } = await ageKey(settings, "backup-identity");
  writeFileSync(join(settings, "backup-recipients"), `${recipient}\n`);
  copyFileSync(sshd.userKey, join(ssh, "key"));
  chmodSync(join(ssh, "key"), 0o600);
  writeFileSync(join(ssh, "known_hosts"), `${sshd.hostKeyLine}\n`);
  // As ~/.ssh/config would: ssh takes the account's home, whatever HOME says.
  const lines = [`IdentityFile ${ssh}/key`, "IdentitiesOnly yes", `UserKnownHostsFile ${ssh}/known_hosts`];
  writeFileSync(join(ssh, "config"), ["Host *", ...lines, ""].join("\n"));
}

/** ~/.config/state-hub/env */
export function writeSettings({ home, own }: AccountManager, settings: Record<string, string>): void {
  const file = join(home, ".config/state-hub/env");
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(file, lines.join(""), { mode: 0o600 });
  own(file);
}

/**
 * A test's home is in /tmp, where no account's is, and there may be no journal. Before each run it is proven that the sandbox is
 * there at all: where systemd can make none it goes on without.
 */
export function dropInOfTests(unit: string): string {
  const fenced = `! touch %h/outside 2>&- && touch %h/${STATE}/inside`;
  const filtered = 'grep -q "^Seccomp:.*2" /proc/self/status && grep -q "^NoNewPrivs:.*1" /proc/self/status';
  const alone = 'test "$$(wc -l < /proc/self/uid_map)" = 1 && ! grep -q 4294967295 /proc/self/uid_map';
  const proofs = [fenced, filtered, alone].map((proof) => `ExecStartPre=/bin/sh -c '${proof}'\n`);
  return `[Service]\nPrivateTmp=no\nStandardOutput=append:%h/said-${unit}\n${proofs.join("")}`;
}
