// Collects one repository's changes while its plan is being made, and compares them with what is there already, so that a
// plan over unchanged input is empty. Alive only inside planRepo. (pure)
import { canonical } from "../canonical.ts";
import type { TaskRecord, WorkstreamRecord } from "./file_values.ts";
import { fieldOf, NOT_MISSING } from "./file_values.ts";
import type { HubSnapshot, PendingIntent, StoredIntent, TaskRow, WorkstreamRow } from "./hub_snapshot.ts";
import { isAlternating } from "./loop_breaker.ts";
import type { BaseRecord, ConflictRecord, FrozenField, IntentRecord } from "./repo_plan.ts";
import type { FieldValue } from "./three_way.ts";

export class PlanDraft {
  readonly repoId: string;
  readonly commit: string;
  readonly #hub: HubSnapshot;
  readonly #pending: Map<string, StoredIntent>;
  readonly #disputed: ReadonlySet<string>;
  readonly createWorkstreams: WorkstreamRecord[] = [];
  readonly createTasks: TaskRecord[] = [];
  readonly bases: BaseRecord[] = [];
  readonly conflicts: ConflictRecord[] = [];
  readonly #meant = new Map<string, IntentRecord>();
  readonly #frozen: FrozenField[] = [];
  readonly #reconciled = new Set<string>();
  readonly #fileSays = new Map<string, FieldValue>();
  readonly #workstreams = new Map<string, Change<WorkstreamRow, WorkstreamRecord>>();
  readonly #tasks = new Map<string, Change<TaskRow, TaskRecord>>();

  constructor(repoId: string, commit: string, hub: HubSnapshot) {
    this.repoId = repoId;
    this.commit = commit;
    this.#hub = hub;
    this.#disputed = new Set(hub.conflicts.map(({ row_id }) => row_id));
    this.#pending = new Map(hub.intents.map((intent) => [fieldKey(intent.row_id, intent.key), intent]));
  }

  /** Notes a correction, unless the field has gone back and forth: then somebody must end that first. */
  intend(intent: IntentRecord): void {
    const written = this.#hub.recent_writes.filter(({ row_id, key }) => row_id === intent.row_id && key === intent.key);
    if (isAlternating(written, intent.value)) {
      const { reason: _, ...field } = intent;
      this.#frozen.push({ ...field, written: written.map(({ value }) => value) });
      return;
    }
    this.#meant.set(fieldKey(intent.row_id, intent.key), intent);
  }

  /** The row was compared with its file: corrections of it that are not meant again are over. */
  reconciled(rowId: string): void {
    this.#reconciled.add(rowId);
  }

  fileSays(rowId: string, key: string, value: FieldValue): void {
    this.#fileSays.set(fieldKey(rowId, key), value);
  }

  /** The file says what was sent to it: it has arrived, although its run may not have seen that, and both sides agreed on it. */
  hasArrived(rowId: string, key: string, file: FieldValue): boolean {
    return this.#hub.sent.some((sent) => sent.row_id === rowId && sent.key === key && sent.value === (file ?? ""));
  }

  /** An earlier conflict over the row still needs a reader. */
  isDisputed(rowId: string): boolean {
    return this.#disputed.has(rowId);
  }

  /** What the row is to say; several changes of one row add up. */
  changeWorkstream(row: WorkstreamRow, change: Partial<WorkstreamRecord>): void {
    this.#workstreams.set(row.id, {
      row,
      wanted: { ...recordOf(row), ...this.#workstreams.get(row.id)?.wanted, ...change },
    });
  }

  changeTask(row: TaskRow, change: Partial<TaskRecord>): void {
    this.#tasks.set(row.id, { row, wanted: { ...taskRecordOf(row), ...this.#tasks.get(row.id)?.wanted, ...change } });
  }

  /** The file is there but unreadable: its rows keep their last good values and say so. */
  markStale(row: WorkstreamRow, tasks: readonly TaskRow[]): void {
    this.changeWorkstream(row, { stale_source: true, ...NOT_MISSING });
    for (const task of tasks) this.changeTask(task, { stale_source: true, ...NOT_MISSING });
  }

  /** Nothing is written for the row, but its file or block is there: it is not missing. */
  markPresent(row: WorkstreamRow, tasks: readonly TaskRow[]): void {
    this.changeWorkstream(row, NOT_MISSING);
    for (const task of tasks) this.changeTask(task, NOT_MISSING);
  }

  /** What the file was read to say, an absent value as the empty text; undefined where it was not read. */
  #says(rowId: string, key: string): string | undefined {
    const said = this.#fileSays.get(fieldKey(rowId, key));
    return said === undefined ? undefined : (said ?? "");
  }

  finish() {
    const intents = [...this.#meant.values()].filter(
      (intent) => !sameIntent(this.#pending.get(fieldKey(intent.row_id, intent.key)), intent),
    );
    const rows = new Map<string, object>([...this.#hub.workstreams, ...this.#hub.tasks].map((row) => [row.id, row]));
    // One that has arrived is over, also where the next one for the same field is meant already.
    const ended = [...this.#pending.values()].filter(({ row_id, key, value, dangling }) => {
      const meant = this.#meant.get(fieldKey(row_id, key));
      const over = meant === undefined || (meant.value !== value && this.#says(row_id, key) === value);
      return dangling || (this.#reconciled.has(row_id) && over);
    });
    return {
      createWorkstreams: this.createWorkstreams,
      updateWorkstreams: changed(this.#workstreams.values()),
      createTasks: this.createTasks,
      updateTasks: changed(this.#tasks.values()),
      bases: this.bases,
      conflicts: this.conflicts,
      settled: this.#hub.conflicts
        .filter(({ row_id, field, file_value }) => {
          const [key, row] = [fieldKey(row_id, field), rows.get(row_id)];
          // Either side has moved on since: nobody needs to choose between those two values any more.
          const fileMoved = this.#fileSays.has(key) && this.#fileSays.get(key) !== file_value;
          return fileMoved || (row !== undefined && fieldOf(row, field) !== file_value);
        })
        .map(({ id }) => id),
      intents,
      meant: [...this.#meant.values()],
      frozen: this.#frozen,
      endedIntents: ended.map(({ row_id, key, value }) => ({
        row_id,
        key,
        // Of a file that is gone nothing is known, not even that a value is empty there.
        done: this.#says(row_id, key) === value,
      })),
    };
  }
}

interface Change<Row, Wanted> {
  readonly row: Row;
  readonly wanted: Wanted;
}

function changed<Row extends object, Wanted extends object>(changes: Iterable<Change<Row, Wanted>>): Wanted[] {
  return [...changes].filter(({ row, wanted }) => !sameRecord(row, wanted)).map(({ wanted }) => wanted);
}

function recordOf({ base: _, ...record }: WorkstreamRow): WorkstreamRecord {
  return record;
}

function taskRecordOf({ base: _, decided: __, ...record }: TaskRow): TaskRecord {
  return record;
}

function fieldKey(rowId: string, field: string): string {
  return `${rowId}|${field}`;
}

function sameIntent(pending: PendingIntent | undefined, meant: IntentRecord): boolean {
  return (
    pending !== undefined &&
    pending.value === meant.value &&
    pending.replaces === meant.replaces &&
    pending.subject === meant.subject &&
    pending.path === meant.path
  );
}

function sameRecord(row: object, wanted: object): boolean {
  return Object.entries(wanted).every(([field, value]) => {
    const has = (row as Record<string, unknown>)[field] ?? null;
    return has === value || canonical(has) === canonical(value);
  });
}
