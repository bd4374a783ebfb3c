// The plan for one repository, as a value: every row to write and every reason kept, so that it can be shown, tested and
// applied by others than the one who made it. (pure)
import type { TaskRecord, WorkstreamRecord } from "./file_values.ts";
import type { FileClaim, PendingIntent, TaskRow, WorkstreamRow } from "./hub_snapshot.ts";
import type { Matches } from "./match_files.ts";
import type { FieldValue } from "./three_way.ts";

export interface BaseRecord {
  readonly row_id: string;
  readonly status: string;
  readonly completed: FieldValue;
  readonly file_values: Readonly<Record<string, unknown>>;
}

export interface ConflictRecord {
  readonly row_id: string;
  readonly kind: "workstream" | "task";
  readonly field: string;
  readonly base_value: FieldValue;
  readonly file_value: FieldValue;
  readonly hub_value: FieldValue;
}

export interface IntentRecord extends PendingIntent {
  readonly reason: string;
}

/** A correction that is not made: what was written goes back and forth with what somebody else writes. */
export interface FrozenField extends PendingIntent {
  /** What was written within the last 24 hours, oldest first. */
  readonly written: readonly string[];
}

export interface HeldOrphans {
  readonly workstreams: readonly { readonly id: string; readonly workplan_id: string; readonly path: string }[];
  readonly tasks: readonly { readonly id: string; readonly task_id: string; readonly workplan_id: string }[];
}

export interface RepoPlan {
  readonly repoId: string;
  readonly commit: string;
  readonly matches: Matches;
  readonly createWorkstreams: readonly WorkstreamRecord[];
  readonly updateWorkstreams: readonly WorkstreamRecord[];
  readonly createTasks: readonly TaskRecord[];
  readonly updateTasks: readonly TaskRecord[];
  readonly orphanWorkstreams: readonly WorkstreamRow[];
  readonly orphanTasks: readonly TaskRow[];
  readonly bases: readonly BaseRecord[];
  readonly conflicts: readonly ConflictRecord[];
  /** Row and field of earlier conflicts that have moved on. */
  readonly settled: readonly string[];
  readonly intents: readonly IntentRecord[];
  /** Every correction that the files need, those noted before as well. */
  readonly meant: readonly IntentRecord[];
  readonly frozen: readonly FrozenField[];
  /** Pending corrections that are no longer meant, or that the file has taken over. */
  readonly endedIntents: readonly { readonly row_id: string; readonly key: string; readonly done: boolean }[];
  readonly files: readonly FileClaim[];
  readonly held: HeldOrphans;
}
