import type { Check } from "../check.ts";
import { openConflicts } from "./conflict_observations.ts";

export const workplanStatusDrift: Check = {
  id: "C-11",
  name: "workplan_status_drift",
  severity: "warning",
  proves: "file and hub did not both change a workplan's status",
  fix: "Read both values with explain; to have the other one, write it into the file",
  inHub: (sql, repoIds) => openConflicts(sql, repoIds, "workstream", (field) => field === "status"),
};
