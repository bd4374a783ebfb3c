// The fast-forward itself, once everything speaks for it: objects first, then a last look whether somebody came in
// between, then the move, and then what is there is believed and not what git said.
import { type Checkout, checkoutAt, readRef } from "../checkout.ts";
import { isAncestor } from "../history.ts";
import { textOf } from "../repository_files.ts";
import { type GatePass, isOnBranch, type Mode, passGateAgain, short } from "./checkout_gate.ts";
import { type Left, left } from "./left_alone.ts";
import type { GentleResult } from "./run_gently.ts";
import {
  changedFiles,
  copyIndex,
  fetchObjects,
  mergeFastForward,
  moveRef,
  namedFew,
  reasonIn,
} from "./work_tree_git.ts";

export interface Target {
  readonly branch: string;
  readonly commit: string;
  /** A bare repository on this machine that has the commit. */
  readonly mirror: Checkout;
}

/** @param gate what was seen when the checkout was found fit */
export async function fastForward(
  checkout: Checkout,
  gate: GatePass,
  mode: Mode,
  target: Target,
): Promise<Left | { readonly state: "advanced"; readonly from: string }> {
  const { path } = checkout;
  const fetched = await fetchObjects(checkout, target.mirror, target.commit);
  if (fetched.exitCode !== 0) return left("failed", path, `git fetch from the mirror: ${wordsOf(fetched)}`);
  const now = checkoutAt(path);
  if (now === null) return left("raced", path, "the checkout was taken away meanwhile");
  const raced = passGateAgain(now, target.branch, mode, gate);
  if (raced !== null) return raced;
  const done = await move(now, gate.tip, mode, target);
  if (done.exitCode !== 0 || !hasArrived(path, mode, target)) return notDone(checkout, gate.tip, mode, target, done);
  await followTracking(now, target);
  return { state: "advanced", from: gate.tip };
}

function move(checkout: Checkout, from: string, mode: Mode, { branch, commit }: Target): Promise<GentleResult> {
  if (mode === "in_place") return mergeFastForward(checkout, branch, commit);
  return moveRef(checkout, `refs/heads/${branch}`, from, commit);
}

function hasArrived(path: string, mode: Mode, { branch, commit }: Target): boolean {
  const after = checkoutAt(path);
  if (after === null || readRef(after, `refs/heads/${branch}`) !== commit) return false;
  return mode === "ref_only" || isOnBranch(after, branch);
}

// What git merge says when it stopped before it touched anything, because something came in between. A ref that cannot be
// locked is none of these: the files have moved by then.
const CAME_BETWEEN =
  /would be overwritten|would lose untracked|index\.lock': File exists|not possible to fast-forward/i;

async function notDone(
  checkout: Checkout,
  from: string,
  mode: Mode,
  { branch }: Target,
  done: GentleResult,
): Promise<Left> {
  const { path } = checkout;
  const words = wordsOf(done);
  const tip = readRef(checkoutAt(path) ?? checkout, `refs/heads/${branch}`);
  const changed = mode === "in_place" ? await changedNow(checkout) : [];
  if (tip !== from) {
    const at = `${branch} moved meanwhile to ${tip === null ? "nothing" : short(tip)}`;
    return left("raced", path, `${at}${changed.length > 0 ? `, not as there: ${namedFew(changed)}` : ""}: ${words}`);
  }
  // Compare and swap changes all or nothing.
  if (mode === "ref_only" || CAME_BETWEEN.test(words)) return left("raced", path, words);
  const state =
    changed.length > 0 ? `git stopped half-way, not as in HEAD: ${namedFew(changed)}` : "nothing was changed";
  return left("failed", path, `${words}: ${state}`);
}

async function changedNow(checkout: Checkout): Promise<string[]> {
  const index = copyIndex(checkout);
  try {
    return await changedFiles(checkout, index);
  } finally {
    index.remove();
  }
}

function wordsOf({ late, stderr, exitCode }: GentleResult): string {
  if (late) return "git was asked to end, since it took too long";
  return exitCode === 0 ? "git said that it was done" : reasonIn(stderr);
}

/**
 * `git status` compares with the remote-tracking branch: left where it was, the checkout would look as if it had commits
 * to push. Only one that is there already moves, and only forward; if it cannot, its owner's next fetch does it.
 */
async function followTracking(checkout: Checkout, { branch, commit, mirror }: Target): Promise<void> {
  const ref = `refs/remotes/origin/${branch}`;
  const at = readRef(checkout, ref);
  const isAlias = textOf(`${checkout.commonDir}/${ref}`)?.startsWith("ref:");
  if (at === null || at === commit || isAlias || (await isAncestor(mirror, at, commit)) !== true) return;
  await moveRef(checkout, ref, at, commit);
}
