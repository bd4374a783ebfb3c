// Who owns the schedule, from what was seen (pure). Two that fire are two also when a third could not be asked; one that fires
// is the owner only when all others were asked.
import type { OwnerSight, ScheduleVerdict } from "./sight.ts";

/** @param parallelSince what the CronJob says of a run side by side; null: nothing */
export function verdictOf(owners: readonly OwnerSight[], parallelSince: string | null): ScheduleVerdict {
  const firing = owners.filter(({ enabled }) => enabled === true).map(({ id }) => id);
  const asked = owners.every(({ enabled }) => enabled !== null);
  const besides = firing.filter((id) => id !== "cronjob");
  const declared = parallelSince !== null && firing.length === 2 && besides.length === 1 && besides[0] !== "cron";
  if (firing.length > 1 && !declared) return "both";
  if (!asked) return "unknown";
  if (declared) return "parallel";
  const [only] = firing;
  return only === undefined ? "none" : OF_ONE[only];
}

const OF_ONE = { timer: "timer", old_timer: "timer", cron: "foreign", cronjob: "cronjob" } as const satisfies Record<
  OwnerSight["id"],
  ScheduleVerdict
>;
