// Whether what `.git` leads to is this checkout's own: a folder can show the files and refs of another repository, and
// what is written there would land where nobody expects it.
import { existsSync, lstatSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type Checkout, canonicalPath } from "../checkout.ts";
import { isLink, pathIn } from "../repository_files.ts";

/**
 * Words for what leads elsewhere, else null. Accepted is a plain `.git` folder, a bare repository, and a linked worktree
 * whose git folder names this very `.git` file (gitrepository-layout(5)); no submodule, no separate git folder.
 */
export function gitFolderElsewhere(checkout: Checkout): string | null {
  const link = linkedPart(checkout);
  if (link !== undefined) return `${link} is a symbolic link`;
  const { path, gitDir, bare } = checkout;
  if (!bare && lstatSync(`${path}/.git`).isFile()) return worktreeElsewhere(checkout);
  // git honours this file in any git folder, and would read another folder's configuration than the one looked at.
  return existsSync(`${gitDir}/commondir`) ? `${gitDir}/commondir names another repository` : null;
}

function linkedPart({ path, gitDir, commonDir, bare }: Checkout): string | undefined {
  const own = ["HEAD", "index"].map((name) => `${gitDir}/${name}`);
  const shared = ["config", "objects", "refs", "logs", "packed-refs"].map((name) => `${commonDir}/${name}`);
  return [...(bare ? [] : [`${path}/.git`]), ...own, ...shared].find(isLink);
}

function worktreeElsewhere({ path, gitDir, commonDir }: Checkout): string | null {
  const back = pathIn(`${gitDir}/gitdir`);
  if (back === null || !existsSync(`${gitDir}/commondir`))
    return `.git points to ${gitDir}, which is not the git folder of a linked worktree`;
  const owner = resolve(gitDir, back);
  if (canonicalPath(owner) !== canonicalPath(`${path}/.git`))
    return `.git points to ${gitDir}, which belongs to the worktree ${dirname(owner)}`;
  const inside = canonicalPath(dirname(gitDir)) === canonicalPath(`${commonDir}/worktrees`);
  return inside ? null : `${gitDir} is not below ${commonDir}/worktrees`;
}
