// Collects one repository's changes while its plan is being made, and compares them with what is there already, so that a
// plan over unchanged input is empty. Alive only inside planRepo. (pure)
import { canonical } from "./canonical.ts";
import type { TaskRecord, WorkstreamRecord } from "./file_values.ts";
import type { HubSnapshot, PendingIntent, TaskRow, WorkstreamRow } from "./hub_snapshot.ts";
import type { BaseRecord, ConflictRecord, IntentRecord } from "./repo_plan.ts";
import type { FieldValue } from "./three_way.ts";

export class PlanDraft {
  readonly repoId: string;
  readonly commit: string;
  readonly #hub: HubSnapshot;
  readonly #pending: Map<string, PendingIntent>;
  readonly #disputed: ReadonlySet<string>;
  readonly createWorkstreams: WorkstreamRecord[] = [];
  readonly updateWorkstreams: WorkstreamRecord[] = [];
  readonly createTasks: TaskRecord[] = [];
  readonly updateTasks: TaskRecord[] = [];
  readonly bases: BaseRecord[] = [];
  readonly conflicts: ConflictRecord[] = [];
  readonly #meant = new Map<string, IntentRecord>();
  readonly #reconciled = new Set<string>();
  readonly #fileSays = new Map<string, FieldValue>();

  constructor(repoId: string, commit: string, hub: HubSnapshot) {
    this.repoId = repoId;
    this.commit = commit;
    this.#hub = hub;
    this.#disputed = new Set(hub.conflicts.map(({ row_id }) => row_id));
    this.#pending = new Map(hub.intents.map((intent) => [fieldKey(intent.row_id, intent.key), intent]));
  }

  intend(intent: IntentRecord): void {
    this.#meant.set(fieldKey(intent.row_id, intent.key), intent);
  }

  /** The row was compared with its file: corrections of it that are not meant again are over. */
  reconciled(rowId: string): void {
    this.#reconciled.add(rowId);
  }

  fileSays(rowId: string, key: string, value: FieldValue): void {
    this.#fileSays.set(fieldKey(rowId, key), value);
  }

  /** An earlier conflict over the row still needs a reader. */
  isDisputed(rowId: string): boolean {
    return this.#disputed.has(rowId);
  }

  changeWorkstream(row: WorkstreamRow, wanted: WorkstreamRecord): void {
    if (!sameRecord(row, wanted)) this.updateWorkstreams.push(wanted);
  }

  changeTask(row: TaskRow, wanted: TaskRecord): void {
    if (!sameRecord(row, wanted)) this.updateTasks.push(wanted);
  }

  /** The file is there but unreadable: its rows keep their last good values and say so. */
  markStale(row: WorkstreamRow, tasks: readonly TaskRow[]): void {
    this.changeWorkstream(row, { ...row, stale_source: true, missing_since: null, missing_at_commit: null });
    for (const task of tasks) {
      if (task.workstream_id === row.id)
        this.changeTask(task, { ...task, stale_source: true, missing_since: null, missing_at_commit: null });
    }
  }

  finish() {
    const intents = [...this.#meant.values()].filter(
      (intent) => !sameIntent(this.#pending.get(fieldKey(intent.row_id, intent.key)), intent),
    );
    const ended = [...this.#pending.values()].filter(
      ({ row_id, key }) => this.#reconciled.has(row_id) && !this.#meant.has(fieldKey(row_id, key)),
    );
    return {
      createWorkstreams: this.createWorkstreams,
      updateWorkstreams: this.updateWorkstreams,
      createTasks: this.createTasks,
      updateTasks: this.updateTasks,
      bases: this.bases,
      conflicts: this.conflicts,
      settled: this.#hub.conflicts
        .filter(({ row_id, field, file_value }) => {
          const key = fieldKey(row_id, field);
          return this.#fileSays.has(key) && this.#fileSays.get(key) !== file_value;
        })
        .map(({ id }) => id),
      intents,
      endedIntents: ended.map(({ row_id, key, value }) => ({
        row_id,
        key,
        done: (this.#fileSays.get(fieldKey(row_id, key)) ?? "") === value,
      })),
    };
  }
}

function fieldKey(rowId: string, field: string): string {
  return `${rowId}|${field}`;
}

function sameIntent(pending: PendingIntent | undefined, meant: IntentRecord): boolean {
  return (
    pending !== undefined &&
    pending.value === meant.value &&
    pending.replaces === meant.replaces &&
    pending.path === meant.path
  );
}

function sameRecord(row: object, wanted: object): boolean {
  return Object.entries(wanted).every(([field, value]) => {
    const has = (row as Record<string, unknown>)[field] ?? null;
    return has === value || canonical(has) === canonical(value);
  });
}
