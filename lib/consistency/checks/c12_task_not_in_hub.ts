import type { Check } from "../check.ts";

export const taskNotInHub: Check = {
  id: "C-12",
  name: "task_not_in_hub",
  severity: "info",
  proves: "every task block that was read has its row in the hub",
  fix: "Nothing to do: a run without --dry-run creates the row",
  *inRepo({ plan }) {
    const paths = new Map(
      plan.matches.workplans.flatMap(({ reading, tasks }) =>
        tasks.map(({ block }) => [`${block.id}|${block.line}`, reading.path]),
      ),
    );
    for (const row of plan.createTasks) {
      const path = paths.get(`${row.task_id}|${row.line}`) ?? null;
      yield {
        code: "create",
        path,
        line: row.line,
        column: 1,
        subject: row.task_id,
        message: "Will be created in the hub",
      };
    }
  },
};
