// Where faults of the drill happen: a live server, a home, a disk that is nearly full, a store with one good backup, and another host.
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { waitUntil } from "../../lib/wait_until.ts";
import { type LiveServer, liveServer } from "./drill_faults_live.ts";
import { programsOf } from "./drill_faults_programs.ts";
import { ageKey, type DrillHome, drillHome } from "./drill_process.ts";
import { freeDisk, onSmallDisk } from "./failing_remotes.ts";
import type { ScriptEnded } from "./script_process.ts";
import { type Sshd, startSshd } from "./sshd.ts";

export interface FaultScene {
  readonly live: LiveServer;
  readonly home: DrillHome;
  /** Of the database "garden". */
  readonly url: string;
  readonly key: { readonly identity: string; readonly recipient: string };
  /** A folder on a disk of its own, of 400 MB: with a few less no drill would begin. */
  readonly disk: string;
  /** A folder with one encrypted backup. */
  readonly store: string;
  readonly sshd: Sshd;
  /** What sftp:// leads to: a folder that is not there yet. */
  readonly remote: string;
  /** Told to ssh from now on. */
  sshConfig(text: string): void;
  close(): Promise<void>;
}

export async function faultScene(): Promise<FaultScene> {
  const home = drillHome();
  const [live, sshd, key] = [await liveServer(), await startSshd(), await ageKey(home.path)];
  const at = (name: string) => join(home.path, name);
  onSmallDisk(at("disk"), "400m");
  chmodSync(at("disk"), 0o755);
  for (const folder of ["ssh", "temporary"]) mkdirSync(at(folder));
  const sshConfig = (text: string) => writeFileSync(at("ssh/config"), text, { mode: 0o600 });
  sshConfig(sshd.sshConfig);
  const [url, store] = [await live.filled("garden"), at("store")];
  const { code, err } = await home.type(["backup", "--store", store, "--encrypt", key.recipient], {
    DATABASE_URL: url,
  });
  if (code !== 0) throw new Error(err);
  const close = async () => {
    freeDisk(at("disk"));
    await Promise.all([live.stop(), sshd.stop()]);
    home.remove();
  };
  return { live, home, url, key, disk: at("disk"), store, sshd, remote: at("remote"), sshConfig, close };
}

/** What a scene holds beside what a run may have left. */
export function stored({ store, disk, remote }: FaultScene): string[] {
  return [store, join(disk, "store"), remote]
    .flatMap((folder) => (existsSync(folder) ? readdirSync(folder) : []))
    .sort();
}

export function emptyDisk(disk: string): void {
  for (const name of readdirSync(disk)) rmSync(join(disk, name), { recursive: true });
}

/** Programs, folders of runs, temporary files, and sessions on the live server, which ends those of a killed client within a second. */
export async function leftBehind({ live, home, disk }: FaultScene): Promise<string[]> {
  const folders = [join(home.path, "drill"), disk, join(disk, "work"), join(home.path, "temporary")];
  const files = folders.flatMap((folder) => (existsSync(folder) ? readdirSync(folder) : []));
  const runs = files.filter((name) => !/^\.|^store$|^work$/.test(name));
  const programs = programsOf(home.path).map(({ words }) => words.join(" "));
  return [...runs, ...programs, ...(await sessionsLeft(live))];
}

function sessionsLeft(live: LiveServer): Promise<string[]> {
  const started = performance.now();
  return waitUntil({ forWhat: "the drill's sessions to end", deadlineMs: 20_000 }, async () => {
    const found = await live.ask<{ query: string }>("template1", SESSIONS);
    if (found.length === 0 || performance.now() - started > 5_000) return { found: found.map(({ query }) => query) };
    return { seen: `${found.length}` };
  });
}

const SESSIONS = "select query from pg_stat_activity where application_name = 'backup_restore_drill'";

/** One document on stdout, whatever went wrong: a drill's with its verdict, a backup's with the failure. */
export function saidBy({ out }: ScriptEnded): { verdict: string | null; text: string; hint: string } {
  const { verdict = null, reasons = [], hint, error } = JSON.parse(out);
  if (error === undefined) return { verdict, text: reasons.join("\n"), hint: hint ?? "" };
  const { message, observed, where } = error;
  return { verdict, text: [message, observed, where].join(": "), hint: error.hint ?? "" };
}
