// What a PATCH makes of a task. Its status and the day of its completion go together, as they do in a file: done today, or
// not done and without a day.
import type { Transaction } from "../../db/handles.ts";
import { type LockedRow, lockForChange } from "./change_row.ts";

interface TaskFields {
  readonly status: string;
  /** YYYY-MM-DD. */
  readonly completed: string | null;
  readonly title: string;
  readonly priority: string;
  readonly needs_human: boolean;
  readonly intervention_note: string | null;
}

export interface TaskChange {
  readonly id: string;
  readonly version: string;
  readonly body: Readonly<Record<string, unknown>> & {
    readonly [Field in keyof TaskFields]?: TaskFields[Field] | undefined;
  };
}

interface Row extends LockedRow {
  readonly fields: TaskFields;
  /** By the database's clock, UTC. */
  readonly today: string;
}

const TWO_WAY = ["status", "completed"] as const;
const WITHOUT_FILE = ["title", "priority", "needs_human", "intervention_note"] as const;

/** Writes nothing where nothing changes. @throws Problem as lockForChange */
export async function changeTask(tx: Transaction, { id, version, body }: TaskChange): Promise<void> {
  const terms = { kind: "task", id, version, body, twoWay: TWO_WAY, withoutFile: WITHOUT_FILE } as const;
  const { fields: before, today } = await lockForChange<Row>(tx, terms, () => lockRow(tx, id));
  const after = { ...before, ...body, completed: completedOf(before, body, today) } as TaskFields;
  const { status, completed, title, priority, needs_human, intervention_note } = after;
  if ([...TWO_WAY, ...WITHOUT_FILE].every((field) => after[field] === before[field])) return;
  await tx`
    update tasks set status = ${status}, completed = ${completed}::text::date, title = ${title}, priority = ${priority},
      needs_human = ${needs_human}, intervention_note = ${intervention_note}
    where id = ${id}`;
}

function completedOf(before: TaskFields, body: TaskChange["body"], today: string): string | null {
  if (body.completed !== undefined) return body.completed;
  const { status = before.status } = body;
  if (status === before.status) return before.completed;
  if (status === "done") return before.completed ?? today;
  return before.status === "done" ? null : before.completed;
}

/** Tasks of an orphaned workplan have no file either, also before they are marked themselves. */
function lockRow(tx: Transaction, id: string) {
  return tx<Row[]>`
    select t.version::text as version, r.slug as repo, r.removed_at is not null as removed,
      t.orphaned_at is null and w.orphaned_at is null as has_file, w.path, t.line,
      json_build_object('status', t.status, 'completed', t.completed, 'title', t.title, 'priority', t.priority,
        'needs_human', t.needs_human, 'intervention_note', t.intervention_note) as fields,
      to_char(now() at time zone 'utc', 'YYYY-MM-DD') as today
    from tasks t join workstreams w on w.id = t.workstream_id join repos r on r.id = t.repo_id where t.id = ${id} for update of t`;
}
