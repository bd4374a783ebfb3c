// When the CronJob controller starts a Job. Told again from kubernetes/kubernetes, pkg/controller/cronjob: syncCronJob() in
// cronjob_controllerv2.go, mostRecentScheduleTime() and nextScheduleTimeDuration() in utils.go (v1.32). What matters to a move:
// a slot that was missed while it was suspended is made up for at once when it is younger than the starting deadline.
import type { CronGrid } from "../../lib/schedule/cron_grid.ts";

export interface CronFacts {
  readonly suspended: boolean;
  readonly createdAt: Date;
  readonly lastScheduleTime: Date | null;
  readonly startingDeadlineSeconds: number | null;
  readonly forbid: boolean;
  /** Jobs of its own that run. */
  readonly active: number;
}

/** `lookAgain`: by itself; null: only when something changes. */
export interface CronDecision {
  readonly start: Date | null;
  readonly lookAgain: Date | null;
  readonly why: string;
}

/** nextScheduleDelta in cronjob_controllerv2.go. */
const DELTA_MS = 100;

export function decideCronJob(facts: CronFacts, grid: CronGrid, now: Date): CronDecision {
  if (facts.suspended) return { start: null, lookAgain: null, why: "suspended" };
  const next = grid.nextAfter(now);
  const lookAgain = next === null ? null : new Date(next.getTime() + DELTA_MS);
  const slot = unmetSlot(facts, grid, now);
  if (slot === null) return { start: null, lookAgain, why: "no unmet start time" };
  // Not its last: the slot is missed for now, and may be made up for when the Job that runs has ended.
  if (facts.forbid && facts.active > 0) return { start: null, lookAgain, why: "a Job runs" };
  return { start: slot, lookAgain, why: "due" };
}

/** The newest slot after the last one that was started, or its creation, and after now less the starting deadline. */
function unmetSlot({ createdAt, lastScheduleTime, startingDeadlineSeconds }: CronFacts, grid: CronGrid, now: Date) {
  const begun = (lastScheduleTime ?? createdAt).getTime();
  const deadline = startingDeadlineSeconds === null ? 0 : now.getTime() - startingDeadlineSeconds * 1_000;
  const slot = grid.slotAt(now);
  return slot !== null && slot.getTime() > Math.max(begun, deadline) ? slot : null;
}
