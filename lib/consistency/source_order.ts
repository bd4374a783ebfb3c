// Reads go forward only: where the commit that was seen stands to the one that was applied last.
import { type Checkout, checkoutAt, defaultTip, readRef, type Tip } from "../git/checkout.ts";
import { isAncestor } from "../git/history.ts";
import type { ScopedRepo } from "./scope.ts";
import type { Sighting } from "./sight.ts";

/**
 * `forward`: the same or a later one. `older`: it comes before. `diverged`: neither contains the other, and the applied one
 * still stands on its branch elsewhere. `rewritten`: neither contains the other, and nobody has the applied one on the
 * branch any more, as after a forced push. `unknown`: git cannot tell, because this checkout does not have that commit.
 */
export type SourceOrder = "forward" | "older" | "diverged" | "rewritten" | "unknown";

export async function orderOf(repo: ScopedRepo, { checkout, tip, remote }: Sighting): Promise<SourceOrder> {
  const last = repo.last_source_commit;
  if (last === null || last === tip.commit) return "forward";
  const forward = await isAncestor(checkout, last, tip.commit);
  if (forward === null) return remote === null ? "unknown" : orderToUnpushed(repo, checkout, tip, last);
  if (forward) return "forward";
  if (await isAncestor(checkout, tip.commit, last)) return "older";
  if (remote !== null && (await wasOnRemote(repo, checkout, last))) return "rewritten";
  return (await standsElsewhere(last, repo, checkout, tip)) ? "diverged" : "rewritten";
}

/**
 * The commit that was applied last never reached the remote, as far as its mirror knows: somebody committed and a run on
 * that host applied it. Until it is pushed, a remote without anything new is older; one that moved on has diverged from it.
 */
async function orderToUnpushed(repo: ScopedRepo, mirror: Checkout, tip: Tip, last: string): Promise<SourceOrder> {
  const seen = repo.last_remote_commit;
  if (seen !== null && (await isAncestor(mirror, tip.commit, seen))) return "older";
  for (const path of repo.twins) {
    const twin = checkoutAt(path);
    if (twin && (await isAncestor(twin, tip.commit, last))) return "older";
  }
  if (await standsElsewhere(last, repo, mirror, tip)) return "diverged";
  const known = await Promise.all(repo.twins.map((path) => hasCommit(path, last)));
  return known.includes(true) ? "rewritten" : "unknown";
}

/** The remote itself had it and took it away: a checkout that was brought up to it since then is no second opinion. */
async function wasOnRemote(
  { last_remote_commit: seen }: ScopedRepo,
  mirror: Checkout,
  commit: string,
): Promise<boolean> {
  return seen !== null && (await isAncestor(mirror, commit, seen)) === true;
}

async function hasCommit(path: string, commit: string): Promise<boolean> {
  const checkout = checkoutAt(path);
  return checkout !== null && (await isAncestor(checkout, commit, commit)) === true;
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
