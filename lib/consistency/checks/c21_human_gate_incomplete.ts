import type { Check } from "../check.ts";

export const humanGateIncomplete: Check = {
  id: "C-21",
  name: "human_gate_incomplete",
  severity: "warning",
  proves: "a task that needs a person says what for, and is not done before that person decided",
  fix: "Add intervention_note, or record the decision in the hub",
  *inFile(reading) {
    for (const task of reading.tasks) {
      if (!task.needsHuman || task.interventionNote !== null) continue;
      const place = task.places.needs_human ?? task;
      const where = { path: reading.path, line: place.line, column: place.column, subject: task.id };
      yield {
        ...where,
        code: "no_note",
        message: "The task needs a person but does not say what for",
        expected: "intervention_note: what to decide",
      };
    }
  },
  *inRepo({ plan }) {
    for (const { reading, tasks } of plan.matches.workplans) {
      for (const { block, row } of tasks) {
        if (!block.needsHuman || block.status !== "done" || row?.decided) continue;
        const place = block.places.status ?? block;
        const where = { path: reading.path, line: place.line, column: place.column, subject: block.id };
        yield {
          ...where,
          code: "no_decision",
          message: "Done, but the hub holds no resolved decision about it",
          expected: "a resolved decision",
        };
      }
    }
  },
};
