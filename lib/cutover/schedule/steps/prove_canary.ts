// What the canary came to: by the Job, that it ended, and by the hub, what its run did. A Job that is complete proves a container's
// exit code and nothing else.
import { OpsFailure } from "../../../failure.ts";
import { jobState } from "../../../kubernetes/job.ts";
import type { Step } from "../../../plan/run_steps.ts";
import { waitUntil } from "../../../wait_until.ts";
import type { Move } from "../move.ts";
import type { MoveTerms } from "../move_terms.ts";
import { describeJob, readLog } from "../remedies.ts";
import { type ToldRun, toldRun } from "../schedule_runs.ts";
import { canaryName } from "./create_canary.ts";

type Proving = Pick<Move, "world" | "hub" | "activity" | "signal" | "progress">;

/** Beyond the run's own budget: a pod, its image, and its end. */
const BEYOND_BUDGET_MS = 180_000;
const LOOK_EVERY_MS = 500;

export function proveCanary(move: Proving, terms: Pick<MoveTerms, "run_id">): Step {
  const { world, hub, activity, signal, progress } = move;
  const name = canaryName(world, terms);
  const ended = async () => {
    const job = await jobState(world.cluster, name);
    return job?.ended ?? null;
  };
  return {
    id: "prove_canary",
    says: `The Job ${name} is followed to its end, and its run is looked up in the hub by its id ${terms.run_id}`,
    commands: [],
    undo: "nothing to undo: it only looks",
    look: async () => {
      const [job, run] = [await ended(), await toldRun(hub.sql, terms.run_id)];
      return {
        done: job !== null,
        evidence: { job: job ?? "not ended", ...canaryVerdict(job, run, readLog(world, name)) },
      };
    },
    act: async () => {
      const deadlineMs = activity.maxSeconds * 1_000 + BEYOND_BUDGET_MS;
      const wait = { forWhat: `the Job ${name} to end`, deadlineMs, intervalMs: LOOK_EVERY_MS, signal };
      await waitUntil({ ...wait, hint: describeJob(world, name) }, async () => {
        const job = await jobState(world.cluster, name);
        if (job === null) throw new OpsFailure(`Could not follow the Job ${name}`, { observed: "it is gone" });
        if (job.ended !== null) return { found: true };
        progress(`waits for the Job ${name}: ${job.active} pods at work`);
        return { seen: `${job.active} pods at work` };
      });
    },
  };
}

export interface CanaryVerdict {
  /** `again`: another sweep held the lock, and nothing was learnt. */
  readonly outcome: "passed" | "failed" | "again" | "unknown";
  readonly says: string;
}

/**
 * @param run what the hub knows of it; null: nothing
 * @param log the command that shows what its pod said
 */
export function canaryVerdict(job: "complete" | "failed" | null, run: ToldRun | null, log: string): CanaryVerdict {
  if (job === null) return { outcome: "unknown", says: "its Job has not ended" };
  if (run === null)
    return job === "failed"
      ? { outcome: "failed", says: `its Job failed, and the hub knows of no run with its id; its log: ${log}` }
      : {
          outcome: "unknown",
          says: `its Job is complete, and this hub knows of no run with its id. It may have stepped aside, or called another hub: read the Job's log: ${log}`,
        };
  if (run.automation_error !== null) return { outcome: "failed", says: `its run failed: ${run.automation_error}` };
  if (run.lock_skipped) return { outcome: "again", says: "another sweep held the lock: nothing was learnt, try again" };
  if (job === "failed") return { outcome: "failed", says: `its run ended with ${run.exit_code}, and its Job failed` };
  return { outcome: "passed", says: `its Job is complete, and its run ended with ${run.exit_code}` };
}
