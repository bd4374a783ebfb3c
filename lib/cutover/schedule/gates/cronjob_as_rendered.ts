// The cluster's CronJob is the one that was reviewed: what is edited in the cluster is gone with the next apply.
import { OpsFailure } from "../../../failure.ts";
import { applyManifests } from "../remedies.ts";
import { type Gate, pass, refuse } from "./gate.ts";

export const cronJobAsRendered: Gate = {
  id: "cronjob_as_rendered",
  claim: "The cluster has the CronJob as its manifest says, but for who it is suspended by",
  remedy: "kubectl diff -k k8s/apps",
  look: ({ cronJob, status, move }) => {
    if (cronJob instanceof OpsFailure) throw cronJob;
    const { unitName, cluster } = move.world;
    if (cronJob === null)
      return refuse(`the namespace ${cluster.namespace} has no CronJob ${unitName}`, applyManifests(move.world, false));
    const edited = status.findings.find(({ id }) => id === "cronjob_edited");
    if (edited !== undefined) return refuse(edited.says, edited.remedy);
    return pass(`${unitName} is as rendered`);
  },
};
