// Unsuspending the CronJob at a moment at which it starts nothing by it: its controller would make up for a slot that was the
// timer's, and the sweep would run twice in it.
import { OpsFailure } from "../../../failure.ts";
import { kubectl } from "../../../kubernetes/cluster.ts";
import type { Step } from "../../../plan/run_steps.ts";
import { waitUntil } from "../../../wait_until.ts";
import { hubClock } from "../hub_clock.ts";
import type { Move } from "../move.ts";
import { safeMoment } from "../safe_moment.ts";
import { setSuspended } from "../set_suspended.ts";
import { theCronJob } from "../the_cron_job.ts";
import { PARALLEL_SINCE } from "../world.ts";
import { FILLED_IN_THEN, without } from "./suspend_cronjob.ts";

type Unsuspending = Pick<Move, "world" | "hub" | "grid" | "signal" | "progress">;

/** More than any wait for a moment on a grid that has one. */
const LONGEST_WAIT_MS = 25 * 3_600_000;
const LOOK_EVERY_MS = 200;

/** @param parallel it is declared as one of two schedules that run side by side */
export function unsuspendCronJob(move: Unsuspending, { parallel }: { readonly parallel: boolean }): Step {
  const { world, hub } = move;
  const { cluster, unitName: name } = world;
  const shown = parallel ? { [PARALLEL_SINCE]: FILLED_IN_THEN } : {};
  return {
    id: "unsuspend_cronjob",
    says: `The CronJob ${name} is unsuspended, at a moment at which it makes up for no slot; the next one is its first`,
    commands: [
      kubectl.setSuspend(cluster, { name, suspend: false, resourceVersion: FILLED_IN_THEN, annotations: shown }),
    ],
    undo: parallel ? "scripts/cutover.ts schedule canary --parallel --end" : "scripts/cutover.ts schedule rollback",
    look: async () => {
      const { suspended } = await theCronJob(world);
      return { done: !suspended, evidence: { suspended, hub_time: (await hubClock(hub.sql)).toISOString() } };
    },
    act: async () => {
      await waitForMoment(move);
      const since = parallel ? { [PARALLEL_SINCE]: (await hubClock(hub.sql)).toISOString() } : {};
      await setSuspended(world, { suspend: false, annotations: (now) => ({ ...without(now), ...since }) });
    },
  };
}

async function waitForMoment({ world, hub, grid, signal, progress }: Unsuspending): Promise<void> {
  const { spec } = await theCronJob(world);
  const deadline = spec.startingDeadlineSeconds;
  const startingDeadlineSeconds = typeof deadline === "number" ? deadline : null;
  const wait = { forWhat: "a moment to unsuspend the CronJob", deadlineMs: LONGEST_WAIT_MS, intervalMs: LOOK_EVERY_MS };
  await waitUntil({ ...wait, signal }, async () => {
    const moment = safeMoment({ grid, startingDeadlineSeconds, now: await hubClock(hub.sql) });
    if (moment.ok) return { found: true };
    if (moment.waitUntil === null) throw noMoment(moment.why);
    progress(`waits until ${moment.waitUntil.toISOString()} to unsuspend the CronJob: ${moment.why}`);
    return { seen: moment.why };
  });
}

function noMoment(why: string): OpsFailure {
  return new OpsFailure("Could not find a moment to unsuspend the CronJob", {
    observed: why,
    expected: "a starting deadline that is shorter than the time between two slots",
    hint: "scripts/activity_definitions.ts check",
  });
}
