// Publishes one commit, as a pure fast-forward of the very tip that it was built on. A remote that moved meanwhile, even
// backwards, keeps what it has: pushing then would bring back what somebody just took out, or a branch that was deleted.
import { OpsFailure } from "../failure.ts";
import type { Checkout } from "./checkout.ts";
import { isAncestor } from "./identity.ts";
import { askGit } from "./invocation.ts";
import { isBranchName, isObjectId } from "./names.ts";
import { judgePush, type Pushed } from "./push_answer.ts";
import type { Remote } from "./remote.ts";
import type { RemoteAccess } from "./remote_access.ts";
import { runAgainstRemote } from "./remote_git.ts";

export type { Pushed } from "./push_answer.ts";

export interface Push {
  readonly commit: string;
  /** The tip that the commit was built on: the remote's branch must stand there. */
  readonly parent: string;
  readonly branch: string;
  readonly deadlineMs: number;
}

/**
 * `<commit>:refs/heads/<branch>`, never forced. When it was pushed, the mirror's branch is the commit; else it is as before.
 * @throws OpsFailure when the commit does not come after `parent`, or git can't be started: nothing was pushed
 */
export async function pushCommit(mirror: Checkout, remote: Remote, access: RemoteAccess, o: Push): Promise<Pushed> {
  await checkPush(mirror, o);
  const ref = `refs/heads/${o.branch}`;
  // The lease never forces here, since the commit comes after `parent`. It adds that the remote must stand at `parent`:
  // git alone would be content with any ancestor of it, and with no branch at all.
  const args = ["push", ...PUSH_FLAGS, `--force-with-lease=${ref}:${o.parent}`, "--", remote.url, `${o.commit}:${ref}`];
  const trustingNobody = { ...access, env: access.pushEnv };
  const answer = await runAgainstRemote({
    gitDir: mirror.gitDir,
    args,
    access: trustingNobody,
    deadlineMs: o.deadlineMs,
  });
  if ("silent" in answer) return { state: "unreachable", observed: answer.silent };
  const pushed = judgePush(ref, answer);
  // Should this fail, the next run fetches what it has pushed: the mirror is behind, not wrong.
  if (pushed.state === "pushed") await askGit(mirror.gitDir, "update-ref", ref, o.commit);
  return pushed;
}

const PUSH_FLAGS = [
  "--porcelain",
  "--no-verify",
  "--no-signed",
  "--no-follow-tags",
  "--recurse-submodules=no",
  "--receive-pack=git-receive-pack",
];

async function checkPush(mirror: Checkout, { commit, parent, branch }: Push): Promise<void> {
  const named = isObjectId(commit) && isObjectId(parent) && isBranchName(branch);
  if (named && (await isAncestor(mirror, parent, commit))) return;
  throw new OpsFailure("Could not push the commit", {
    observed: named ? `${commit} does not come after ${parent}` : `${commit} to ${branch}`,
    expected: "a commit on top of the tip that was fetched",
    where: mirror.path,
  });
}
