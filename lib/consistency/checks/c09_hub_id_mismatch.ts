import type { Place } from "../../workplan/types.ts";
import type { Check } from "../check.ts";
import type { Observation } from "../finding.ts";
import { type Frozen, type IdVerdict, isFrozen } from "../match_files.ts";

export const hubIdMismatch: Check = {
  id: "C-09",
  name: "hub_id_mismatch",
  severity: "warning",
  proves: "the hub id in a file is the id of its own row",
  fix: "Delete the id's line from the file that has it by mistake: the next run writes the right one",
  *inRepo({ plan }) {
    for (const { reading, row, id, tasks } of plan.matches.workplans) {
      const { workplan } = reading;
      const place = workplan.places.state_hub_workstream_id ?? { line: 1, column: 1 };
      yield* judge(id, row?.id ?? null, { path: reading.path, subject: workplan.id, place });
      if (isFrozen(id)) continue;
      for (const task of tasks) {
        const at = task.block.places.state_hub_task_id ?? task.block;
        yield* judge(task.id, task.row?.id ?? null, { path: reading.path, subject: task.block.id, place: at });
      }
    }
  },
};

function* judge(
  id: IdVerdict | Frozen,
  ours: string | null,
  at: { path: string; subject: string; place: Place },
): Iterable<Observation> {
  const where = { path: at.path, subject: at.subject, line: at.place.line, column: at.place.column };
  if (isFrozen(id)) {
    // An id in two files is C-05's to tell.
    if (id.code !== "id_in_two_files")
      yield { ...where, code: id.code, severity: "error", message: id.message, observed: id.observed, expected: ours };
  } else if (id.verdict === "hub_stands") {
    yield {
      ...where,
      code: "hub_stands",
      message: "The file has another id than the hub; the hub's stands",
      observed: id.found,
      expected: ours,
      hint: "Nothing to do: write-back corrects the file",
    };
  }
}
