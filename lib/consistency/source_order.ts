// Reads go forward only: where the commit that was seen stands to the one that was applied last.
import { type Checkout, checkoutAt, defaultTip, readRef, type Tip } from "../git/checkout.ts";
import { isAncestor } from "../git/identity.ts";
import type { ScopedRepo } from "./scope.ts";
import type { Sighting } from "./sight.ts";

/**
 * `forward`: the same or a later one. `older`: it comes before. `diverged`: neither contains the other, and the applied one
 * still stands on its branch elsewhere. `rewritten`: neither contains the other, and nobody has the applied one on the
 * branch any more, as after a forced push. `unknown`: git cannot tell, because this checkout does not have that commit.
 */
export type SourceOrder = "forward" | "older" | "diverged" | "rewritten" | "unknown";

export async function orderOf(repo: ScopedRepo, { checkout, tip }: Sighting): Promise<SourceOrder> {
  const last = repo.last_source_commit;
  if (last === null || last === tip.commit) return "forward";
  const forward = await isAncestor(checkout, last, tip.commit);
  if (forward === null) return "unknown";
  if (forward) return "forward";
  if (await isAncestor(checkout, tip.commit, last)) return "older";
  return (await standsElsewhere(last, repo, checkout, tip)) ? "diverged" : "rewritten";
}

/** On the remote's branch as this checkout saw it last, or at the tip of another checkout on this host. */
async function standsElsewhere(last: string, repo: ScopedRepo, checkout: Checkout, tip: Tip): Promise<boolean> {
  const remote = readRef(checkout, `refs/remotes/origin/${tip.branch}`);
  if (remote !== null && (await isAncestor(checkout, last, remote))) return true;
  for (const path of repo.twins) {
    const twin = path === checkout.path ? null : checkoutAt(path);
    const at = twin && (await defaultTip(twin, tip.branch));
    if (twin && at && (await isAncestor(twin, last, at.commit))) return true;
  }
  return false;
}
