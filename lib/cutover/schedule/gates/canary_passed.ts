// A Job from this very template has run once and done its work: image, rights, network and token are proven.
import { OpsFailure } from "../../../failure.ts";
import { passedCanary } from "../move_journal.ts";
import { specDigest } from "../spec_digest.ts";
import { type Gate, pass, refuse } from "./gate.ts";

export const canaryPassed: Gate = {
  id: "canary_passed",
  claim: "A canary has passed since the CronJob was changed last",
  remedy: "scripts/cutover.ts schedule canary",
  look: ({ cronJob, entries }) => {
    if (cronJob instanceof OpsFailure) throw cronJob;
    const canary = passedCanary(entries);
    if (canary === null) return refuse("the last canary did not pass, or there was none");
    if (cronJob === null || specDigest(cronJob) !== canary.spec)
      return refuse(`the CronJob was changed after the canary of ${canary.at}`);
    return pass(`it passed at ${canary.at}`);
  },
};
