// What a store holds: how old each backup is, when and by which drill it was verified, and what is wrong in the store.
import type { Outcome, View } from "../../cli/define_script.ts";
import { OpsFailure } from "../../failure.ts";
import { shellQuoted } from "../../shell_quoted.ts";
import { listBackups, type StoredBackup } from "../store/list_backups.ts";
import { openStore } from "../store/open_store.ts";
import { databasesCalled, type StoredDatabase, storedDatabases } from "../store/stored_databases.ts";
import { type ChainProblem, checkChain } from "../store/verify_chain.ts";

export interface StoreCommand {
  readonly store: string;
  /** STATE_HUB_HOME: its ledger knows what was made. */
  readonly home: string;
  readonly env: Record<string, string>;
  readonly signal: AbortSignal;
}

/**
 * Exit 1 when something in the store is not as it was left, whichever database it is of.
 * @param wanted of this database alone, as storedDatabases() calls it; null: of all
 */
export async function listCommand(
  { store: target, home, env, signal }: StoreCommand,
  wanted: string | null,
): Promise<Outcome> {
  const store = await openStore(target, { env, stateHubHome: home, signal, make: false });
  try {
    const all = await listBackups(store);
    const databases = storedDatabases(all);
    const called = databasesCalled(all, wanted);
    if (wanted !== null && called.length === 0) throw noSuchDatabase(store.target, databases, wanted);
    const backups = wanted === null ? all : all.filter((backup) => called.some(({ owns }) => owns(backup)));
    const problems = await checkChain(store, all, home);
    const bad = problems.length > 0 || all.some(({ problem, lacking }) => problem !== null || lacking.length > 0);
    return {
      exitCode: bad ? 1 : 0,
      document: {
        store: store.target,
        databases: databases.map(({ label }) => label),
        backups: backups.map(listed),
        problems,
      },
      render: (view) => renderList({ backups, databases, problems }, view),
      ...(backups.length === 0 ? {} : { next: nextOf(store.target, { backups, databases, called }) }),
    };
  } finally {
    await store.close();
  }
}

function listed({ manifest, takenAt, touchedAt, ...backup }: StoredBackup) {
  return {
    ...backup,
    taken_at: takenAt.toISOString(),
    touched_at: touchedAt?.toISOString() ?? null,
    database: manifest?.database ?? null,
    rows: manifest?.rows ?? null,
    encrypted: manifest?.encrypted ?? null,
    recipients: manifest?.recipients ?? [],
    manifest_digest: manifest?.digest ?? null,
    previous: manifest?.previous ?? null,
  };
}

function noSuchDatabase(store: string, databases: readonly StoredDatabase[], wanted: string): OpsFailure {
  return new OpsFailure("Could not list the backups", {
    observed: `none is of a database ${shellQuoted(wanted)}`,
    expected: databases.length === 0 ? "a store that is not empty" : databases.map(({ label }) => label).join(", "),
    where: store,
    hint: `scripts/backup_restore_drill.ts list --store ${shellQuoted(store)}`,
  });
}

interface Listing {
  readonly backups: readonly StoredBackup[];
  /** All that the store holds. */
  readonly databases: readonly StoredDatabase[];
}

/** The drill of the newest one. */
function nextOf(
  store: string,
  { backups, databases, called }: Listing & { readonly called: readonly StoredDatabase[] },
): string {
  const newest = backups.find(({ manifest }) => manifest !== null);
  const owner = newest && called.find(({ owns }) => owns(newest));
  const which = databases.length > 1 && owner !== undefined ? ` --database ${shellQuoted(owner.label)}` : "";
  const key = newest?.manifest?.encrypted === true ? " --identity KEYFILE" : "";
  return `scripts/backup_restore_drill.ts --from-store ${shellQuoted(store)}${which}${key}`;
}

function renderList(
  { backups, databases, problems }: Listing & { readonly problems: readonly ChainProblem[] },
  view: View,
): string {
  if (backups.length === 0) return "Nothing is stored there.";
  const right = { align: "right" as const };
  const several = databases.length > 1;
  const columns = [
    { title: "backup" },
    ...(several ? [{ title: "database" }] : []),
    { title: "age", ...right },
    { title: "MB", ...right },
    { title: "rows", ...right },
  ];
  const rows = backups.map((backup) => [
    backup.id,
    ...(several ? [databases.find(({ owns }) => owns(backup))?.label ?? ""] : []),
    ageOf(backup.takenAt, new Date()),
    (backup.bytes / 1e6).toFixed(1),
    backup.manifest?.rows ?? "",
    verifiedOf(backup, view),
  ]);
  return [
    view.table([...columns, { title: "verified" }], rows),
    ...problems.map(({ says }) => view.paint.error(says)),
    ...backups.flatMap(({ remarks }) => remarks),
  ].join("\n");
}

function verifiedOf({ unfinished, problem, lacking, verified, manifest }: StoredBackup, { paint }: View): string {
  if (unfinished) return paint.dim("unfinished: no backup");
  if (problem !== null) return paint.error(problem.says);
  if (lacking.length > 0) return paint.error(lacking.join("; "));
  const [last] = verified;
  if (last === undefined) return paint.warning(`never${manifest?.encrypted === false ? ", not encrypted" : ""}`);
  const colour = { passed: paint.ok, failed: paint.error, could_not_verify: paint.warning }[last.verdict];
  return `${colour(last.verdict.replaceAll("_", " "))} ${last.at.slice(0, 16)}Z, drill ${last.drill_id}`;
}

/** "3 d", "5 h", "12 min": what somebody who looks for a gap needs. */
function ageOf(taken: Date, now: Date): string {
  const minutes = Math.max(0, Math.round((now.getTime() - taken.getTime()) / 60_000));
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} d`;
}
