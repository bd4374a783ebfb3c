// One run of git that talks to a remote. A remote that does not answer is a finding about that remote, not an error of
// ours: so both come back as values, and only what is wrong on this machine is thrown.
import { OpsFailure } from "../../failure.ts";
import { type RunResult, run } from "../../process/run.ts";
import { gitArgv } from "../invocation.ts";
import type { RemoteAccess } from "./remote_access.ts";

export interface RemoteRun {
  /** The repository that git works in; "/dev/null" for none. */
  readonly gitDir: string;
  readonly args: readonly string[];
  readonly access: RemoteAccess;
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** `silent`: git had to be ended. What the remote had done by then is not known. */
export type RemoteRunResult = RunResult | { readonly silent: string };

// A list of 100,000 branches takes half of it; more is a remote that wants to fill the memory.
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** @throws OpsFailure when git can't be started here; the signal's reason when it was aborted */
export async function runAgainstRemote(o: RemoteRun): Promise<RemoteRunResult> {
  if (o.deadlineMs <= 0) return { silent: "no time was left to ask" };
  try {
    return await run(gitArgv(o.gitDir, ...o.args), {
      // Wherever we were started: the folder may be gone, or somebody else's.
      cwd: "/",
      env: o.access.env,
      deadlineMs: o.deadlineMs,
      maxOutputBytes: MAX_OUTPUT_BYTES,
      ...(o.signal === undefined ? {} : { signal: o.signal }),
    });
  } catch (error) {
    const ended = error instanceof OpsFailure && error.cause === undefined;
    if (!ended) throw error;
    return { silent: wordsFor(error, o.deadlineMs) };
  }
}

function wordsFor({ observed = "" }: OpsFailure, deadlineMs: number): string {
  if (!observed.startsWith("still running")) return `its answer had ${observed}`;
  const said = observed.split(", last said: ")[1];
  const within = `no answer within ${Math.round(deadlineMs / 100) / 10} s`;
  return said ? `${within}; git last said: ${said}` : within;
}
