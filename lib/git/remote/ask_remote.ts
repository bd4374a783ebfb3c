// What a remote's default branch is and where it stands, by one process: for an unchanged repository this is all that a
// sweep does, so it is the hot path of every run.
import { whyGitFailed } from "../git_says.ts";
import { isBranchName, isObjectId } from "../names.ts";
import type { Remote } from "./remote.ts";
import type { RemoteAccess } from "./remote_access.ts";
import { runAgainstRemote } from "./remote_git.ts";

/** `no_branch`: it answered, but there is no default branch to read. `unreachable`: what it has is unknown. */
export type Asked =
  | { readonly state: "tip"; readonly branch: string; readonly commit: string }
  | { readonly state: "no_branch"; readonly observed: string }
  | { readonly state: "unreachable"; readonly observed: string };

const HEADS = "refs/heads/";

/**
 * The tip of the branch that the remote's HEAD names (a renamed default branch is followed), else of `knownBranch`, the
 * one that was read before. No branch is guessed.
 * @throws OpsFailure when git can't be started; the signal's reason when it was aborted
 */
export async function askRemote(
  remote: Remote,
  access: RemoteAccess,
  o: { readonly knownBranch: string | null; readonly deadlineMs: number; readonly signal?: AbortSignal },
): Promise<Asked> {
  // All branches are listed (git fetches the whole list anyway), so that an empty remote can be told from a HEAD that
  // names nothing, and no branch name comes near a pattern.
  const args = ["ls-remote", "--symref", "--upload-pack=git-upload-pack", "--", remote.url, "HEAD", `${HEADS}*`];
  const answer = await runAgainstRemote({ gitDir: "/dev/null", args, access, ...o });
  if ("silent" in answer) return { state: "unreachable", observed: answer.silent };
  if (answer.exitCode !== 0) {
    const observed = whyGitFailed(answer.stderr) || `git ended with ${answer.exitCode} and no word`;
    return { state: "unreachable", observed };
  }
  return judge(answer.stdout, o.knownBranch);
}

function judge(listing: string, knownBranch: string | null): Asked {
  const { named, ids } = parse(listing);
  const byHead = named === null ? null : tipOf(named, ids);
  if (byHead) return byHead;
  const known = knownBranch === null ? null : tipOf(`${HEADS}${knownBranch}`, ids);
  if (known) return known;
  const observed = ids.size === 0 ? "the remote is empty" : "its HEAD names no branch that exists";
  const gone = knownBranch === null || ids.size === 0 ? "" : `, and ${knownBranch} is gone`;
  return { state: "no_branch", observed: `${observed}${gone}` };
}

function tipOf(ref: string, ids: ReadonlyMap<string, string>): Asked | null {
  const commit = ids.get(ref);
  const branch = ref.slice(HEADS.length);
  return commit !== undefined && ref.startsWith(HEADS) && isBranchName(branch)
    ? { state: "tip", branch, commit }
    : null;
}

/** git-ls-remote(1), OUTPUT: `<id>\t<ref>`; with --symref also `ref: <target>\t<ref>`. */
function parse(listing: string): { named: string | null; ids: Map<string, string> } {
  const ids = new Map<string, string>();
  let named: string | null = null;
  for (const line of listing.split("\n")) {
    const tab = line.indexOf("\t");
    const value = line.slice(0, Math.max(tab, 0));
    const ref = line.slice(tab + 1);
    if (ref === "HEAD" && value.startsWith("ref: ")) named = value.slice("ref: ".length);
    else if (isObjectId(value)) ids.set(ref, value);
  }
  return { named, ids };
}
