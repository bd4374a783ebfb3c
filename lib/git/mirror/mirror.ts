// Bare mirrors of our own, one per repository: what a sweep reads and builds commits in, so that a pod without any checkout
// does the same work, and nobody's checkout is touched by a fetch. A cache: whatever is wrong with one, it is made anew.
import { OpsFailure } from "../../failure.ts";
import { printableUrl } from "../../secret.ts";
import { type Checkout, readRef, type Tip } from "../checkout.ts";
import { whyGitFailed } from "../git_says.ts";
import { askGit } from "../invocation.ts";
import type { Remote } from "../remote/remote.ts";
import type { RemoteAccess } from "../remote/remote_access.ts";
import { runAgainstRemote } from "../remote/remote_git.ts";
import { endWritersIn } from "./git_processes.ts";
import { discard, dropAside, makeAside, mirrorAt, mirrorPath, putInPlace } from "./mirror_folder.ts";
import { clearLeftovers } from "./mirror_leftovers.ts";
import { tidyMirror } from "./tidy_mirror.ts";

/**
 * Opens or makes the mirror `name`. Whoever calls holds the lock of the repository: what a killed run left
 * behind is cleared, also a git of it that still works there (a push that would land later).
 * @param commit decides the object format: 40 digits are SHA-1, 64 SHA-256
 * @throws OpsFailure when it can't be made, or such a git cannot be ended
 */
export async function openMirror(home: string, name: string, commit: string): Promise<Checkout> {
  const path = mirrorPath(home, name);
  const found = mirrorAt(path, commit);
  if (found === null) return putInPlace(await makeAside(path, commit), path);
  await endWritersIn(found.gitDir);
  await clearLeftovers(found.gitDir);
  return found;
}

/** Forgets a mirror whose objects turned out unreadable; the next openMirror() makes it anew. */
export function discardMirror(home: string, name: string): Promise<void> {
  return discard(mirrorPath(home, name));
}

export interface FetchLimits {
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
}

interface Fetch extends FetchLimits {
  readonly remote: Remote;
  readonly access: RemoteAccess;
  readonly branch: string;
}

/**
 * Brings `tip` into the mirror's `refs/heads/<branch>`; without the network when it is there already. A mirror that
 * proves damaged is made anew, once.
 * @returns the tip as it was fetched: the remote may have moved on since it was asked
 * @throws OpsFailure when the remote does not give it within the deadline; the mirror then shows what it showed before
 */
export async function fetchTip(
  mirror: Checkout,
  remote: Remote,
  access: RemoteAccess,
  tip: { readonly branch: string; readonly commit: string },
  o: FetchLimits,
): Promise<Tip> {
  const until = performance.now() + o.deadlineMs;
  const task = () => ({ ...o, remote, access, branch: tip.branch, deadlineMs: until - performance.now() });
  const state = await stateOf(mirror, tip);
  if (state !== "holds") {
    const refused = state === "damaged" ? DAMAGED : await fetchInto(mirror, task());
    if (refused?.fault === "remote") throw cannotFetch(refused, task());
    if (refused) await fetchAnew(mirror, tip.commit, task);
  }
  await tidyMirror(mirror.gitDir, task());
  const commit = readRef(mirror, `refs/heads/${tip.branch}`);
  if (commit === null) throw cannotFetch({ observed: "the mirror has no such branch afterwards" }, task());
  return { branch: tip.branch, commit, checkedOut: false };
}

/** `damaged`: the ref names the commit, but it or its top folder can't be read. */
async function stateOf(mirror: Checkout, { branch, commit }: { branch: string; commit: string }) {
  if (readRef(mirror, `refs/heads/${branch}`) !== commit) return "behind";
  return (await askGit(mirror.gitDir, "cat-file", "-e", `${commit}^{tree}`)).exitCode === 0 ? "holds" : "damaged";
}

/** Whose fault it is decides whether a new mirror would help. `either`: git's words don't tell. */
interface Refused {
  readonly fault: "remote" | "either";
  readonly observed: string;
}

const DAMAGED: Refused = { fault: "either", observed: "the mirror is damaged" };

// Words of git, curl and ssh that speak of the other side alone, and those of a disk that has no room for a new mirror either.
const NOT_OF_THE_MIRROR =
  /Could not read from remote repository|unable to access '|couldn't find remote ref|does not appear to be a git repository|dubious ownership|No space left on device|Disk quota exceeded/i;

async function fetchInto(mirror: Checkout, { remote, access, branch, ...limits }: Fetch): Promise<Refused | null> {
  const refspec = `+refs/heads/${branch}:refs/heads/${branch}`;
  // Reflogs keep what a force push takes away, so that "not a descendant" can still be told from "unknown".
  // The first time all comes as one pack: written as it arrives, not unpacked into a file for each object.
  const whole = readRef(mirror, `refs/heads/${branch}`) === null ? ["-c", "fetch.unpackLimit=1"] : [];
  const config = ["-c", "core.logAllRefUpdates=true", ...whole];
  const args = [...config, "fetch", "--quiet", ...FETCH_FLAGS, "--", remote.url, refspec];
  const answer = await runAgainstRemote({ gitDir: mirror.gitDir, args, access, ...limits });
  if ("exitCode" in answer && answer.exitCode === 0) return null;
  await clearLeftovers(mirror.gitDir);
  if ("silent" in answer) return { fault: "remote", observed: answer.silent };
  const observed = whyGitFailed(answer.stderr) || `git ended with ${answer.exitCode} and no word`;
  return { fault: NOT_OF_THE_MIRROR.test(answer.stderr) ? "remote" : "either", observed };
}

// No automatic gc: tidyMirror() does that. --update-shallow: a remote may itself be a shallow clone.
const FETCH_FLAGS = [
  "--no-tags",
  "--no-prune",
  "--no-recurse-submodules",
  "--no-auto-maintenance",
  "--no-write-commit-graph",
  "--no-write-fetch-head",
  "--update-shallow",
  "--upload-pack=git-upload-pack",
];

/** Fetches into a new mirror, which takes the place of the damaged one only when it has the branch. */
async function fetchAnew(mirror: Checkout, commit: string, task: () => Fetch): Promise<void> {
  const fresh = await makeAside(mirror.path, commit);
  const refused = await fetchInto(fresh, task());
  if (refused === null) {
    await putInPlace(fresh, mirror.path);
    return;
  }
  await dropAside(mirror.path);
  throw cannotFetch(refused, task());
}

function cannotFetch({ observed }: { observed: string }, { remote, branch }: Fetch): OpsFailure {
  return new OpsFailure("Could not fetch the branch", {
    observed: `${branch}: ${observed}`,
    where: printableUrl(remote.url),
  });
}
