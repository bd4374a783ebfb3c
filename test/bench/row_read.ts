// Reading workplans against reading their bytes: what our parser adds to what any parser must pay.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseWorkplan } from "../../lib/workplan/parse_workplan.ts";
import type { Bench } from "./bench.ts";
import { inTurn, timed } from "./measure.ts";
import { type Row, ratioRow } from "./result_table.ts";
import { TASKS_PER_WORKPLAN, workplanId, workplanText } from "./workplan_files.ts";

const FILES = 10_000;

export async function readRow({ folder, rounds }: Bench): Promise<Row[]> {
  const paths = writeFiles(join(folder, "files"));
  const pairs = await inTurn(rounds, {
    measured: () => timed(() => parseAll(paths)),
    reference: () => timed(() => paths.reduce((sum, path) => sum + readFileSync(path).length, 0)),
  });
  const what = `read ${FILES.toLocaleString("en")} workplans x ${TASKS_PER_WORKPLAN} tasks`;
  return [ratioRow({ what, reference: "reading the same bytes", atMost: 10 }, pairs)];
}

function parseAll(paths: readonly string[]): void {
  let tasks = 0;
  for (const path of paths) {
    const reading = parseWorkplan(path, readFileSync(path));
    if (reading.state === "parsed") tasks += reading.tasks.length;
  }
  const expected = paths.length * TASKS_PER_WORKPLAN;
  if (tasks !== expected) throw new Error(`${tasks} tasks were read, ${expected} were written`);
}

function writeFiles(folder: string): string[] {
  mkdirSync(folder);
  return Array.from({ length: FILES }, (_, number) => {
    const path = join(folder, `${workplanId(number)}.md`);
    writeFileSync(path, workplanText(number));
    return path;
  });
}
