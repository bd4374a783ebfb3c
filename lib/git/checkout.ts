// What a checkout says of itself in plain files: where its git folder is, which branch HEAD names, where a branch
// points. Reading them costs microseconds where a git process costs milliseconds, and a fleet asks for each repo.
import { lstatSync, readFileSync, realpathSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { OpsFailure } from "../failure.ts";
import { askGit } from "./invocation.ts";
import { isObjectId } from "./names.ts";

export interface Checkout {
  /** The top of the work tree; of a bare repository, the repository itself. */
  readonly path: string;
  readonly gitDir: string;
  /** Where refs, objects and config are: differs from gitDir in a linked worktree. */
  readonly commonDir: string;
  readonly bare: boolean;
  /** What HEAD held when this was read: `ref: refs/heads/...` or an object id. */
  readonly head: string;
}

export interface Tip {
  readonly branch: string;
  /** Full object id, SHA-1 or SHA-256. */
  readonly commit: string;
  /** HEAD is on this branch, so that the work tree shows it. */
  readonly checkedOut: boolean;
}

// gitrepository-layout(5): a reftable repository keeps this name in HEAD, so that old readers fail instead of guessing.
const NOT_IN_FILES = "refs/heads/.invalid";

/** The repository whose work tree (or bare folder) holds `path`; null when there is none. */
export function findCheckout(path: string): Checkout | null {
  for (let at = resolve(path); ; at = dirname(at)) {
    const found = checkoutAt(at);
    if (found) return found;
    if (at === dirname(at)) return null;
  }
}

/** The repository whose top is exactly `path`; null when there is none. */
export function checkoutAt(path: string): Checkout | null {
  const dotGit = `${path}/.git`;
  const stat = lstatOrNull(dotGit);
  if (stat?.isDirectory()) return describe(path, dotGit, dotGit, false);
  if (stat?.isFile()) {
    const target = /^gitdir: (.+)$/m.exec(readText(dotGit) ?? "")?.[1];
    return target === undefined ? null : linkedWorktree(path, resolve(path, target));
  }
  const looksBare = lstatOrNull(join(path, "HEAD"))?.isFile() && lstatOrNull(join(path, "objects"))?.isDirectory();
  return looksBare ? describe(path, path, path, true) : null;
}

/**
 * The tip of the default branch, from this checkout alone: what `origin/HEAD` names, else `main`, `master`, else the
 * branch of HEAD. The local branch counts; its remote-tracking twin only where there is no local one.
 * @param wanted the branch that was found before: it goes before all but what `origin/HEAD` names, and HEAD's branch is
 * then no substitute for a default branch that is gone
 * @returns null when the repository has no commit on such a branch
 * @throws OpsFailure when git itself must be asked and cannot answer
 */
export async function defaultTip(checkout: Checkout, wanted: string | null = null): Promise<Tip | null> {
  const head = symbolicTarget(checkout.head);
  if (head === NOT_IN_FILES) return tipFromGit(checkout, wanted);
  const originHead = symbolicTarget(readIfThere(`${checkout.commonDir}/refs/remotes/origin/HEAD`))?.replace(
    "refs/remotes/origin/",
    "",
  );
  const headBranch = head?.replace("refs/heads/", "");
  const candidates = [originHead, wanted, "main", "master", wanted === null ? headBranch : null].filter(
    (name): name is string => !!name,
  );
  for (const branch of new Set(candidates)) {
    const commit = readRef(checkout, `refs/heads/${branch}`) ?? readRef(checkout, `refs/remotes/origin/${branch}`);
    if (commit) return { branch, commit, checkedOut: headBranch === branch };
  }
  return null;
}

/** The commit of a HEAD that is on no branch; null where it is on one. */
export function detachedCommit({ head }: Checkout): string | null {
  return isObjectId(head.trim()) ? head.trim() : null;
}

/** The object id that a ref holds, loose or packed; null when there is no such ref. */
export function readRef(checkout: Checkout, name: string, depth = 0): string | null {
  const loose = readText(`${checkout.commonDir}/${name}`)?.trim();
  if (loose !== undefined && isObjectId(loose)) return loose;
  if (loose?.startsWith("ref: ") && depth < 5) return readRef(checkout, loose.slice(5), depth + 1);
  const packed = readIfThere(`${checkout.commonDir}/packed-refs`);
  if (packed === null) return null;
  const at = packed.indexOf(` ${name}\n`);
  const id = at < 0 ? "" : packed.slice(packed.lastIndexOf("\n", at) + 1, at);
  return isObjectId(id) ? id : null;
}

/** defaultTip() for refs that are not kept in plain files. */
async function tipFromGit(checkout: Checkout, wanted: string | null): Promise<Tip | null> {
  const head = (await askGit(checkout.gitDir, "symbolic-ref", "-q", "HEAD")).stdout.trim().replace("refs/heads/", "");
  const origin = await askGit(checkout.gitDir, "symbolic-ref", "-q", "refs/remotes/origin/HEAD");
  const originHead = origin.stdout.trim().replace("refs/remotes/origin/", "");
  const candidates = [originHead, wanted, "main", "master", wanted === null ? head : null].filter(
    (name): name is string => !!name,
  );
  for (const branch of new Set(candidates)) {
    const commit =
      (await refFromGit(checkout, `refs/heads/${branch}`)) ??
      (await refFromGit(checkout, `refs/remotes/origin/${branch}`));
    if (commit) return { branch, commit, checkedOut: head === branch };
  }
  return null;
}

async function refFromGit(checkout: Checkout, name: string): Promise<string | null> {
  const asked = await askGit(checkout.gitDir, "rev-parse", "--verify", "-q", `${name}^{commit}`);
  if (asked.exitCode > 1)
    throw new OpsFailure("Could not read the repository's refs", {
      observed: asked.stderr.trim(),
      where: checkout.path,
    });
  const id = asked.stdout.trim();
  return asked.exitCode === 0 && isObjectId(id) ? id : null;
}

/** gitrepository-layout(5): only the git folder of a linked worktree or a submodule is named by a file. */
function linkedWorktree(path: string, gitDir: string): Checkout | null {
  const common = readIfThere(join(gitDir, "commondir"))?.trim();
  const commonDir = common === undefined || common === "" ? gitDir : isAbsolute(common) ? common : join(gitDir, common);
  return describe(path, gitDir, commonDir, false);
}

function describe(path: string, gitDir: string, commonDir: string, bare: boolean): Checkout | null {
  const head = readText(`${gitDir}/HEAD`);
  return head === null ? null : { path, gitDir, commonDir, bare, head };
}

function symbolicTarget(text: string | null): string | null {
  return text?.startsWith("ref: ") ? text.slice(5).trim() : null;
}

/** The path with symlinks resolved, so that two spellings of one folder are one checkout. */
export function canonicalPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}

function lstatOrNull(path: string) {
  return lstatSync(path, { throwIfNoEntry: false }) ?? null;
}

/** For files that mostly are not there: an exception costs ten times what this stat does. */
function readIfThere(path: string): string | null {
  return lstatOrNull(path) === null ? null : readText(path);
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
