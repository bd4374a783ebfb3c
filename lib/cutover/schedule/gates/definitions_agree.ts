// File, unit, CronJob and table say the same schedule and the same budget, and the activity is enabled.
import type { Gate } from "./gate.ts";

export const definitionsAgree: Gate = {
  id: "definitions_agree",
  claim: "The activity's definition is enabled, and its unit, its CronJob and the hub's table say what it says",
  remedy: "scripts/activity_definitions.ts check",
  look: ({ move }) => move.judges.definitionsAgree(),
};
