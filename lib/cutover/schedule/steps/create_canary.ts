// The canary: one Job from the CronJob's own template, by hand. It proves image, rights, network and token before a schedule
// depends on them.

import { kubectl } from "../../../kubernetes/cluster.ts";
import { argsOf, createJob, jobFrom, jobState } from "../../../kubernetes/job.ts";
import type { Step } from "../../../plan/run_steps.ts";
import type { Move } from "../move.ts";
import type { MoveTerms } from "../move_terms.ts";
import { steady } from "../steady.ts";
import { theCronJob } from "../the_cron_job.ts";

type Canary = Pick<MoveTerms, "run_id">;

/** "state-hub-consistency-sweep-canary-4f3a9c01" */
export function canaryName({ unitName }: Pick<Move["world"], "unitName">, { run_id }: Canary): string {
  return `${unitName}-canary-${run_id.slice(-8)}`;
}

/** The template's arguments, as a person's run under an id that is known beforehand: it takes no slot of the schedule. */
function canaryArgs(args: readonly string[], { run_id }: Canary): string[] {
  const at = args.indexOf("--source");
  const rest = at === -1 ? [...args] : args.toSpliced(at, 2);
  return [...rest, "--source", "manual", "--run-id", run_id];
}

export function createCanary({ world }: Pick<Move, "world">, terms: Canary): Step {
  const { cluster } = world;
  const name = canaryName(world, terms);
  return {
    id: "create_canary",
    says: `One Job, ${name}, is made from the CronJob's own template, and runs the sweep once as a person's`,
    commands: [kubectl.createJob(cluster)],
    undo: kubectl.deleteJob(cluster, name).join(" "),
    look: async () => ({
      done: (await jobState(cluster, name)) !== null,
      evidence: { job: name, run_id: terms.run_id },
    }),
    act: async () => {
      const cronJob = await theCronJob(world);
      await createJob(steady(cluster), jobFrom(cronJob, { name, args: canaryArgs(argsOf(cronJob), terms) }));
    },
  };
}
