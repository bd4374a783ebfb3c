// Whether the backups of a store are those that were put there. Each manifest names the one before it; this machine's ledger knows
// what it made and pruned. So an edited and sealed-again one shows, and so does a store that was set back to an older state.
import { isBackupId, takenAt } from "./backup_id.ts";
import { type KnownManifest, type KnownManifests, knownManifests } from "./ledger.ts";
import type { StoredBackup } from "./list_backups.ts";
import type { Manifest } from "./manifest.ts";
import type { Store } from "./store.ts";
import { prunedIn } from "./tombstones.ts";

/** What is not as this machine left it. */
export interface ChainProblem {
  readonly kind: "sealed_again" | "link_differs" | "missing" | "rolled_back";
  /** The backup that is not as it was, or is gone. */
  readonly id: string;
  readonly says: string;
}

interface Known extends KnownManifests {
  /** Ids of which the store itself says that they were pruned. Believed of those alone that are older than the newest there. */
  readonly buried: readonly string[];
}

/** Reads what this machine and the store know, and judges. @throws OpsFailure when either can't be read */
export async function checkChain(
  store: Store,
  backups: readonly StoredBackup[],
  stateHubHome: string,
): Promise<ChainProblem[]> {
  const known = knownManifests(stateHubHome);
  const made = known.made.filter((each) => each.store === store.target);
  const buried = await prunedIn(store, goneOf(backups, made));
  return verifyChain(backups, { made, pruned: known.pruned, buried }, known.made);
}

/**
 * @param known what was made in this store, and what was pruned
 * @param digests what was made in any store: a backup that was copied elsewhere keeps its id
 */
function verifyChain(
  backups: readonly StoredBackup[],
  known: Known,
  digests: readonly KnownManifest[] = known.made,
): ChainProblem[] {
  const manifests = backups.flatMap(({ manifest }) => manifest ?? []);
  const again = sealedAgain(manifests, digests);
  const problems = [...again, ...brokenLinks(manifests, again), ...losses(backups, known)];
  return problems.filter(({ id }, at) => problems.findIndex((each) => each.id === id) === at);
}

function sealedAgain(manifests: readonly Manifest[], digests: readonly KnownManifest[]): ChainProblem[] {
  return manifests.flatMap(({ id, digest }) => {
    const made = digests.find((each) => each.id === id);
    if (made === undefined || made.digest === digest) return [];
    return [
      {
        kind: "sealed_again",
        id,
        says: `this machine made ${id} with another manifest: it was edited and sealed again`,
      },
    ];
  });
}

function brokenLinks(manifests: readonly Manifest[], known: readonly ChainProblem[]): ChainProblem[] {
  const byId = new Map(manifests.map((each) => [each.id, each]));
  return manifests.flatMap(({ id, previous }) => {
    const before = previous === null ? undefined : byId.get(previous.id);
    // Where the ledger knows which of the two was changed, that is the one.
    if (before === undefined || before.digest === previous?.digest || known.some((each) => each.id === id)) return [];
    const says = `${id} follows a ${before.id} with another manifest than the one that is there: one of the two was edited`;
    return [{ kind: "link_differs", id: before.id, says }];
  });
}

/** Those that should be there. A link to one that is older than all that are left is what a prune leaves. */
function losses(backups: readonly StoredBackup[], { made, pruned, buried }: Known): ChainProblem[] {
  const times = backups.filter(({ unfinished }) => !unfinished).map((each) => Number(each.takenAt));
  const [oldest, newest] = [Math.min(...times), Math.max(...times)];
  return goneOf(backups, made).flatMap((id): ChainProblem[] => {
    const ours = made.find((each) => each.id === id);
    const at = Number(ours === undefined ? takenAt(id) : new Date(ours.created_at));
    if (pruned.some((each) => each.id === id) || (buried.includes(id) && at <= newest)) return [];
    if (at > newest)
      return [{ kind: "rolled_back", id, says: `${id}, newer than all that is there, is gone${SET_BACK}` }];
    if (ours === undefined && at < oldest) return [];
    return [{ kind: "missing", id, says: `${id} is gone, and no prune of it is on record` }];
  });
}

const SET_BACK = ": the store was set back to an older state, or emptied";

/** Ids that a manifest or the ledger names, and that are not there as backups. */
function goneOf(backups: readonly StoredBackup[], made: readonly KnownManifest[]): string[] {
  const there = new Set(backups.filter(({ unfinished }) => !unfinished).map(({ id }) => id));
  const named = backups.flatMap(({ manifest }) => manifest?.previous?.id ?? []);
  const all = new Set([...made.map(({ id }) => id), ...named.filter(isBackupId)]);
  return [...all].filter((id) => !there.has(id));
}
