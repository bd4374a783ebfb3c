// A repository's plan as plain rows that two runs can be compared by: the same plan, worked out later over the same
// evidence, gives the same text. (pure)
import { canonical } from "../../canonical.ts";
import type { TaskRecord, WorkstreamRecord } from "../file_values.ts";
import type { HubSnapshot, TaskRow, WorkstreamRow } from "../hub_snapshot.ts";
import type { RepoPlan } from "../repo_plan.ts";
import type { PlannedRows } from "./plan_document.ts";

type Plain = Record<string, unknown>;

// Moments are those of the run that writes, and commits of ours have no id before they are made: no plan can know either.
const NOW = "now";
const UNCHANGED = "as it is";
const THIS_COMMIT = "this commit";
const MOMENTS = ["missing_since", "orphaned_at"] as const;

export function plannedRows(plan: RepoPlan, hub: HubSnapshot): PlannedRows {
  const known = new Map<string, Plain>([...hub.workstreams, ...hub.tasks].map((each) => [each.id, { ...each }]));
  const create = (wanted: WorkstreamRecord | TaskRecord) => rowOf(wanted, undefined, plan.commit);
  const update = (wanted: WorkstreamRecord | TaskRecord) => changeOf(wanted, known.get(wanted.id) ?? {}, plan.commit);
  return {
    create_workstreams: plan.createWorkstreams.map(create),
    update_workstreams: plan.updateWorkstreams.map(update),
    create_tasks: plan.createTasks.map(create),
    update_tasks: plan.updateTasks.map(update),
    orphan_workstreams: plan.orphanWorkstreams.map(({ id, workplan_id }) => ({ id, workplan_id })),
    orphan_tasks: plan.orphanTasks.map(({ id, task_id }) => ({ id, task_id })),
    hold: { workstreams: plan.held.workstreams.map(plain), tasks: plan.held.tasks.map(plain) },
    bases: plan.bases.map(plain),
    conflicts: plan.conflicts.map(plain),
    // PostgreSQL gives these in an order of its own.
    settle_conflicts: plan.settled.toSorted(),
    note_corrections: plan.intents.map(plain),
    end_corrections: plan.endedIntents.map(plain).toSorted(byText),
  };
}

/** Whether anything would be written. */
export function isEmpty({ hold, ...rows }: PlannedRows): boolean {
  return [...Object.values(rows), ...Object.values(hold)].every(({ length }) => length === 0);
}

/** How many rows would be created, changed or marked. */
export function countRows(rows: PlannedRows): number {
  const lists = [rows.create_workstreams, rows.update_workstreams, rows.create_tasks, rows.update_tasks];
  return [...lists, rows.orphan_workstreams, rows.orphan_tasks].reduce((sum, { length }) => sum + length, 0);
}

function changeOf(wanted: object, before: Plain, commit: string): { row: Plain; was: Plain } {
  const changed = Object.entries(wanted).filter(
    ([field, value]) => canonical(value ?? null) !== canonical(before[field] ?? null),
  );
  const was = Object.fromEntries(changed.map(([field]) => [field, before[field] ?? null]));
  return { row: rowOf(wanted, before, commit), was: rowOf(was, before, commit) };
}

function rowOf(record: object, before: Plain | undefined, commit: string): Plain {
  const row = plain(record);
  for (const field of MOMENTS) {
    const moment = row[field] ?? null;
    if (moment !== null) row[field] = moment === before?.[field] ? UNCHANGED : NOW;
  }
  if (row.missing_at_commit === commit) row.missing_at_commit = THIS_COMMIT;
  return row;
}

/** As it comes back from a file: without what JSON leaves out. */
function plain(record: object): Plain {
  return JSON.parse(JSON.stringify(record)) as Plain;
}

function byText(left: Plain, right: Plain): number {
  return canonical(left) < canonical(right) ? -1 : 1;
}

/** What a person calls a row. */
export function nameOf(row: WorkstreamRow | TaskRow): string {
  return "task_id" in row ? row.task_id : row.workplan_id;
}
