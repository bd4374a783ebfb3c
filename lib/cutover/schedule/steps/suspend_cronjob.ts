// Suspending the CronJob: it starts nothing any more, and what it has started runs on. Whoever else changed it since it was
// looked at is not overwritten.
import { kubectl } from "../../../kubernetes/cluster.ts";
import type { Step } from "../../../plan/run_steps.ts";
import type { Move } from "../move.ts";
import { setSuspended } from "../set_suspended.ts";
import { theCronJob } from "../the_cron_job.ts";
import { PARALLEL_SINCE } from "../world.ts";

/** Stands in a plan where the value is only known when the step is done. */
export const FILLED_IN_THEN = "<as it is then>";

export function suspendCronJob({ world }: Pick<Move, "world">): Step {
  const { cluster, unitName: name } = world;
  return {
    id: "suspend_cronjob",
    says: `The CronJob ${name} is suspended: it starts nothing more; a Job that runs is not ended`,
    commands: [kubectl.setSuspend(cluster, { name, suspend: true, resourceVersion: FILLED_IN_THEN, annotations: {} })],
    undo: "scripts/cutover.ts schedule canary --parallel, or schedule switch",
    look: async () => {
      const { suspended } = await theCronJob(world);
      return { done: suspended, evidence: { suspended } };
    },
    act: async () => {
      await setSuspended(world, { suspend: true, annotations: without });
    },
  };
}

/** Its annotations less the one of a declared parallel run. */
export function without(annotations: Readonly<Record<string, string>>): Record<string, string> {
  const { [PARALLEL_SINCE]: _, ...rest } = annotations;
  return rest;
}
