// The sweep's CronJob as the cluster has it now, for steps that can't do without one.
import { OpsFailure } from "../../failure.ts";
import { type CronJobState, cronJobState } from "../../kubernetes/cluster.ts";
import { applyManifests } from "./remedies.ts";
import type { ScheduleWorld } from "./world.ts";

/** @throws OpsFailure (automation) when there is none, or it can't be asked for */
export async function theCronJob({
  cluster,
  unitName,
}: Pick<ScheduleWorld, "cluster" | "unitName">): Promise<CronJobState> {
  const state = await cronJobState(cluster, unitName);
  if (state !== null) return state;
  throw new OpsFailure("Could not find the CronJob", {
    observed: `the cluster has none called ${unitName} in the namespace ${cluster.namespace}`,
    expected: "the manifests of k8s/apps to be applied",
    hint: applyManifests({ cluster }, false),
  });
}
