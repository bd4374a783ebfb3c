// Which stored backup a drill takes, and whether the store is what it should be: one that was set back to an older state, or edited,
// must not pass for the newest backup.
import { OpsFailure } from "../../failure.ts";
import { shellQuoted } from "../../shell_quoted.ts";
import { databaseInId, nameInId, takenAt } from "../store/backup_id.ts";
import { knownManifests } from "../store/ledger.ts";
import { backupAt, listBackups, type StoredBackup } from "../store/list_backups.ts";
import type { Manifest } from "../store/manifest.ts";
import type { Store } from "../store/store.ts";
import { databasesCalled } from "../store/stored_databases.ts";
import { type ChainProblem, checkChain } from "../store/verify_chain.ts";

interface ChosenBackup {
  /** null: what it is cannot be trusted, see `wrong`. */
  readonly manifest: Manifest | null;
  readonly others: readonly Manifest[];
  readonly wrong: readonly string[];
  readonly remarks: readonly string[];
}

interface Choice {
  readonly store: Store;
  /** At this moment or before it; null: the newest. */
  readonly at: Date | null;
  /** Of this database, as storedDatabases() calls it; null: of the only one. */
  readonly database: string | null;
  /** Whose ledger knows what was made. */
  readonly home: string;
}

/** @throws OpsFailure (automation) when the store holds none, or those of several databases and none was named */
export async function chooseBackup({ store, at, database, home }: Choice): Promise<ChosenBackup> {
  const all = await listBackups(store);
  const problems = await checkChain(store, all, home);
  const labels = databasesCalled(all, database).map(({ label }) => label);
  if (labels.length > 1) return severalDatabases(store, labels, problems);
  const backups = ofOneDatabase(all, database);
  const chosen = backupAt(backups, at);
  if (chosen === null) throw noBackup(store, { at, database }, all.length);
  const concerns = (problem: ChainProblem) =>
    problem.id === chosen.id || problem.says.includes(chosen.id) || (at === null && isNewer(problem, chosen, database));
  const wrong = [
    ...(chosen.problem === null ? [] : [`${chosen.id}/manifest.json: ${chosen.problem.says}`]),
    ...problems.filter(concerns).map(({ says }) => says),
  ];
  return {
    manifest: wrong.length === 0 ? chosen.manifest : null,
    others: all.flatMap(({ manifest }) => (manifest === null || manifest.id === chosen.id ? [] : [manifest])),
    wrong,
    remarks: [
      ...chosen.remarks,
      ...problems.filter((each) => !concerns(each)).map(({ says }) => says),
      ...newerHalves(backups, chosen, at),
      ...ofAnotherMaker(chosen, home),
      ...toCome(at, new Date()),
    ],
  };
}

/** Of the only database all that is there counts, also what is spoilt or half and goes by another name. */
function ofOneDatabase(all: readonly StoredBackup[], wanted: string | null): readonly StoredBackup[] {
  if (wanted === null) return all;
  const [named] = databasesCalled(all, wanted);
  return all.filter(named?.owns ?? (({ id, manifest }) => manifest === null && databaseInId(id) === nameInId(wanted)));
}

/** Where a manifest was edited, there may be one alone. */
function severalDatabases(store: Store, labels: readonly string[], problems: readonly ChainProblem[]): ChosenBackup {
  const edited = problems.filter(({ kind }) => kind === "sealed_again").map(({ says }) => says);
  if (edited.length > 0) return { manifest: null, others: [], wrong: edited, remarks: [] };
  const from = `scripts/backup_restore_drill.ts --from-store ${shellQuoted(store.target)}`;
  throw new OpsFailure("Could not choose a backup", {
    observed: `the store holds those of ${labels.join(", ")}`,
    expected: "--database with one of these",
    where: store.target,
    hint: `${from} --database ${shellQuoted(labels[0] ?? "")}`,
  });
}

/**
 * A later one is gone or was edited, so that the chosen one is not the newest that there was; within a second the manifest alone says
 * which is later. Of a named database its own alone count.
 */
function isNewer({ kind, id }: ChainProblem, chosen: StoredBackup, database: string | null): boolean {
  const later = kind === "rolled_back" || (kind !== "link_differs" && takenAt(id) >= takenAt(chosen.id));
  return later && (database === null || databaseInId(id) === databaseInId(chosen.id));
}

/** On a machine that makes none, as the one that is to be restored on, all of them are another's. */
function ofAnotherMaker({ id }: StoredBackup, home: string): string[] {
  const { made } = knownManifests(home);
  if (made.length === 0 || made.some((each) => each.id === id)) return [];
  return [
    `This machine makes backups and did not make ${id}: who did? Whoever can write to the store can put one there`,
  ];
}

function toCome(at: Date | null, now: Date): string[] {
  if (at === null || at <= now) return [];
  return [`--at ${at.toISOString()} is still to come, by this host's clock: the newest backup was taken`];
}

/** The newest backup may be old because later ones came to nothing. */
function newerHalves(backups: readonly StoredBackup[], { takenAt }: StoredBackup, at: Date | null): string[] {
  return backups
    .filter((each) => each.unfinished && each.takenAt > takenAt && (at === null || each.takenAt <= at))
    .map(({ id }) => `${id} is newer and has no manifest: it was cut off, or is being made`);
}

function noBackup({ target }: Store, { at, database }: Pick<Choice, "at" | "database">, folders: number): OpsFailure {
  const time = at === null ? "" : ` of ${at.toISOString()} or before`;
  const before = `${database === null ? "" : ` of ${shellQuoted(database)}`}${time}`;
  return new OpsFailure("Could not find a backup", {
    observed: folders === 0 ? "the store is empty" : `no complete one${before}`,
    expected: `a backup${before} with its manifest`,
    where: target,
    hint: `scripts/backup_restore_drill.ts list --store ${shellQuoted(target)}`,
  });
}
