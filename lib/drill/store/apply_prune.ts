// Carries a prune out: reads the store again, refuses when it is not what the plan was made from, and takes each backup's manifest
// away first, so that a run that dies in between leaves a half that nobody takes for a backup.
import { canonical } from "../../canonical.ts";
import { OpsFailure } from "../../failure.ts";
import { shellQuoted } from "../../shell_quoted.ts";
import type { OnStep } from "../../work_step.ts";
import { rememberPruned } from "./ledger.ts";
import { listBackups, type StoredBackup } from "./list_backups.ts";
import { type PrunePlan, type PruneTerms, planPrune } from "./plan_prune.ts";
import type { Store } from "./store.ts";
import { writeTombstone } from "./tombstones.ts";

interface Prune {
  readonly store: Store;
  readonly plan: PrunePlan;
  /** Those that the plan was made by, its `now` too. */
  readonly terms: PruneTerms;
  readonly stateHubHome: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: OnStep;
}

/**
 * @returns the ids of those that went: unfinished ones first, then from the oldest on
 * @throws OpsFailure (automation) when the store has moved: nothing was removed; the signal's reason between two backups
 */
export async function applyPrune({ store, plan, terms, stateHubHome, signal, onProgress }: Prune): Promise<string[]> {
  const backups = await listBackups(store);
  requireUnmoved({ store, terms }, plan, planPrune(backups, terms));
  const gone: string[] = [];
  const all = [...plan.unfinished, ...[...plan.remove].reverse()];
  for (const { id } of all) {
    signal?.throwIfAborted();
    onProgress?.({ at: id });
    await removeOne(
      store,
      backups.find((each) => each.id === id),
      stateHubHome,
    );
    gone.push(id);
  }
  return gone;
}

/** The record comes first: of a backup that is still there it says nothing wrong. */
async function removeOne(store: Store, backup: StoredBackup | undefined, stateHubHome: string): Promise<void> {
  if (backup === undefined) return;
  if (backup.manifest !== null) {
    await writeTombstone(store, backup.manifest, new Date());
    rememberPruned(stateHubHome, store.target, backup.manifest);
  }
  await store.remove(backup.id);
}

function requireUnmoved({ store, terms }: Pick<Prune, "store" | "terms">, planned: PrunePlan, now: PrunePlan): void {
  // Sizes may grow while a backup is being written; what stays and what goes may not change.
  const shape = ({ keep, remove, unfinished }: PrunePlan) =>
    canonical(
      [keep, remove, unfinished].map((each) => each.map(({ id, digest, reasons }) => ({ id, digest, reasons }))),
    );
  if (shape(planned) === shape(now)) return;
  throw new OpsFailure("Could not prune", {
    observed: "the store is not what it was when the plan was made: a backup came, went, was changed or was drilled",
    expected: "the same list",
    where: store.target,
    hint: `scripts/backup_restore_drill.ts prune --store ${shellQuoted(store.target)} --keep-last ${terms.keepLast}`,
  });
}
