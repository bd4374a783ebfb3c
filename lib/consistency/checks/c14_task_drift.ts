import type { Check } from "../check.ts";
import { openConflicts } from "./conflict_observations.ts";

export const taskDrift: Check = {
  id: "C-14",
  name: "task_drift",
  severity: "warning",
  proves: "file and hub did not both change a field of one task",
  fix: "Read both values with explain; to have the other one, write it into the file",
  inHub: (sql, repoIds) => openConflicts(sql, repoIds, "task", () => true),
};
