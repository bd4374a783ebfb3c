// Stored backups that tests change, and drills of them inside of the test's own process: a hundred of them take seconds.
import { chmodSync, cpSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { backupCommand } from "../../lib/drill/commands/backup_command.ts";
import { openSession } from "../../lib/drill/copy/one_session.ts";
import { readMark } from "../../lib/drill/copy/restore_mark.ts";
import { drill } from "../../lib/drill/drill.ts";
import type { DrillReport } from "../../lib/drill/evidence/report.ts";
import type { Manifest } from "../../lib/drill/store/manifest.ts";
import type { Terms } from "../../lib/drill/terms.ts";
import { identityOf } from "../../lib/hub/identity.ts";
import { serveReadOnly } from "../../lib/hub/serve_read_only.ts";
import { summaryAt } from "../../lib/hub/summary_at.ts";
import { Secret } from "../../lib/secret.ts";
import { temporaryFolder } from "./git_repo.ts";
import { type FreshDatabase, freshDatabase } from "./postgres_server.ts";

export interface DrillOfStore {
  readonly store: string;
  readonly identity?: string | null;
  readonly database?: string | null;
  /** STATE_HUB_HOME, whose ledger counts; the scene's own unless given. */
  readonly home?: string;
  readonly env?: Record<string, string>;
}

export interface BackupScene {
  /** STATE_HUB_HOME of the machine that takes the backups. */
  readonly home: string;
  /** Of another machine, with no ledger. */
  readonly otherHome: string;
  /** @param store a folder or a URL. @param recipients none: plain */
  take(url: string, store: string, recipients?: readonly string[]): Promise<Manifest>;
  /**
   * Drills the newest of a store into an empty database, which then is looked at, and dropped unless it is still empty.
   * @returns the report, and what the drill left: in that database, and in its workspace
   */
  drill(asked: DrillOfStore): Promise<{ readonly report: DrillReport; readonly left: readonly string[] }>;
  remove(): void;
}

export function backupScene(): BackupScene {
  const { path, remove } = temporaryFolder();
  chmodSync(path, 0o755);
  const [home, otherHome] = [join(path, "home"), join(path, "other-home")];
  for (const each of [home, otherHome]) mkdirSync(each);
  return {
    home,
    otherHome,
    take: async (url, store, recipients = []) => {
      const live = async () => new Secret(url);
      const { document } = await backupCommand({ live, store, recipients }, termsOf(home));
      return (document as { backup: Manifest }).backup;
    },
    drill: (asked) => drillIntoEmpty(asked, termsOf(asked.home ?? home, asked.env)),
    remove,
  };
}

function termsOf(home: string, env = environmentForPrograms()): Terms {
  const signal = new AbortController().signal;
  return {
    ...{ env, home, workspace: join(home, "drill"), jobs: 2, lockWaitMs: 5_000, toolkit: "0.0.0", signal },
    ...{ hub: { identityOf, summaryAt, serveReadOnly }, onProgress: () => {}, note: () => {} },
  };
}

let empty: FreshDatabase | undefined;

async function drillIntoEmpty({ store, identity = null, database = null }: DrillOfStore, terms: Terms) {
  empty ??= await freshDatabase();
  const into = new Secret(empty.url);
  const report = await drill({ live: null, store, at: null, database, recipients: [], identity, into }, terms);
  const { relations, marked } = await foundIn(empty.url);
  if (relations.length > 0 || marked) {
    await empty.drop();
    empty = undefined;
  }
  return { report, left: [...relations, ...visible(terms.workspace)] };
}

/** A drill that came to nothing right after it began leaves no relation, and its mark. */
async function foundIn(url: string): Promise<{ readonly relations: string[]; readonly marked: boolean }> {
  const { query, close } = await openSession(new Secret(url));
  try {
    const made = await query<{ name: string }>(
      "select relname::text as name from pg_catalog.pg_class where oid >= 16384 order by 1",
    );
    return { relations: made.map(({ name }) => name), marked: (await readMark(query)) !== null };
  } finally {
    await close();
  }
}

function visible(folder: string): string[] {
  return readdirSync(folder).filter((name) => !name.startsWith("."));
}

/** Makes a folder what another one is, at once. */
export function asIn(original: string, folder: string): void {
  const fresh = `${folder}.fresh`;
  cpSync(original, fresh, { recursive: true, preserveTimestamps: true });
  rmSync(folder, { recursive: true, force: true });
  renameSync(fresh, folder);
}
