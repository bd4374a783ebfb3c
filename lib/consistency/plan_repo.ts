// What one repository's files and the hub's rows make necessary: rows to create and change, bases to set, losers to
// keep, corrections that the files need. A value computed from two snapshots; applying it is somebody else's. (pure)
import { canonical } from "./canonical.ts";
import type { Claims } from "./claims.ts";
import {
  FILE_OWNED_TASK_FIELDS,
  FILE_OWNED_WORKSTREAM_FIELDS,
  fileDigest,
  type TaskRecord,
  taskFromBlock,
  type WorkstreamRecord,
  workstreamFromFile,
} from "./file_values.ts";
import type { FileClaim, HubSnapshot, PendingIntent, TaskRow, WorkstreamRow } from "./hub_snapshot.ts";
import { isFrozen, type Matches, matchFiles, type TaskMatch, type WorkplanMatch } from "./match_files.ts";
import { guardOrphans } from "./orphan_guard.ts";
import type { RepoReading } from "./repo_reading.ts";
import { type FieldValue, threeWay } from "./three_way.ts";

export interface BaseRecord {
  readonly row_id: string;
  readonly status: string;
  readonly completed: FieldValue;
  readonly file_digest: string;
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
  readonly subject: string;
  readonly reason: string;
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
  /** Pending corrections that are no longer meant, or that the file has taken over. */
  readonly endedIntents: readonly { readonly row_id: string; readonly key: string; readonly done: boolean }[];
  readonly files: readonly FileClaim[];
  readonly held: HeldOrphans;
}

export interface PlanOptions {
  readonly repoId: string;
  readonly reading: RepoReading;
  readonly hub: HubSnapshot;
  readonly claims: Claims;
  /** Only a tip that was fetched from the remote may count as evidence that a file is gone. */
  readonly mayOrphan: boolean;
  /** Mints an id: UUIDv7, never one that was used before. */
  readonly mintId: () => string;
}

export function planRepo(options: PlanOptions): RepoPlan {
  const { repoId, reading, hub, claims, mintId } = options;
  const matches = matchFiles(repoId, reading, hub, claims);
  const draft = new Draft(repoId, reading.commit, hub);
  for (const match of matches.workplans) planWorkplan(match, draft, mintId);
  for (const { row } of matches.failed) if (row) draft.markStale(row, hub.tasks);
  const orphans = options.mayOrphan ? planOrphans(matches, hub, draft) : NO_ORPHANS;
  return {
    repoId,
    commit: reading.commit,
    matches,
    ...draft.finish(),
    ...orphans,
    files: reading.files.map(({ blob, reading: file }) => ({
      path: file.path,
      blob,
      state: file.state,
      workplan_id: file.state === "parsed" ? file.workplan.id : file.id,
      hub_id: file.state === "parsed" ? file.workplan.hubId : file.hubId,
    })),
  };
}

const NO_ORPHANS = { orphanWorkstreams: [], orphanTasks: [], held: { workstreams: [], tasks: [] } };

/** Collects one repository's changes; alive only inside planRepo. */
class Draft {
  readonly repoId: string;
  readonly commit: string;
  readonly #hub: HubSnapshot;
  readonly #pending: Map<string, PendingIntent>;
  readonly createWorkstreams: WorkstreamRecord[] = [];
  readonly updateWorkstreams: WorkstreamRecord[] = [];
  readonly createTasks: TaskRecord[] = [];
  readonly updateTasks: TaskRecord[] = [];
  readonly bases: BaseRecord[] = [];
  readonly conflicts: ConflictRecord[] = [];
  readonly #settledFields = new Set<string>();
  readonly #meant = new Map<string, IntentRecord>();
  readonly #reconciled = new Set<string>();
  readonly #fileSays = new Map<string, FieldValue>();

  constructor(repoId: string, commit: string, hub: HubSnapshot) {
    this.repoId = repoId;
    this.commit = commit;
    this.#hub = hub;
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

  fieldMoved(rowId: string, field: string): void {
    this.#settledFields.add(fieldKey(rowId, field));
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
      if (task.workstream_id === row.id) this.changeTask(task, { ...task, stale_source: true });
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
        .filter(({ row_id, field }) => this.#settledFields.has(fieldKey(row_id, field)))
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

function planWorkplan(match: WorkplanMatch, draft: Draft, mintId: () => string): void {
  if (isFrozen(match.id)) return;
  const { reading, row } = match;
  const workstreamId = row?.id ?? (match.id.verdict === "adopt" ? match.id.id : mintId());
  const wanted = workstreamFromFile(reading, { id: workstreamId, repo_id: draft.repoId });
  intendId(match.id, draft, {
    row_id: workstreamId,
    path: reading.path,
    subject: reading.workplan.id,
    key: "state_hub_workstream_id",
    replaces: reading.workplan.hubId,
  });
  if (row === null) {
    draft.createWorkstreams.push(wanted);
    draft.bases.push({
      row_id: wanted.id,
      status: wanted.status,
      completed: null,
      file_digest: fileDigest(wanted, FILE_OWNED_WORKSTREAM_FIELDS),
    });
  } else {
    draft.reconciled(row.id);
    const status = reconcileField(draft, {
      kind: "workstream",
      row,
      field: "status",
      file: wanted.status,
      path: reading.path,
      subject: reading.workplan.id,
    });
    keepOverwritten(draft, "workstream", row, wanted, FILE_OWNED_WORKSTREAM_FIELDS);
    draft.changeWorkstream(row, { ...wanted, status: status.value ?? wanted.status });
    setBase(
      draft,
      row,
      { status: status.base ?? wanted.status, completed: null },
      fileDigest(wanted, FILE_OWNED_WORKSTREAM_FIELDS),
    );
  }
  for (const task of match.tasks) planTask(task, workstreamId, match, draft, mintId);
}

function planTask(
  match: TaskMatch,
  workstreamId: string,
  workplan: WorkplanMatch,
  draft: Draft,
  mintId: () => string,
): void {
  if (isFrozen(match.id)) return;
  const { block, row } = match;
  const path = workplan.reading.path;
  const id = row?.id ?? (match.id.verdict === "adopt" ? match.id.id : mintId());
  const wanted = taskFromBlock(block, { id, repo_id: draft.repoId, workstream_id: workstreamId });
  intendId(match.id, draft, { row_id: id, path, subject: block.id, key: "state_hub_task_id", replaces: block.hubId });
  const digest = fileDigest(wanted, FILE_OWNED_TASK_FIELDS);
  if (row === null) {
    draft.createTasks.push(wanted);
    draft.bases.push({ row_id: id, status: wanted.status, completed: wanted.completed, file_digest: digest });
    return;
  }
  draft.reconciled(row.id);
  const about = { kind: "task" as const, row, path, subject: block.id };
  const status = reconcileField(draft, { ...about, field: "status", file: wanted.status });
  const completed = reconcileField(draft, { ...about, field: "completed", file: wanted.completed });
  keepOverwritten(draft, "task", row, wanted, FILE_OWNED_TASK_FIELDS);
  draft.changeTask(row, { ...wanted, status: status.value ?? wanted.status, completed: completed.value });
  setBase(draft, row, { status: status.base ?? wanted.status, completed: completed.base }, digest);
}

interface FieldCase {
  readonly kind: "workstream" | "task";
  readonly row: WorkstreamRow | TaskRow;
  readonly field: "status" | "completed";
  readonly file: FieldValue;
  readonly path: string;
  readonly subject: string;
}

/** One two-way field: what the row gets, and what the base becomes. */
function reconcileField(
  draft: Draft,
  { kind, row, field, file, path, subject }: FieldCase,
): { value: FieldValue; base: FieldValue } {
  const hub = fieldValue(row, field);
  const base = row.base === null ? undefined : row.base[field];
  const verdict = threeWay(base, file, hub);
  draft.fileSays(row.id, field, file);
  if (verdict.rule !== "unchanged" && verdict.rule !== "hub_moved") draft.fieldMoved(row.id, field);
  if (verdict.rule === "file_wins") {
    draft.conflicts.push({
      row_id: row.id,
      kind,
      field,
      base_value: base ?? null,
      file_value: file,
      hub_value: verdict.loser,
    });
  }
  if (verdict.rule !== "hub_moved") return { value: verdict.value, base: verdict.value };
  draft.intend({
    row_id: row.id,
    path,
    subject,
    key: field,
    value: verdict.value ?? "",
    replaces: file,
    reason: "the hub moved",
  });
  return { value: verdict.value, base: base ?? null };
}

/** Fields that only the file may set, set in the hub all the same: the file's value returns, the other is kept. */
function keepOverwritten(
  draft: Draft,
  kind: "workstream" | "task",
  row: WorkstreamRow | TaskRow,
  wanted: WorkstreamRecord | TaskRecord,
  fields: readonly string[],
): void {
  if (row.base === null || row.base.file_digest === fileDigest(row, fields)) return;
  for (const field of fields) {
    const [file, hub] = [fieldValue(wanted, field), fieldValue(row, field)];
    if (file === hub) continue;
    draft.conflicts.push({ row_id: row.id, kind, field, base_value: null, file_value: file, hub_value: hub });
  }
}

function setBase(
  draft: Draft,
  row: WorkstreamRow | TaskRow,
  agreed: { status: string; completed: FieldValue },
  digest: string,
): void {
  const { base } = row;
  if (base && base.status === agreed.status && base.completed === agreed.completed && base.file_digest === digest)
    return;
  draft.bases.push({ row_id: row.id, ...agreed, file_digest: digest });
}

function intendId(
  id: Exclude<WorkplanMatch["id"], { code: string }>,
  draft: Draft,
  intent: Omit<IntentRecord, "value" | "reason">,
): void {
  draft.fileSays(intent.row_id, intent.key, intent.replaces);
  const reason = { absent: "the file has no id yet", hub_stands: "the file has another id" }[id.verdict as string];
  if (reason !== undefined) draft.intend({ ...intent, value: intent.row_id, reason });
}

/** Sightings, orphans and what a person must release. Renames and moves are out already: they matched a file. */
function planOrphans(matches: Matches, hub: HubSnapshot, draft: Draft) {
  const repoRows = hub.workstreams.filter((row) => row.repo_id === draft.repoId);
  const missing = matches.suspended ? [] : matches.missing.filter((row) => row.orphaned_at === null);
  const workstreams = guardOrphans(missing, repoRows, hub.now);
  const sighting = { missing_since: hub.now, missing_at_commit: draft.commit };
  for (const row of workstreams.sighted) draft.changeWorkstream(row, { ...row, ...sighting });
  const tasksOf = Map.groupBy(hub.tasks, (task) => task.workstream_id);
  const tasks = [...Map.groupBy(matches.missingTasks, (task) => task.workstream_id)].map(([workstreamId, gone]) =>
    guardOrphans(
      gone.filter((task) => task.orphaned_at === null),
      tasksOf.get(workstreamId) ?? [],
      hub.now,
    ),
  );
  for (const row of tasks.flatMap(({ sighted }) => sighted)) draft.changeTask(row, { ...row, ...sighting });
  const keyOf = new Map(hub.workstreams.map((row) => [row.id, row.workplan_id]));
  return {
    orphanWorkstreams: workstreams.orphan,
    orphanTasks: [
      ...tasks.flatMap(({ orphan }) => orphan),
      ...workstreams.orphan.flatMap((row) => tasksOf.get(row.id) ?? []).filter((task) => task.orphaned_at === null),
    ],
    held: {
      workstreams: workstreams.held.map(({ id, workplan_id, path }) => ({ id, workplan_id, path })),
      tasks: tasks
        .flatMap(({ held }) => held)
        .map((task) => ({ id: task.id, task_id: task.task_id, workplan_id: keyOf.get(task.workstream_id) ?? "" })),
    },
  };
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

function fieldValue(row: object, field: string): FieldValue {
  const value = (row as Record<string, unknown>)[field] ?? null;
  return value === null || typeof value === "string" ? value : canonical(value);
}
