// What somebody has begun in a checkout and not finished: its index and HEAD belong to that until it is over.
import { existsSync } from "node:fs";
import type { Checkout } from "../checkout.ts";
import { textOf } from "../repository_files.ts";

export type UnderWay = "merging" | "rebasing" | "cherry_picking" | "reverting" | "bisecting";

export const UNDER_WAY_WORDS: Readonly<Record<UnderWay, string>> = {
  merging: "a merge is under way",
  rebasing: "a rebase or a git am is under way",
  cherry_picking: "a cherry-pick is under way",
  reverting: "a revert is under way",
  bisecting: "a bisect is under way",
};

// git-status(1) tells these states by the same files (wt-status.c). A rebase comes first: it picks with CHERRY_PICK_HEAD.
const STATE_FILES: readonly (readonly [string, UnderWay])[] = [
  ["rebase-merge", "rebasing"],
  ["rebase-apply", "rebasing"],
  ["MERGE_HEAD", "merging"],
  ["CHERRY_PICK_HEAD", "cherry_picking"],
  ["REVERT_HEAD", "reverting"],
  ["BISECT_LOG", "bisecting"],
  ["BISECT_START", "bisecting"],
];

/** What is under way in this worktree; null when nothing is. */
export function operationUnderWay({ gitDir }: Checkout): UnderWay | null {
  const found = STATE_FILES.find(([name]) => existsSync(`${gitDir}/${name}`));
  if (found) return found[1];
  // Between two commits of a series only the list of what is still to do stands there.
  if (!existsSync(`${gitDir}/sequencer`)) return null;
  return textOf(`${gitDir}/sequencer/todo`)?.startsWith("revert") ? "reverting" : "cherry_picking";
}
