// What happens in the world of the schedule's runbook between two of its commands: schedules that fire, the days of a side-by-side
// run, a cluster that goes away.
import { SWEEP_DEFINITION_ID } from "../../lib/activity/activity_run.ts";
import { cronJobState } from "../../lib/kubernetes/cluster.ts";
import { argsOf, createJob, jobFrom } from "../../lib/kubernetes/job.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import { CLEANUP, type ScheduleRunbookWorld, SWEEP } from "./schedule_runbook.ts";

export const SOURCES = ["local-timer", "k8s-cronjob"] as const;

/** The reason of a run that nobody ran. */
const COPIED = "copied by a test";

/** Away from slots: a sweep that a schedule starts holds the lock that a canary wants. */
export async function awayFromSlot(periodSeconds: number): Promise<void> {
  await waitUntil({ forWhat: "a moment between two slots", deadlineMs: 60_000 }, () => {
    const since = (Date.now() / 1_000) % periodSeconds;
    const between = since > 5 && since < periodSeconds - 12;
    return between ? { found: true } : { seen: `${Math.round(since)} s after a slot` };
  });
}

/** How many slots of a source have a run that succeeded. */
export async function slotsSwept({ hub }: ScheduleRunbookWorld, source: string): Promise<number> {
  const [row] = await hub.database.sql<{ n: number }[]>`
    select count(*)::int as n from activity.activity_runs
    where source = ${source} and scheduled_for is not null and status = 'succeeded'`;
  return row?.n ?? 0;
}

/**
 * The slots of the last hours in which nothing ran get a copy of the source's own newest run that succeeded: nobody can wait for
 * days in a test.
 */
export async function fillHours({ hub }: ScheduleRunbookWorld, hours: number, periodSeconds: number): Promise<void> {
  for (const source of SOURCES)
    await hub.database.sql`
      with own as (
        select * from activity.activity_runs
        where source = ${source} and status = 'succeeded' and scheduled_for is not null order by scheduled_for desc limit 1
      ), slots as (
        select generate_series(
          date_bin(make_interval(secs => ${periodSeconds}), now() - make_interval(hours => ${hours}), '2000-01-01'), now(),
          make_interval(secs => ${periodSeconds})) as slot
      )
      insert into activity.activity_runs
        (run_id, definition_id, source, scheduled_for, fired_at, finished_at, status, reason, attempts, context_snapshot)
      select gen_random_uuid(), ${SWEEP_DEFINITION_ID}::uuid, source, slot, slot + interval '1 second', slot + interval '2 seconds',
        status, ${COPIED}, 1, context_snapshot
      from own, slots where slot < own.scheduled_for
      on conflict do nothing`;
}

/** The cleanup's timer, as its unit's first lines have it. */
export async function installCleanup({ manager, toolkit }: ScheduleRunbookWorld): Promise<void> {
  const units = ["service", "timer"].map((kind) => `${toolkit}/systemd/active/${CLEANUP}.${kind}`);
  for (const argv of [
    ["link", ...units],
    ["enable", "--now", `${CLEANUP}.timer`],
  ]) {
    const { exitCode, stderr } = await manager.systemctl(...argv);
    if (exitCode !== 0) throw new Error(stderr);
  }
}

/** One real run of each schedule, by hand, in the slot that it is: systemd's own start, and a Job of the CronJob's own template. */
export async function bothRunOnce(world: ScheduleRunbookWorld): Promise<void> {
  await awayFromSlot(15 * 60);
  const { exitCode, stderr } = await world.manager.systemctl("start", `${SWEEP}.service`);
  if (exitCode !== 0) throw new Error(stderr);
  await ranOnce(world, "local-timer");
  const cluster = world.api.door();
  const cronJob = await cronJobState(cluster, SWEEP);
  if (cronJob === null) throw new Error(`there is no CronJob ${SWEEP}`);
  await createJob(cluster, jobFrom(cronJob, { name: `${SWEEP}-by-hand`, args: argsOf(cronJob) }));
  await ranOnce(world, "k8s-cronjob");
}

async function ranOnce(world: ScheduleRunbookWorld, source: string): Promise<void> {
  await waitUntil({ forWhat: `a run of ${source}`, deadlineMs: 30_000 }, async () =>
    (await slotsSwept(world, source)) > 0 ? { found: true } : { seen: "none" },
  );
}

/** Slots in which each schedule started a sweep: those of a side-by-side run, or a run too many. */
export async function slotsOfBoth({ hub }: ScheduleRunbookWorld): Promise<Date[]> {
  const rows = await hub.database.sql<{ slot: Date }[]>`
    select scheduled_for as slot from activity.activity_runs
    where scheduled_for is not null and reason is distinct from ${COPIED} and source in ('local-timer', 'k8s-cronjob')
    group by scheduled_for having count(*) > 1 order by 1`;
  return rows.map(({ slot }) => slot);
}
