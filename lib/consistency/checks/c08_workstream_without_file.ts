import type { Check } from "../check.ts";

export const workstreamWithoutFile: Check = {
  id: "C-08",
  name: "workstream_without_file",
  severity: "warning",
  proves: "every workstream that has a repository also has its file there",
  fix: "Restore the file, or let a sweep of the remote mark the row as orphaned",
  *inRepo({ plan }) {
    if (plan.matches.suspended) return;
    const done = new Set(plan.orphanWorkstreams.map(({ id }) => id));
    const held = new Set(plan.held.workstreams.map(({ id }) => id));
    for (const row of plan.matches.missing) {
      if (row.orphaned_at !== null || done.has(row.id)) continue;
      yield {
        code: held.has(row.id) ? "held" : "missing",
        path: row.path,
        subject: row.workplan_id,
        message: "No file at this commit has this workplan id",
        observed: `absent at ${plan.commit.slice(0, 12)}`,
        expected: row.path,
        hint: held.has(row.id) ? "Too many at once to believe: scripts/state_hub.ts held list" : null,
      };
    }
  },
};
