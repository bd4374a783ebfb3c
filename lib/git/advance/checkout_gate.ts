// Whether a checkout may be touched at all, told from its files alone, without a process: the answer for a fleet of
// checkouts where people work. It fails closed: whatever is under way there, and whatever is not understood, is left.

import { type Checkout, canonicalPath, detachedCommit, readRef } from "../checkout.ts";
import { stampOf, textOf } from "../repository_files.ts";
import { type Use, usersOf } from "./branch_users.ts";
import { gitFolderElsewhere } from "./git_folder_shape.ts";
import { type Left, type LeftCode, left } from "./left_alone.ts";
import { configFiles } from "./local_config.ts";
import { lockIn } from "./repository_locks.ts";
import { operationUnderWay, UNDER_WAY_WORDS } from "./under_way.ts";
import { accessRefused } from "./write_access.ts";

/** `in_place`: the branch is checked out here and the files move with it. `ref_only`: nobody has it checked out. */
export type Mode = "in_place" | "ref_only";

export interface GatePass {
  readonly state: "passed";
  /** The commit that the branch is at. */
  readonly tip: string;
  /** Changes with HEAD, the branch, the index and the configuration. */
  readonly signature: string;
}

/** Whether HEAD is on this branch. */
export function isOnBranch({ head }: Checkout, branch: string): boolean {
  return head.trim() === `ref: refs/heads/${branch}`;
}

/** Why the checkout is left alone, or what was seen when it is not. Reads files only, and writes nothing. */
export function passGate(checkout: Checkout, branch: string, mode: Mode): Left | GatePass {
  const { path } = checkout;
  const elsewhere = gitFolderElsewhere(checkout);
  if (elsewhere !== null) return left("foreign_git_dir", path, elsewhere);
  const underWay = mode === "in_place" ? operationUnderWay(checkout) : null;
  if (underWay !== null) return left(underWay, path, UNDER_WAY_WORDS[underWay]);
  const refused = headRefused(checkout, branch, mode) ?? aliasRefused(checkout, branch);
  if (refused !== null) return refused;
  const tip = readRef(checkout, `refs/heads/${branch}`);
  if (tip === null) return left("unborn", path, `${branch} has no commit here`);
  const lock = lockIn(checkout, branch, mode === "in_place");
  if (lock !== null) return left("locked", path, lock.observed, lock.hint);
  const closed = usedElsewhere(checkout, branch, mode) ?? accessRefused(checkout, branch, mode === "in_place");
  return closed ?? { state: "passed", tip, signature: signatureOf(checkout, tip) };
}

/** The same question immediately before something is changed: what a person did meanwhile goes first. */
export function passGateAgain(now: Checkout, branch: string, mode: Mode, before: GatePass): Left | null {
  const again = passGate(now, branch, mode);
  if (again.state === "left") return { ...again, code: "raced", observed: `meanwhile ${again.observed}` };
  if (again.tip !== before.tip)
    return left("raced", now.path, `${branch} moved meanwhile, from ${short(before.tip)} to ${short(again.tip)}`);
  if (again.signature === before.signature) return null;
  return left("raced", now.path, "its index or configuration changed meanwhile");
}

/** An object id as people read it. */
export function short(id: string): string {
  return id.slice(0, 12);
}

// gitrepository-layout(5): what HEAD holds where refs are not kept in files, so that readers of files fail.
const REFTABLE_HEAD = "ref: refs/heads/.invalid";

function headRefused(checkout: Checkout, branch: string, mode: Mode): Left | null {
  const { path, bare, commonDir } = checkout;
  const head = checkout.head.trim();
  if (head === REFTABLE_HEAD)
    return left("program_key", path, `extensions.refStorage in ${commonDir}/config: its refs are not in plain files`);
  if (mode === "ref_only") return null;
  if (bare) return left("bare", path, "a bare repository has no files to bring up");
  const detached = detachedCommit(checkout);
  if (detached !== null) return left("detached", path, `HEAD is at ${short(detached)}, on no branch`);
  if (isOnBranch(checkout, branch)) return null;
  return left("other_branch", path, `HEAD is on ${head.replace(/^ref: (?:refs\/heads\/)?/, "")}, not on ${branch}`);
}

/** Of a branch that is a name for another one, the other would move. */
function aliasRefused({ path, commonDir }: Checkout, branch: string): Left | null {
  const target = textOf(`${commonDir}/refs/heads/${branch}`)?.match(/^ref: (.+)/)?.[1];
  return target === undefined ? null : left("other_branch", path, `${branch} is another name of ${target}`);
}

const USES: Readonly<Record<Use, { readonly code: LeftCode; readonly words: string }>> = {
  checked_out: { code: "other_branch", words: "checked out" },
  rebasing: { code: "rebasing", words: "being rebased" },
  bisecting: { code: "bisecting", words: "being bisected" },
};

function usedElsewhere(checkout: Checkout, branch: string, mode: Mode): Left | null {
  const own = canonicalPath(checkout.gitDir);
  const counts = (gitDir: string) => mode === "ref_only" || canonicalPath(gitDir) !== own;
  const user = usersOf(checkout, branch).find(({ gitDir }) => counts(gitDir));
  if (!user) return null;
  const { code, words } = USES[user.use];
  return left(code, user.path, `${branch} is ${words} in ${user.path}`);
}

function signatureOf(checkout: Checkout, tip: string): string {
  const { shared, worktree } = configFiles(checkout);
  const files = [`${checkout.gitDir}/index`, shared, worktree, `${checkout.commonDir}/info/attributes`];
  return JSON.stringify([checkout.head, tip, ...files.map(stampOf)]);
}
