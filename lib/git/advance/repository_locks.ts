// Lock files of git: somebody's git is at work, or died there. Which of the two cannot be told from outside, so a lock
// is named with its time and owner, and never taken away.
import { shellQuoted } from "../../shell_quoted.ts";
import type { Checkout } from "../checkout.ts";
import { statOf } from "../repository_files.ts";

export interface FoundLock {
  readonly observed: string;
  readonly hint: string;
}

/** The first lock that stands in the way of `branch`; of a linked worktree, those of its own index and HEAD. */
export function lockIn({ gitDir, commonDir }: Checkout, branch: string, withFiles: boolean): FoundLock | null {
  const own = withFiles ? [`${gitDir}/index.lock`, `${gitDir}/HEAD.lock`] : [];
  const shared = ["packed-refs", "config", "shallow", `refs/heads/${branch}`, `refs/remotes/origin/${branch}`];
  for (const path of [...own, ...shared.map((name) => `${commonDir}/${name}.lock`)]) {
    const stat = statOf(path);
    if (!stat) continue;
    // A moment, not an age: said again the next time it must be the same words.
    const since = new Date(Number(stat.mtimeMs)).toISOString().slice(0, 19);
    return { observed: `${path} is there since ${since}Z, of user ${stat.uid}`, hint: `ls -l ${shellQuoted(path)}` };
  }
  return null;
}
