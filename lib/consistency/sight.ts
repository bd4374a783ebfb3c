// A first look at a repository: is it there, where does its default branch point, and does anything differ from the last
// complete pass? A few file reads and stats; no git process, no workplan opened.
import { existsSync } from "node:fs";
import { newestVersion } from "../db/migrate.ts";
import { describeFailure, OpsFailure } from "../failure.ts";
import { type Checkout, checkoutAt, defaultTip, type Tip } from "../git/checkout.ts";
import { isAncestor } from "../git/history.ts";
import type { Remote } from "../git/remote/remote.ts";
import { listWorkTree } from "../git/work_tree.ts";
import { CHECKER_VERSION } from "./checks.ts";
import { checkoutSource, type ScopedRepo, type StoredPass } from "./scope.ts";
import { isWorkplanPath, WORKPLANS_FOLDER } from "./workplan_paths.ts";

/** Where a tip comes from when it is not a checkout's own. */
export interface RemoteSource {
  readonly remote: Remote;
  /** The repository has no remote: this checkout of it is the source itself. */
  readonly own: Checkout | null;
}

export interface Sighting {
  /** Of the remote's tip, our mirror. */
  readonly checkout: Checkout;
  readonly tip: Tip;
  readonly source: string;
  /** Of the workplans that stand in the work tree; "none" where the tip is not checked out. */
  readonly workTree: string;
  /** Something was written a moment ago: a stat could miss the next write of the same tick. */
  readonly racy: boolean;
  /** null: the tip is this checkout's own, and nothing leaves this host. */
  readonly remote: RemoteSource | null;
}

export type Seen =
  | { readonly state: "missing" }
  | { readonly state: "unusable"; readonly observed: string }
  | { readonly state: "clean"; readonly sighting: Sighting; readonly pass: StoredPass }
  | { readonly state: "changed"; readonly sighting: Sighting };

interface Candidate {
  readonly checkout: Checkout;
  readonly tip: Tip;
}

/** What judges: another version of it, or another schema under it, makes a pass count no more. Asked once a process. */
export const CHECKER = `checker-${CHECKER_VERSION}, schema-${newestVersion()}`;
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

/** The pass still says how things stand; nothing has to be read. */
export function isCurrent(
  pass: StoredPass,
  repo: ScopedRepo,
  { tip, workTree }: Pick<Sighting, "tip" | "workTree">,
): boolean {
  return pass.commit === tip.commit && isCurrentButForCommit(pass, repo, workTree);
}

/** The same of a later commit: if that left the workplans folder alone, there is nothing to read in it. */
export function isCurrentButForCommit(pass: StoredPass, repo: ScopedRepo, workTree: string): boolean {
  return (
    pass.change_counter === repo.change_counter && pass.checker === CHECKER && pass.work_tree === workTree && !pass.due
  );
}

/** @throws OpsFailure when several checkouts diverge and none of them is the one to go on from */
async function sight(repo: ScopedRepo, host: string): Promise<Sighting | null> {
  const found: Candidate[] = [];
  for (const path of repo.checkouts) {
    const checkout = checkoutAt(path);
    const tip = checkout && (await defaultTip(checkout, repo.default_branch));
    if (checkout && tip) found.push({ checkout, tip });
  }
  const best = found.length > 1 ? await newest(found, repo.last_source_commit) : found[0];
  if (best === undefined) return null;
  const { checkout, tip } = best;
  const standing =
    tip.checkedOut && !checkout.bare ? listWorkTree(checkout.path, WORKPLANS_FOLDER, isWorkplanPath) : null;
  return {
    checkout,
    tip,
    source: checkoutSource(host, checkout.path),
    workTree: standing?.signature ?? "none",
    racy: standing !== null && Date.now() - standing.newestChangeMs < RACY_MS,
    remote: null,
  };
}

/** The checkout whose tip contains the others'; where they diverge, the only one that contains what was applied last. */
async function newest(found: readonly Candidate[], last: string | null): Promise<Candidate> {
  const left: Candidate[] = [];
  for (const each of found) {
    const behind = await Promise.all(
      found.map((other) => other.tip.commit !== each.tip.commit && isBehind(each, other)),
    );
    if (!behind.includes(true) && !left.some(({ tip }) => tip.commit === each.tip.commit)) left.push(each);
  }
  const goingOn = last === null ? left : await containing(last, left);
  const [best] = left.length === 1 ? left : goingOn;
  if (best && (left.length === 1 || goingOn.length === 1)) return best;
  throw new OpsFailure("Could not choose between its checkouts", {
    observed: `they diverge: ${left.map(({ checkout, tip }) => `${checkout.path} at ${tip.commit.slice(0, 10)}`).join(", ")}`,
    hint: "Bring one of them up to date with the other",
  });
}

async function isBehind(each: Candidate, other: Candidate): Promise<boolean> {
  return (await isAncestor(other.checkout, each.tip.commit, other.tip.commit)) === true;
}

async function containing(commit: string, candidates: readonly Candidate[]): Promise<Candidate[]> {
  const contains = await Promise.all(candidates.map(({ checkout, tip }) => isAncestor(checkout, commit, tip.commit)));
  return candidates.filter((_, index) => contains[index] === true);
}
