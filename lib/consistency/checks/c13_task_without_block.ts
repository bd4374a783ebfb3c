import type { Check } from "../check.ts";

export const taskWithoutBlock: Check = {
  id: "C-13",
  name: "task_without_block",
  severity: "warning",
  proves: "every task of a workplan that was read has its block there",
  fix: "Restore the block, or let a sweep of the remote mark the row as orphaned",
  *inRepo({ hub, plan }) {
    const paths = new Map(hub.workstreams.map((row) => [row.id, row.path]));
    const done = new Set(plan.orphanTasks.map(({ id }) => id));
    const held = new Set(plan.held.tasks.map(({ id }) => id));
    for (const row of plan.matches.missingTasks) {
      if (row.orphaned_at !== null || done.has(row.id)) continue;
      yield {
        code: held.has(row.id) ? "held" : "missing",
        path: paths.get(row.workstream_id) ?? null,
        subject: row.task_id,
        message: "No block of the workplan has this task id",
        observed: `absent at ${plan.commit.slice(0, 12)}`,
        hint: held.has(row.id) ? "Too many at once to believe: scripts/state_hub.ts held list" : null,
      };
    }
  },
};
