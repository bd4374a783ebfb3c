import type { Check } from "../check.ts";
import { openConflicts } from "./conflict_observations.ts";

export const workplanDrift: Check = {
  id: "C-10",
  name: "workplan_drift",
  severity: "warning",
  proves: "nobody changed in the hub what only a workplan's file may say",
  fix: "Read both values with explain; to have the other one, write it into the file",
  inHub: (sql, repoIds) => openConflicts(sql, repoIds, "workstream", (field) => field !== "status"),
};
