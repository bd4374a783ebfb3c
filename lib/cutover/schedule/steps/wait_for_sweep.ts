// Waiting for a sweep that still runs: neither the timer's service, nor a Job, nor anybody's hold on the sweeps' lock may be left
// when the schedule changes hands.
import { jobsOfCronJob } from "../../../kubernetes/job.ts";
import type { Look, Step } from "../../../plan/run_steps.ts";
import { unitState } from "../../../systemd/user_units.ts";
import { waitUntil } from "../../../wait_until.ts";
import { FLEET_LOCK, type Move } from "../move.ts";
import { type MoveTerms, timersOf } from "../move_terms.ts";
import { theCronJob } from "../the_cron_job.ts";

type Waiting = Pick<Move, "world" | "locks" | "activity" | "signal" | "progress">;

/** Beyond a sweep's own budget: until its service or its pod is ended, and somewhat more. */
const BEYOND_BUDGET_MS = 180_000;
const LOOK_EVERY_MS = 250;

/** @param holdsUntil the step that lets the next sweep run */
export function waitForSweep(
  move: Waiting,
  terms: Pick<MoveTerms, "timers" | "cluster_is_gone">,
  holdsUntil: "unsuspend_cronjob" | "enable_timer",
): Step {
  const { activity, signal, progress } = move;
  return {
    id: "wait_for_sweep",
    holdsUntil,
    says: "A sweep that runs is waited for: by its service, its Jobs, and the lock that every sweep holds",
    commands: [],
    undo: "nothing to undo: it only waits",
    look: () => lookForSweep(move, terms),
    act: async () => {
      const deadlineMs = activity.maxSeconds * 1_000 + BEYOND_BUDGET_MS;
      const wait = { forWhat: "the running sweep to end", deadlineMs, intervalMs: LOOK_EVERY_MS, signal };
      await waitUntil({ ...wait, hint: "scripts/state_hub.ts status" }, async () => {
        const { done, evidence } = await lookForSweep(move, terms);
        if (done) return { found: true };
        const seen = String(evidence.runs);
        progress(`waits for ${seen}`);
        return { seen };
      });
    },
  };
}

async function lookForSweep(move: Waiting, terms: Pick<MoveTerms, "timers" | "cluster_is_gone">): Promise<Look> {
  const running = [
    ...(await runningServices(move, timersOf(terms))),
    ...(terms.cluster_is_gone ? [] : await runningJobs(move)),
    ...(await holder(move)),
  ];
  return { done: running.length === 0, evidence: { runs: running.join(", ") || "none" } };
}

async function runningServices({ world }: Waiting, timers: readonly string[]): Promise<string[]> {
  const services = timers.map((timer) => timer.replace(/\.timer$/, ".service"));
  const states = await Promise.all(services.map((service) => unitState(world.units, service)));
  return states.filter(({ active }) => active !== "inactive" && active !== "failed").map(({ unit }) => unit);
}

async function runningJobs({ world }: Waiting): Promise<string[]> {
  const jobs = await jobsOfCronJob(world.cluster, await theCronJob(world));
  return jobs.filter(({ ended }) => ended === null).map(({ name }) => `Job ${name}`);
}

/** The lock is taken and given back: that it is free is not known otherwise. */
async function holder({ locks }: Waiting): Promise<string[]> {
  if (await locks.tryLock(FLEET_LOCK)) {
    await locks.unlock(FLEET_LOCK);
    return [];
  }
  const who = await locks.holderOf(FLEET_LOCK);
  if (who === null) return ["a sweep that holds the lock"];
  return [`a sweep of ${who.source} on ${who.host}, pid ${who.pid}, since ${who.since}`];
}
