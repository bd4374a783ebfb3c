import { basename } from "node:path";
import type { Check, FileReading } from "../check.ts";
import type { Observation } from "../finding.ts";

export const idMismatch: Check = {
  id: "C-04",
  name: "id_mismatch",
  severity: "warning",
  proves: "a file's name begins with its workplan id, and a task's id with its workplan's",
  fix: "Rename the file, or correct the id, whichever is wrong",
  *inFile(reading) {
    if (reading.state !== "parsed") return;
    const { id } = reading.workplan;
    if (!beginsWithId(basename(reading.path, ".md"), id)) yield wrongName(reading, id);
    for (const task of reading.tasks) {
      if (task.id.startsWith(`${id}-T`)) continue;
      const place = task.places.id ?? task;
      yield {
        code: "task_prefix",
        path: reading.path,
        line: place.line,
        column: place.column,
        subject: task.id,
        message: "The task's id does not begin with its workplan's id",
        observed: task.id,
        expected: `${id}-T...`,
      };
    }
  },
};

function beginsWithId(name: string, id: string): boolean {
  const rest = name.toLowerCase().startsWith(id.toLowerCase()) ? name.slice(id.length) : "x";
  return rest === "" || /^[-_. ]/.test(rest);
}

function wrongName(reading: FileReading & { state: "parsed" }, id: string): Observation {
  const place = reading.workplan.places.id ?? { line: 1, column: 1 };
  return {
    code: "file_name",
    path: reading.path,
    ...place,
    subject: id,
    message: "The file's name does not begin with its workplan id",
    observed: basename(reading.path),
    expected: `${id}-....md`,
  };
}
