// Which rows and bytes a run would write otherwise than its plan says: what follows from evidence that moved, and what no
// evidence tells, such as time that went by or a claim of another repository. (pure)
import { canonical } from "../../canonical.ts";
import type { PlannedPass, PlannedRows } from "./plan_document.ts";
import type { PlannedFiles } from "./planned_edits.ts";

type Labelled = Map<string, Record<string, unknown>>;

/** @returns at least one line unless both write exactly the same */
export function movedRows(slug: string, plan: PlannedPass, now: PlannedPass): string[] {
  if (canonical(plan.rows) === canonical(now.rows)) return [];
  const moved = differences(slug, labelled(plan), labelled(now));
  return moved.length > 0 ? moved : [`${slug}: its rows, or the ids of its new rows, would be others`];
}

/** The same for what the files get. */
export function movedFiles(slug: string, plan: PlannedFiles, now: PlannedFiles): string[] {
  return differences(slug, labelledFiles(plan), labelledFiles(now));
}

function differences(slug: string, before: Labelled, after: Labelled): string[] {
  const lines: string[] = [];
  for (const [label, row] of before) {
    const other = after.get(label);
    if (other === undefined) lines.push(`${slug}: it would no longer ${label}`);
    else if (canonical(row) !== canonical(other))
      lines.push(`${slug}: it would ${label} otherwise (${fieldsThatDiffer(row, other).join(", ")})`);
  }
  for (const label of after.keys())
    if (!before.has(label)) lines.push(`${slug}: it would ${label}, which the plan does not`);
  return lines;
}

function fieldsThatDiffer(row: Record<string, unknown>, other: Record<string, unknown>): string[] {
  const fields = new Set([...Object.keys(row), ...Object.keys(other)]);
  return [...fields].filter((field) => canonical(row[field] ?? null) !== canonical(other[field] ?? null));
}

/** Every row by what a person calls it. New rows are told by name: their ids say nothing yet. */
function labelled({ rows, versions }: PlannedPass): Labelled {
  const names = new Map(versions.map(({ id, row }) => [id, row]));
  for (const each of [...rows.create_workstreams, ...rows.create_tasks]) names.set(String(each.id), keyOf(each));
  const found: Labelled = new Map();
  for (const [list, label] of Object.entries(LABELS)) {
    const entries = rows[list as keyof typeof LABELS] as readonly Record<string, unknown>[];
    for (const each of entries) found.set(label(each, names), named(each, names));
  }
  for (const each of [...rows.hold.workstreams, ...rows.hold.tasks]) found.set(`hold back ${keyOf(each)}`, each);
  for (const id of rows.settle_conflicts) found.set(`settle the conflict ${id}`, {});
  return found;
}

type Row = Record<string, unknown>;
type Names = ReadonlyMap<string, string>;

const LABELS = {
  create_workstreams: (row: Row) => `create the workstream ${keyOf(row)}`,
  update_workstreams: (change: Row) => `update the workstream ${keyOf(change.row as Row)}`,
  create_tasks: (row: Row) => `create the task ${keyOf(row)}`,
  update_tasks: (change: Row) => `update the task ${keyOf(change.row as Row)}`,
  orphan_workstreams: (row: Row) => `orphan the workstream ${keyOf(row)}`,
  orphan_tasks: (row: Row) => `orphan the task ${keyOf(row)}`,
  bases: (row: Row, names: Names) => `set the base of ${rowName(row, names)}`,
  conflicts: (row: Row, names: Names) => `keep a conflict over ${row.field} of ${rowName(row, names)}`,
  note_corrections: (row: Row, names: Names) => `note ${row.key} of ${rowName(row, names)} for its file`,
  end_corrections: (row: Row, names: Names) => `end the correction of ${row.key} of ${rowName(row, names)}`,
} as const satisfies Partial<Record<keyof PlannedRows, (row: Row, names: Names) => string>>;

function keyOf(row: Row): string {
  return String(row.task_id ?? row.workplan_id);
}

function rowName(row: Row, names: Names): string {
  return names.get(String(row.row_id)) ?? String(row.row_id);
}

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

function named(row: Row, names: Names): Row {
  return JSON.parse(JSON.stringify(row).replace(UUID, (id) => names.get(id) ?? id)) as Row;
}

function labelledFiles({ edits, refused }: PlannedFiles): Labelled {
  return new Map<string, Row>([
    ...edits.map(({ path, blob_before, blob_after }) => [`edit ${path}`, { blob_before, blob_after }] as const),
    ...refused.map((each) => [`leave ${each.path} as it is`, each] as const),
  ]);
}
