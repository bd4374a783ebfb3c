// The cluster can be told to stop. Where it can't be asked, going back would leave a CronJob that comes to life with it: that is a
// person's decision, said aloud.
import { describeFailure, OpsFailure } from "../../../failure.ts";
import { forCluster } from "../own_commands.ts";
import { applyManifests } from "../remedies.ts";
import { type Gate, pass, refuse, unknown } from "./gate.ts";

const GO_BACK = "scripts/cutover.ts schedule rollback";
const SAY_SO = `${GO_BACK} --cluster-is-gone`;

export const clusterCanBeTold: Gate = {
  id: "cluster_can_be_told",
  claim: "The cluster answers, so that its CronJob can be suspended",
  remedy: "kubectl cluster-info",
  look: ({ cronJob, terms, move }) => {
    const { cluster } = move.world;
    const away = cronJob instanceof OpsFailure;
    if (away && terms.cluster_is_gone)
      return pass(`IT DOES NOT, and is said to be gone: its CronJob is NOT suspended (${describeFailure(cronJob)})`);
    if (away)
      return unknown(
        describeFailure(cronJob),
        `${cronJob.hint ?? "kubectl cluster-info"}, or, if it is gone for good: ${forCluster(cluster, SAY_SO)}`,
      );
    if (terms.cluster_is_gone)
      return refuse("the cluster answers: nothing need be left undone", forCluster(cluster, GO_BACK));
    if (cronJob === null)
      return refuse(
        `the cluster has no CronJob ${move.world.unitName}: is it the right one?`,
        `kubectl config get-contexts, and, where it is: ${applyManifests(move.world, false)}`,
      );
    return pass("it answers");
  },
};
