import type { Check } from "../check.ts";

export const workplanNotInHub: Check = {
  id: "C-07",
  name: "workplan_not_in_hub",
  severity: "info",
  proves: "every workplan that was read has its row in the hub",
  fix: "Nothing to do: a run without --dry-run creates the row",
  inRepo: ({ plan }) =>
    plan.createWorkstreams.map((row) => ({
      code: "create",
      path: row.path,
      line: 1,
      column: 1,
      subject: row.workplan_id,
      message: "Will be created in the hub",
    })),
};
