// What a remote made of a push, from what git printed. Three ends call for three reactions: another was faster (read again,
// soon), the remote does not want it (tell a person), nobody answered (later).
import { remoteSays, whyGitFailed } from "../git_says.ts";

export type Pushed =
  | { readonly state: "pushed" }
  /** The branch is not where it was read: nothing was changed by us. */
  | { readonly state: "raced"; readonly observed: string }
  /** The remote said no: a hook, a protected branch, a right, a quota, a full disk. */
  | { readonly state: "refused"; readonly observed: string }
  /** No answer, or none to be understood. Whether it took the commit is told by asking it again. */
  | { readonly state: "unreachable"; readonly observed: string };

export interface PushOutput {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

// Reasons that the other side gives when the ref moved between its listing and its update.
const MOVED =
  /non-fast-forward|fetch first|stale info|incorrect old value|reference already exists|is at [0-9a-f]+ but expected|unable to resolve reference/;
// It answered, and that answer is no: forges say so before there is any report on a ref.
const NO_RIGHT =
  /returned error: (401|403)|denied to|not allowed to push|read[- ]only|write access|insufficient permission|quota|protected|No space left on device/i;

/** @param ref the full name of the ref that was to be moved */
export function judgePush(ref: string, { exitCode, stdout, stderr }: PushOutput): Pushed {
  const report = reportOn(ref, stdout);
  if (report === null) return withoutReport(exitCode, stderr);
  // git-push(1), OUTPUT: a space for a fast-forward, `=` for a ref that was there already.
  if ((report.flag === " " || report.flag === "=") && exitCode === 0) return { state: "pushed" };
  const [, by = "", reason = ""] = /^\[(.+?)\](?: \((.*)\))?$/s.exec(report.summary) ?? [];
  const why = reason || report.summary;
  if (by === "rejected") return { state: "raced", observed: why };
  if (by !== "remote rejected") return { state: "unreachable", observed: why };
  const said = remoteSays(stderr);
  const observed = said === "" ? why : `${why}: ${said}`;
  return { state: MOVED.test(observed) ? "raced" : "refused", observed };
}

function withoutReport(exitCode: number, stderr: string): Pushed {
  const observed = whyGitFailed(stderr) || `git ended with ${exitCode} and told nothing of the branch`;
  return { state: exitCode !== 0 && NO_RIGHT.test(stderr) ? "refused" : "unreachable", observed };
}

/** git-push(1), --porcelain: `<flag>\t<from>:<to>\t<summary> (<reason>)`. */
function reportOn(ref: string, stdout: string): { flag: string; summary: string } | null {
  for (const line of stdout.split("\n")) {
    const [flag = "", refs = "", summary = ""] = line.split("\t");
    if (flag.length === 1 && refs.endsWith(`:${ref}`)) return { flag, summary };
  }
  return null;
}
