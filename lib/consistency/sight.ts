// A first look at a repository: is it there, where does its default branch point, and does anything differ from the last
// complete pass? A few file reads and stats; no git process, no workplan opened.
import { existsSync } from "node:fs";
import { describeFailure } from "../failure.ts";
import { type Checkout, checkoutAt, defaultTip, type Tip } from "../git/checkout.ts";
import { isAncestor } from "../git/identity.ts";
import { listWorkTree } from "../git/work_tree.ts";
import { CHECKER_VERSION } from "./checks.ts";
import { checkoutSource, type ScopedRepo, type StoredPass } from "./scope.ts";
import { isWorkplanPath, WORKPLANS_FOLDER } from "./workplan_paths.ts";

export interface Sighting {
  readonly checkout: Checkout;
  readonly tip: Tip;
  readonly source: string;
  /** Of the workplans that stand in the work tree; "none" where the tip is not checked out. */
  readonly workTree: string;
  /** Something was written a moment ago: a stat could miss the next write of the same tick. */
  readonly racy: boolean;
}

export type Seen =
  | { readonly state: "missing" }
  | { readonly state: "unusable"; readonly observed: string }
  | { readonly state: "clean"; readonly sighting: Sighting; readonly pass: StoredPass }
  | { readonly state: "changed"; readonly sighting: Sighting };

export const CHECKER = `checker-${CHECKER_VERSION}`;
const RACY_MS = 50;

/** @param full read it even if nothing seems to have changed */
export async function lookAt(repo: ScopedRepo, host: string, full: boolean): Promise<Seen> {
  try {
    const sighting = await sight(repo, host);
    if (sighting === null) {
      const there = repo.checkouts.filter((path) => existsSync(path));
      return there.length === 0 ? { state: "missing" } : { state: "unusable", observed: noTip(repo, there) };
    }
    const pass = repo.passes.find(({ source }) => source === sighting.source);
    return pass && !full && isCurrent(pass, repo, sighting)
      ? { state: "clean", sighting, pass }
      : { state: "changed", sighting };
  } catch (error) {
    return { state: "unusable", observed: describeFailure(error) };
  }
}

function noTip({ default_branch: branch }: ScopedRepo, paths: readonly string[]): string {
  return `no commit on ${branch === null ? "a default branch" : `the default branch ${branch}`} in ${paths.join(", ")}`;
}

function isCurrent(pass: StoredPass, repo: ScopedRepo, { tip, workTree }: Sighting): boolean {
  return (
    pass.commit === tip.commit &&
    pass.change_counter === repo.change_counter &&
    pass.checker === CHECKER &&
    pass.work_tree === workTree &&
    !pass.due
  );
}

/** Of several checkouts, the one whose tip contains the others'. */
async function sight(repo: ScopedRepo, host: string): Promise<Sighting | null> {
  let best: { checkout: Checkout; tip: Tip } | null = null;
  for (const path of repo.checkouts) {
    const checkout = checkoutAt(path);
    const tip = checkout && (await defaultTip(checkout, repo.default_branch));
    if (!checkout || !tip) continue;
    const newer =
      best !== null &&
      best.tip.commit !== tip.commit &&
      (await isAncestor(checkout, best.tip.commit, tip.commit)) === true;
    if (best === null || newer) best = { checkout, tip };
  }
  if (best === null) return null;
  const { checkout, tip } = best;
  const standing =
    tip.checkedOut && !checkout.bare ? listWorkTree(checkout.path, WORKPLANS_FOLDER, isWorkplanPath) : null;
  return {
    checkout,
    tip,
    source: checkoutSource(host, checkout.path),
    workTree: standing?.signature ?? "none",
    racy: standing !== null && Date.now() - standing.newestChangeMs < RACY_MS,
  };
}
