// A run that is worked out, written down and rolled back: what it would do, for somebody to read before it is done.
import { describeFailure, OpsFailure } from "../../failure.ts";
import { checkFleet } from "../check_fleet.ts";
import type { CheckOptions } from "../check_options.ts";
import type { FleetResult } from "../run_ledger.ts";
import { type PlanBody, type SavedPlan, sealed } from "./plan_document.ts";
import { requireRoomForPlan, writePlanFile } from "./plan_file.ts";
import { storedScope } from "./plan_flags.ts";
import type { PlanWork } from "./plan_watch.ts";
import { planRecorder, type Recorder } from "./record_plan.ts";

export interface PlannedRun {
  readonly result: FleetResult;
  /** null when there is none: the report's `automation_error` says why. */
  readonly plan: SavedPlan | null;
}

/**
 * Makes the plan of a run and writes it to `file`.
 * @throws OpsFailure (usage) when the file is no place for a plan, or the scope is a path that is not registered; as checkFleet
 */
export async function makePlan(options: CheckOptions, file: string): Promise<PlannedRun> {
  requireRoomForPlan(file);
  let recorder: Recorder | undefined;
  const terms = { host: options.host, run: runOf(options), saved: null };
  const work: PlanWork = {
    applies: false,
    rehearse: () => {
      recorder = planRecorder(terms);
      return recorder;
    },
    perform: () => {
      throw new Error("a plan that is being made is not performed");
    },
  };
  const result = await checkFleet({ ...options, dryRun: true, plan: work });
  const why = incomplete(result);
  if (why !== null) return { result: refused(result, why), plan: null };
  if (recorder === undefined || result.report.automation_error !== null) return { result, plan: null };
  const plan = sealed(recorder.document());
  writePlanFile(file, plan);
  return { result, plan };
}

function runOf({ scope, remotes, full }: CheckOptions): PlanBody["run"] {
  const write_back = remotes?.writeBack ?? false;
  return { scope: storedScope(scope), remote: remotes !== null, full, write_back };
}

/** Half a plan would be applied as if it were the whole. */
function incomplete({ report }: FleetResult): OpsFailure | null {
  const { automation_error, lock_skipped, lock_holder, skipped_budget: left } = report;
  if (automation_error !== null || (!lock_skipped && left.length === 0)) return null;
  const who = lock_holder === null ? "another run" : `a run of ${lock_holder.source} on ${lock_holder.host}`;
  const observed = lock_skipped
    ? `${who} has the lock`
    : `${left.length} ${left.length === 1 ? "repository was" : "repositories were"} not reached: ${left.slice(0, 5).join(", ")}`;
  const hint = lock_skipped ? "Run it again when that run has ended" : "Run it again with a larger --max-seconds";
  return new OpsFailure("Could not make a whole plan", { observed, hint });
}

/** The same result as a C-00: nothing of the run failed, but it could not do what it was asked for. */
function refused(result: FleetResult, failure: OpsFailure): FleetResult {
  const automation_error = { check: "C-00" as const, message: describeFailure(failure), repo: null };
  return { ...result, report: { ...result.report, automation_error, exit_code: 2 }, hint: failure.hint ?? null };
}
