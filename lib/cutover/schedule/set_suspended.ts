// Tells the cluster whether the CronJob is suspended, and overwrites nobody: what somebody changed since it was looked at is left as
// it is. A CronJob that runs has its status rewritten all the time; that is no change of anybody's.
import { OpsFailure } from "../../failure.ts";
import { type CronJobState, kubectl, runKubectl } from "../../kubernetes/cluster.ts";
import { waitUntil } from "../../wait_until.ts";
import { specDigest } from "./spec_digest.ts";
import { steady } from "./steady.ts";
import { theCronJob } from "./the_cron_job.ts";
import type { ScheduleWorld } from "./world.ts";

export interface Suspending {
  readonly suspend: boolean;
  /** All annotations that it is to have, from those that it has. */
  readonly annotations: (now: Readonly<Record<string, string>>) => Record<string, string>;
}

const DEADLINE_MS = 10_000;
const AGAIN_AFTER_MS = 50;

/** @throws OpsFailure (automation) when somebody else changed its spec meanwhile, or the cluster refuses */
export async function setSuspended(world: ScheduleWorld, { suspend, annotations }: Suspending): Promise<void> {
  const first = await theCronJob(world);
  const door = steady(world.cluster);
  const wait = { forWhat: "the CronJob to hold still", deadlineMs: DEADLINE_MS, intervalMs: AGAIN_AFTER_MS };
  let now: CronJobState = first;
  await waitUntil({ ...wait, signal: door.signal }, async () => {
    if (now.suspended === suspend) return { found: true };
    const { name, resourceVersion } = now;
    const change = { name, suspend, resourceVersion, annotations: annotations(now.annotations) };
    try {
      await runKubectl(door, kubectl.setSuspend(door, change));
      return { found: true };
    } catch (error) {
      now = await theCronJob(world);
      const moved = now.uid !== first.uid || specDigest(now) !== specDigest(first);
      if (!(error instanceof OpsFailure) || moved || now.resourceVersion === resourceVersion) throw error;
      return { seen: error.observed ?? error.message };
    }
  });
}
