// The reader of the runbook of backups: where his files lie, what he has set in his shell, and what he and the store's administrator
// do by hand.
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { DisposableServer } from "../../lib/postgres/disposable/start_disposable.ts";
import { asked } from "./disposable_server.ts";
import type { Sshd } from "./sshd.ts";

export const DATABASE = "state_hub";
export const ROLE = "state_hub";
export const PASSWORD = "rehearsed";

/** Of the reader, and of the host that keeps backups. */
export interface Places {
  /** STATE_HUB_HOME */
  readonly home: string;
  /** The same on another machine. */
  readonly elsewhere: string;
  /** ~/.config/state-hub */
  readonly settings: string;
  /** The store's folder, as the other host sees it; the first backup makes it. */
  readonly stored: string;
}

export function makePlaces(folder: string, url: string): Places {
  const [home = "", elsewhere = "", settings = ""] = ["home", "elsewhere", "config"].map((name) => join(folder, name));
  for (const path of [settings, join(folder, "vault"), join(folder, "safe")]) mkdirSync(path);
  writeFileSync(join(settings, "database-url"), url, { mode: 0o600 });
  const known = join(settings, "known_hosts");
  // As ~/.ssh/config would: ssh takes the account's home, whatever HOME says.
  const ssh = `Host *\n  IdentityFile ${settings}/backup-ssh-key\n  IdentitiesOnly yes\n  UserKnownHostsFile ${known}\n`;
  for (const each of [home, elsewhere]) {
    mkdirSync(join(each, "ssh"), { recursive: true });
    chmodSync(each, 0o755);
    writeFileSync(join(each, "ssh/config"), ssh);
  }
  return { home, elsewhere, settings, stored: join(folder, "vault/state-hub") };
}

interface Surroundings extends Places {
  readonly folder: string;
  readonly fresh: DisposableServer;
  readonly sshd: Sshd;
  readonly hubPort: number;
}

/** What the reader sets before the first command. */
export function variables({
  folder,
  fresh,
  sshd,
  hubPort,
  home,
  settings,
  stored,
}: Surroundings): Record<string, string> {
  const at = (name: string) => join(settings, name);
  return {
    ...{ STATE_HUB_HOME: home, HOME: folder, NO_COLOR: "1", PGPASSFILE: join(folder, "pgpass") },
    ...{ DATABASE_URL_FILE: at("database-url"), NEW_URL_FILE: at("database-url.new") },
    ...{ STORE: sshd.urlOf(stored).replace(/^ssh:/, "sftp:"), STORE_HOST: sshd.address, STORE_PORT: `${sshd.port}` },
    STORE_HOST_KEY: fingerprintOf(sshd.hostKeyLine),
    ...{ STORE_KEY: at("backup-ssh-key"), KNOWN_HOSTS: at("known_hosts") },
    ...{ RECIPIENTS: at("backup-recipients"), IDENTITY: at("backup-identity") },
    RECOVERY: join(folder, "safe/backup-recovery"),
    PRUNE_PLAN: join(folder, "prune.json"),
    NEW_SERVER: `postgres://postgres@127.0.0.1:${fresh.port}`,
    NEW_ADMIN_URL_FILE: at("new-admin-url"),
    ...{ PORT: `${hubPort}`, STATE_HUB_URL: `http://127.0.0.1:${hubPort}`, HUB_LOG: join(folder, "hub.log") },
    KEEP_LAST: "1",
  };
}

/** As OpenSSH shows it: of the key, without the `=` at its end. */
function fingerprintOf(knownHostsLine: string): string {
  const key = Buffer.from(knownHostsLine.trim().split(" ")[2] ?? "", "base64");
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}

/** ~/.pgpass, so that no password stands in a command. */
export function writePasswords(file: string, servers: readonly DisposableServer[]): void {
  const lines = servers.map(({ port, superuser, maintenance }) => {
    const password = decodeURIComponent(new URL(maintenance.reveal()).password);
    return `127.0.0.1:${port}:*:${superuser}:${password}\n`;
  });
  writeFileSync(file, lines.join(""), { mode: 0o600 });
}

/** The line that the page has, with the key that the reader sent. */
export function letIn(sshd: Sshd, key: string): void {
  const file = join(dirname(sshd.userKey), "authorized_keys");
  writeFileSync(file, `restrict,command="internal-sftp" ${readFileSync(`${key}.pub`, "utf8")}`);
}

export async function typeSecrets(fresh: DisposableServer, { settings }: Places): Promise<void> {
  await asked(fresh.maintenance, (query) => query(`alter role ${ROLE} password '${PASSWORD}'`)).catch(() => {});
  const url = `postgres://${ROLE}:${PASSWORD}@127.0.0.1:${fresh.port}/${DATABASE}`;
  writeFileSync(join(settings, "database-url.new"), url, { mode: 0o600 });
  writeFileSync(join(settings, "new-admin-url"), fresh.urlOf(DATABASE).reveal(), { mode: 0o600 });
}
