// Fast-forwarding a person's checkout, or leaving it alone byte for byte: what somebody has begun there is worth more than
// that the files are new. Everything is asked before anything is written, objects included.
import { existsSync } from "node:fs";
import { describeFailure, OpsFailure } from "../../failure.ts";
import { shellQuoted } from "../../shell_quoted.ts";
import { type Checkout, canonicalPath, checkoutAt, readRef } from "../checkout.ts";
import { cutOffBetween, relationOf } from "../history.ts";
import { statOf } from "../repository_files.ts";
import { isOnBranch, type Mode, passGate, short } from "./checkout_gate.ts";
import { roomRefused } from "./disk_room.ts";
import { fastForward, type Target } from "./fast_forward.ts";
import { type Left, left } from "./left_alone.ts";
import { isTrue, localConfig } from "./local_config.ts";
import { pathRefused, plannedPaths } from "./planned_paths.ts";
import { refusedKey } from "./program_keys.ts";
import { filterRefused } from "./user_filters.ts";
import { changedFiles, copyIndex, namedFew, rehearse } from "./work_tree_git.ts";

export type Advance =
  /** It contains the commit already: equal to it, or ahead of it. */
  | { readonly state: "current" }
  /** From this commit. */
  | { readonly state: "advanced"; readonly from: string }
  /** Untouched, and why. */
  | Left;

/** `ownRemote`: the repository has no remote, and this checkout is the source of truth itself. */
export interface AdvanceOptions extends Target {
  readonly ownRemote: boolean;
}

/**
 * Brings a checkout's `branch` to `commit`, only as a pure fast-forward of a clean checkout on that branch. With
 * `ownRemote`, a branch that no worktree has checked out (or a bare repository's) is moved by compare-and-swap.
 * "left" means that no file, ref, index or object was written; the exceptions are "raced" and "failed", which may leave
 * objects that nothing names, and a "failed" whose words say half-way.
 */
export async function advanceCheckout(path: string, target: AdvanceOptions): Promise<Advance> {
  const place = canonicalPath(path);
  try {
    const checkout = checkoutAt(place);
    return checkout === null ? nothingAt(place) : await advance(checkout, target);
  } catch (error) {
    // A folder that may not be read, a git that hangs: of this checkout, and no reason to stop at the others.
    const ofTheCheckout = error instanceof OpsFailure || (error instanceof Error && "code" in error);
    if (!ofTheCheckout) throw error;
    return left("failed", place, describeFailure(error));
  }
}

function nothingAt(place: string): Left {
  if (statOf(place) === undefined) return left("missing", place, "there is no such folder");
  if (statOf(`${place}/.git`) === undefined) return left("missing", place, "the folder is no repository any more");
  return left("foreign_git_dir", place, ".git is a link, or leads to no repository that can be read");
}

async function advance(checkout: Checkout, target: AdvanceOptions): Promise<Advance> {
  const { path, bare } = checkout;
  const { branch, commit, mirror, ownRemote } = target;
  const tip = readRef(checkout, `refs/heads/${branch}`);
  const relation = tip === null ? "behind" : await relationOf({ tip, commit, checkout, mirror });
  if (relation === "contains") return { state: "current" };
  const mode = ownRemote && (bare || !isOnBranch(checkout, branch)) ? "ref_only" : "in_place";
  const gate = passGate(checkout, branch, mode);
  if (gate.state === "left") return gate;
  if (relation === "diverged" || gate.tip !== tip)
    return left("diverged", path, `${branch} is at ${short(gate.tip)}, which does not come before ${short(commit)}`);
  const refused =
    (await configurationRefused(checkout, mode)) ??
    (await historyRefused(checkout, tip, target)) ??
    (mode === "in_place" ? await filesRefused(checkout, tip, target) : null);
  return refused ?? (await fastForward(checkout, gate, mode, target));
}

async function configurationRefused(checkout: Checkout, mode: Mode): Promise<Left | null> {
  const { path, gitDir, commonDir } = checkout;
  const keys = await localConfig(checkout);
  const refused = refusedKey(keys);
  if (refused !== null) {
    const hint = `git config --file ${shellQuoted(refused.file)} --get-all ${shellQuoted(refused.key)}`;
    return left("program_key", path, `${refused.key} in ${refused.file}: ${refused.why}`, hint);
  }
  // A linked worktree has files of its own, also where the repository that it belongs to is bare.
  const saysBare = mode === "in_place" && gitDir === commonDir && isTrue(keys, "core.bare");
  return saysBare ? left("bare", path, "core.bare says that there are no files to bring up") : null;
}

/** Objects whose history the mirror lacks would leave a hole in the checkout's. */
async function historyRefused(
  { path }: Checkout,
  tip: string,
  { mirror, commit }: AdvanceOptions,
): Promise<Left | null> {
  const cut = await cutOffBetween(mirror, tip, commit);
  return cut === null ? null : left("failed", path, `the remote is shallow: it lacks what comes before ${short(cut)}`);
}

async function filesRefused(checkout: Checkout, tip: string, { mirror, commit }: AdvanceOptions): Promise<Left | null> {
  const { path } = checkout;
  if (!existsSync(`${checkout.gitDir}/index`)) return left("dirty", path, "it has no index: no file is checked out");
  const index = copyIndex(checkout);
  try {
    const changed = await changedFiles(checkout, index);
    if (changed.length > 0) return left("dirty", path, `not as in HEAD: ${namedFew(changed)}`);
    const planned = await plannedPaths(mirror, tip, commit);
    const inTheWay =
      pathRefused(path, planned) ??
      (await roomRefused(checkout, mirror, planned)) ??
      (await filterRefused(checkout, index, { mirror, commit, planned }));
    if (inTheWay !== null) return inTheWay;
    const complaint = await rehearse(checkout, index, { mirror, from: tip, to: commit });
    if (complaint === null) return null;
    return left(/untracked/i.test(complaint) ? "would_overwrite" : "dirty", path, complaint);
  } finally {
    index.remove();
  }
}
