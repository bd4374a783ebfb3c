// Publishes one commit, as a pure fast-forward of the very tip that it was built on. A remote that moved meanwhile, even
// backwards, keeps what it has: pushing then would bring back what somebody just took out, or a branch that was deleted.
import { OpsFailure } from "../../failure.ts";
import type { Checkout } from "../checkout.ts";
import { isBranchName, isObjectId } from "../names.ts";
import { judgePush, type Pushed } from "./push_answer.ts";
import type { Remote } from "./remote.ts";
import type { RemoteAccess } from "./remote_access.ts";
import { runAgainstRemote } from "./remote_git.ts";

export type { Pushed } from "./push_answer.ts";

export interface Push {
  /** Built on `parent` alone, as commitOffTree() has verified: the lease below would let any other commit through. */
  readonly commit: string;
  /** The tip that the remote's branch must stand at. */
  readonly parent: string;
  readonly branch: string;
  readonly deadlineMs: number;
}

/**
 * `<commit>:refs/heads/<branch>`, never forced. When it was pushed, the mirror's branch is the commit; else it is as before.
 * @throws OpsFailure for names that are none, or when git can't be started: nothing was pushed
 */
export async function pushCommit(mirror: Checkout, remote: Remote, access: RemoteAccess, o: Push): Promise<Pushed> {
  checkPush(mirror, o);
  const ref = `refs/heads/${o.branch}`;
  // The lease never forces here, since the commit comes after `parent`. It adds that the remote must stand at `parent`:
  // git alone would be content with any ancestor of it, and with no branch at all.
  const lease = `--force-with-lease=${ref}:${o.parent}`;
  const args = [...asRemote(remote), "push", ...PUSH_FLAGS, lease, "--", REMOTE, `${o.commit}:${ref}`];
  const trustingNobody = { ...access, env: access.pushEnv };
  const answer = await runAgainstRemote({
    gitDir: mirror.gitDir,
    args,
    access: trustingNobody,
    deadlineMs: o.deadlineMs,
  });
  if ("silent" in answer) return { state: "unreachable", observed: answer.silent };
  return judgePush(ref, answer);
}

const REMOTE = "swept";

/** A remote for this one command, of whose branches the mirror's are the copies: git itself moves them when it has pushed. */
function asRemote({ url }: Remote): string[] {
  return ["-c", `remote.${REMOTE}.url=${url}`, "-c", `remote.${REMOTE}.fetch=+refs/heads/*:refs/heads/*`];
}

const PUSH_FLAGS = [
  "--porcelain",
  "--no-verify",
  "--no-signed",
  "--no-follow-tags",
  "--recurse-submodules=no",
  "--receive-pack=git-receive-pack",
];

function checkPush(mirror: Checkout, { commit, parent, branch }: Push): void {
  if (isObjectId(commit) && isObjectId(parent) && isBranchName(branch)) return;
  throw new OpsFailure("Could not push the commit", {
    observed: `${commit} on ${parent} to ${branch}`,
    expected: "full ids of commits and the name of a branch",
    where: mirror.path,
  });
}
