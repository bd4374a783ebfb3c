// Which stored backup a drill takes, and whether the store is what it should be: one that was set back to an older state, or edited,
// must not pass for the newest backup.
import { OpsFailure } from "../failure.ts";
import { shellQuoted } from "../shell_quoted.ts";
import { backupAt, listBackups, type StoredBackup } from "./store/list_backups.ts";
import type { Manifest } from "./store/manifest.ts";
import type { Store } from "./store/store.ts";
import { type ChainProblem, checkChain } from "./store/verify_chain.ts";

export interface ChosenBackup {
  /** null: what it is cannot be trusted, see `wrong`. */
  readonly manifest: Manifest | null;
  readonly others: readonly Manifest[];
  readonly wrong: readonly string[];
  readonly remarks: readonly string[];
}

export interface Choice {
  readonly store: Store;
  /** At this moment or before it; null: the newest. */
  readonly at: Date | null;
  /** Whose ledger knows what was made. */
  readonly home: string;
}

/** @throws OpsFailure (automation) when the store holds none */
export async function chooseBackup({ store, at, home }: Choice): Promise<ChosenBackup> {
  const backups = await listBackups(store);
  const chosen = backupAt(backups, at);
  if (chosen === null) throw noBackup(store, at, backups.length);
  const problems = await checkChain(store, backups, home);
  const concerns = ({ kind, id, says }: ChainProblem) =>
    id === chosen.id || says.includes(chosen.id) || (kind === "rolled_back" && at === null);
  const wrong = [
    ...(chosen.problem === null ? [] : [`${chosen.id}/manifest.json: ${chosen.problem.says}`]),
    ...problems.filter(concerns).map(({ says }) => says),
  ];
  return {
    manifest: wrong.length === 0 ? chosen.manifest : null,
    others: backups.flatMap(({ manifest }) => (manifest === null || manifest.id === chosen.id ? [] : [manifest])),
    wrong,
    remarks: [
      ...chosen.remarks,
      ...problems.filter((each) => !concerns(each)).map(({ says }) => says),
      ...newerHalves(backups, chosen, at),
    ],
  };
}

/** The newest backup may be old because later ones came to nothing. */
function newerHalves(backups: readonly StoredBackup[], { takenAt }: StoredBackup, at: Date | null): string[] {
  return backups
    .filter((each) => each.unfinished && each.takenAt > takenAt && (at === null || each.takenAt <= at))
    .map(({ id }) => `${id} is newer and has no manifest: it was cut off, or is being made`);
}

function noBackup({ target }: Store, at: Date | null, folders: number): OpsFailure {
  const before = at === null ? "" : ` of ${at.toISOString()} or before`;
  return new OpsFailure("Could not find a backup", {
    observed: folders === 0 ? "the store is empty" : `no complete one${before}`,
    expected: `a backup${before} with its manifest`,
    where: target,
    hint: `scripts/backup_restore_drill.ts list --store ${shellQuoted(target)}`,
  });
}
