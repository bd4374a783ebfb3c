// The proof that the schedule has the one owner that it should have: everything that could fire is asked again.
import { OpsFailure } from "../../../failure.ts";
import type { Step } from "../../../plan/run_steps.ts";
import type { Move } from "../move.ts";
import { forCluster } from "../own_commands.ts";
import type { ScheduleVerdict } from "../sight.ts";
import { lookAtSchedule } from "../status.ts";

export function proveOneOwner({ world }: Pick<Move, "world">, wanted: ScheduleVerdict): Step {
  const look = async () => {
    const { verdict, owners } = await lookAtSchedule(world);
    const enabled = owners.filter((each) => each.enabled !== false).map(({ name }) => name);
    return { done: verdict === wanted, evidence: { verdict, enabled } };
  };
  return {
    id: "prove_one_owner",
    says: `Everything that could start a sweep by schedule is asked again: it must be ${WORDS[wanted]}`,
    commands: [],
    undo: "nothing to undo: it only looks",
    look,
    act: async () => {
      const { done, evidence } = await look();
      if (done) return;
      throw new OpsFailure("Could not prove who owns the schedule", {
        observed: `${String(evidence.verdict)}: ${(evidence.enabled as string[]).join(", ") || "nothing is enabled"}`,
        expected: WORDS[wanted],
        hint: forCluster(world.cluster, "scripts/cutover.ts schedule status"),
      });
    },
  };
}

const WORDS: Readonly<Record<ScheduleVerdict, string>> = {
  timer: "the timer alone",
  cronjob: "the CronJob alone",
  parallel: "the timer and the CronJob, side by side by intention",
  foreign: "a cron line",
  none: "nobody",
  both: "two at once",
  unknown: "unknown",
};
