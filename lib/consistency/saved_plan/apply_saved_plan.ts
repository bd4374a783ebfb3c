// Does what a saved plan says, all of it and nothing else, or says what moved. The plan is worked out again over the hub and
// the files as they are now, and compared; only when both are the same does the run follow that writes.
import { checkFleet } from "../check_fleet.ts";
import type { CheckOptions } from "../check_options.ts";
import type { FleetResult } from "../run_ledger.ts";
import { holdToPlan } from "./hold_to_plan.ts";
import { planCommand } from "./plan_commands.ts";
import type { SavedPlan } from "./plan_document.ts";
import { PlanMoved } from "./plan_moved.ts";
import type { PlanWork } from "./plan_watch.ts";
import { planRecorder, type Recorder } from "./record_plan.ts";
import { whatMoved } from "./what_moved.ts";

/**
 * @param options of the run; scope and what is read follow from the plan
 * @param file where the plan came from, for the command that makes a new one
 * @returns a C-00 in the report, with nothing written, when anything moved; see checkFleet for what it throws
 */
export function applySavedPlan(
  options: Omit<CheckOptions, "scope" | "full" | "dryRun" | "plan">,
  plan: SavedPlan,
  file: string,
): Promise<FleetResult> {
  const hint = planCommand(plan.run, file);
  let recorder: Recorder | undefined;
  const work: PlanWork = {
    applies: true,
    rehearse: () => {
      recorder = planRecorder({ host: options.host, run: plan.run, saved: plan });
      return recorder;
    },
    perform: () => {
      if (recorder === undefined) throw new Error("a plan is rehearsed before it is applied");
      const moved = whatMoved(plan, recorder.document());
      if (moved.length > 0) throw new PlanMoved("Could not apply the plan", moved, hint);
      return holdToPlan(plan, hint);
    },
  };
  // Everything that the plan was computed from is read again, whether it seems to have changed or not.
  return checkFleet({ ...options, scope: plan.run.scope, full: true, dryRun: false, plan: work });
}
