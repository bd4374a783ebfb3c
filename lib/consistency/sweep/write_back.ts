// The way back into the files: one commit for a repository and a run, on top of the tip that was read, that changes the
// hub's own values and nothing else. It is published or it never was: a refused push leaves nothing behind, and what it
// should have said stays noted.
import { advanceCheckout } from "../../git/advance/advance_checkout.ts";
import { commitOffTree } from "../../git/commit_off_tree.ts";
import { pushCommit } from "../../git/remote/push.ts";
import type { RepoFiles } from "../repo_files.ts";
import type { RepoReading } from "../repo_reading.ts";
import type { Sighting } from "../sight.ts";
import type { Correction, RefusedEdit } from "./correction.ts";
import { type EditedFile, editFiles, readAgain } from "./edited_files.ts";
import type { Reach } from "./reach.ts";

const PUSH_MS = 60_000;

export interface WriteBackInput {
  readonly sighting: Sighting;
  readonly reading: RepoReading;
  readonly files: RepoFiles;
  readonly corrections: readonly Correction[];
  readonly reach: Reach;
  readonly runId: string;
  /** Asked immediately before something leaves this host. @throws when the run may not go on */
  readonly prove: () => Promise<void>;
}

export interface WriteBackResult {
  readonly refused: readonly RefusedEdit[];
  readonly outcome:
    | { readonly state: "nothing" }
    /** What the files say now, at the commit that was published. */
    | { readonly state: "published"; readonly reading: RepoReading; readonly corrections: number }
    /** `raced`: somebody pushed meanwhile, and the next run starts from there. */
    | { readonly state: "raced" | "failed"; readonly observed: string };
}

/** @throws OpsFailure when the commit cannot be made, or what `prove` threw; nothing has left this host then */
export async function writeBack(input: WriteBackInput): Promise<WriteBackResult> {
  const { reading, sighting, runId } = input;
  const { edited, refused } = editFiles(input, input.corrections);
  if (edited.length === 0) return { refused, outcome: { state: "nothing" } };
  const message = commitMessage(edited, runId);
  const commit = await commitOffTree(sighting.checkout, { parent: reading.commit, files: edited, message });
  if (commit === null) return { refused, outcome: { state: "nothing" } };
  await input.prove();
  const published = await publish(commit, input);
  if (published !== null) return { refused, outcome: published };
  const corrections = edited.reduce((sum, file) => sum + file.corrections, 0);
  return { refused, outcome: { state: "published", reading: readAgain(reading, commit, edited), corrections } };
}

/** @returns null when it is where it belongs */
async function publish(
  commit: string,
  { sighting, reading, reach }: WriteBackInput,
): Promise<{ state: "raced" | "failed"; observed: string } | null> {
  const { checkout: mirror, tip, remote } = sighting;
  if (remote === null) throw new Error("a local reading is never written back");
  if (remote.own !== null) {
    const advance = await advanceCheckout(remote.own.path, { branch: tip.branch, commit, mirror, ownRemote: true });
    if (advance.state !== "left") return null;
    return { state: advance.code === "raced" ? "raced" : "failed", observed: advance.observed };
  }
  const to = { commit, parent: reading.commit, branch: tip.branch, deadlineMs: PUSH_MS };
  const pushed = await pushCommit(mirror, remote.remote, reach.access, to);
  if (pushed.state === "pushed") return null;
  return { state: pushed.state === "raced" ? "raced" : "failed", observed: pushed.observed };
}

function commitMessage(edited: readonly EditedFile[], runId: string): string {
  const count = edited.reduce((sum, { corrections }) => sum + corrections, 0);
  const subject = `Sync ${count} ${count === 1 ? "value" : "values"} of the State Hub into ${edited.length} ${edited.length === 1 ? "workplan" : "workplans"}`;
  return `${subject}\n\nState-Hub-Sync: ${runId}\n`;
}
