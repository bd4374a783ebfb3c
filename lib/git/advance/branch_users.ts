// Where a branch is in use: a linked worktree has a HEAD and an index of its own. Moving the branch below it would make
// its files look like a change that takes back what the branch just got, and its owner's next commit would.
import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import type { Checkout } from "../checkout.ts";
import { pathIn, textOf } from "../repository_files.ts";

export type Use = "checked_out" | "rebasing" | "bisecting";

export interface BranchUser {
  /** The top of that worktree. */
  readonly path: string;
  readonly gitDir: string;
  readonly use: Use;
}

/** Every worktree of the repository that uses `branch`, this one included; one without an index has no files to mind. */
export function usersOf({ commonDir }: Checkout, branch: string): BranchUser[] {
  const main = { gitDir: commonDir, path: basename(commonDir) === ".git" ? dirname(commonDir) : commonDir };
  return [main, ...linkedWorktrees(commonDir)].flatMap((worktree) => {
    const use = existsSync(`${worktree.gitDir}/index`) ? useOf(worktree.gitDir, branch) : null;
    return use === null ? [] : [{ ...worktree, use }];
  });
}

/** gitrepository-layout(5), "worktrees": each folder's file `gitdir` names the `.git` file of the worktree. */
function linkedWorktrees(commonDir: string): { gitDir: string; path: string }[] {
  const folder = `${commonDir}/worktrees`;
  if (!existsSync(folder)) return [];
  return readdirSync(folder).map((name) => {
    const gitDir = `${folder}/${name}`;
    const back = pathIn(`${gitDir}/gitdir`);
    return { gitDir, path: back === null ? gitDir : dirname(resolve(gitDir, back)) };
  });
}

/** What git itself counts as use of a branch, so that it would not check it out a second time. */
function useOf(gitDir: string, branch: string): Use | null {
  const ref = `refs/heads/${branch}`;
  if (textOf(`${gitDir}/HEAD`)?.trim() === `ref: ${ref}`) return "checked_out";
  const rebased = textOf(`${gitDir}/rebase-merge/head-name`) ?? textOf(`${gitDir}/rebase-apply/head-name`);
  if (rebased?.trim() === ref) return "rebasing";
  return textOf(`${gitDir}/BISECT_START`)?.trim() === branch ? "bisecting" : null;
}
