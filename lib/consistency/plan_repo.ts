// What one repository's files and the hub's rows make necessary: rows to create and change, bases to set, losers to
// keep, corrections that the files need. A value computed from two snapshots; applying it is somebody else's. (pure)
import { canonical } from "../canonical.ts";
import type { Claims } from "./claims.ts";
import {
  FILE_OWNED_TASK_FIELDS,
  FILE_OWNED_WORKSTREAM_FIELDS,
  fieldOf,
  fileOwned,
  NOT_MISSING,
  type TaskRecord,
  taskFromBlock,
  type WorkstreamRecord,
  workstreamFromFile,
} from "./file_values.ts";
import type { HubSnapshot, TaskRow, WorkstreamRow } from "./hub_snapshot.ts";
import { isFrozen, type Matches, matchFiles, type TaskMatch, type WorkplanMatch } from "./match_files.ts";
import { PlanDraft } from "./plan_draft.ts";
import { NO_ORPHANS, planOrphans, sightAnew } from "./plan_orphans.ts";
import type { IntentRecord, RepoPlan } from "./repo_plan.ts";
import type { RepoReading } from "./repo_reading.ts";
import { type FieldValue, threeWay } from "./three_way.ts";

export interface PlanOptions {
  readonly repoId: string;
  readonly reading: RepoReading;
  readonly hub: HubSnapshot;
  readonly claims: Claims;
  /**
   * What the absence of a file proves. `evidence`: it is gone; only a tip that was fetched says so. `first_sight`: the same
   * of a history that was rewritten, where no earlier sighting counts. `nothing`: of a local tip.
   */
  readonly absence: "evidence" | "first_sight" | "nothing";
  /** Mints an id: UUIDv7, never one that was used before. */
  readonly mintId: () => string;
}

export function planRepo(options: PlanOptions): RepoPlan {
  const { repoId, reading, hub, claims, mintId } = options;
  const matches = matchFiles(repoId, reading, hub, claims);
  const draft = new PlanDraft(repoId, reading.commit, hub);
  const tasksOf = Map.groupBy(hub.tasks, (task) => task.workstream_id);
  for (const match of matches.workplans) planWorkplan(match, tasksOf.get(match.row?.id ?? "") ?? [], draft, mintId);
  for (const row of [...matches.failed, ...matches.disguised]) draft.markStale(row, tasksOf.get(row.id) ?? []);
  for (const row of matches.astray.workstreams) draft.markPresent(row, tasksOf.get(row.id) ?? []);
  for (const task of matches.astray.tasks) draft.changeTask(task, NOT_MISSING);
  if (!matches.suspended) planAbsent(matches, tasksOf, draft);
  const orphans = options.absence === "evidence" ? planOrphans(matches, hub, draft) : NO_ORPHANS;
  if (options.absence === "first_sight") sightAnew(matches, hub, draft);
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

/** Known to be absent, so no longer unreadable; corrections of a file that is gone are over. */
function planAbsent(
  { missing, missingTasks }: Matches,
  tasksOf: ReadonlyMap<string, readonly TaskRow[]>,
  draft: PlanDraft,
): void {
  for (const row of missing) {
    draft.reconciled(row.id);
    if (row.stale_source) draft.changeWorkstream(row, { stale_source: false });
  }
  for (const task of [...missing.flatMap((row) => tasksOf.get(row.id) ?? []), ...missingTasks]) {
    draft.reconciled(task.id);
    if (task.stale_source) draft.changeTask(task, { stale_source: false });
  }
}

function planWorkplan(match: WorkplanMatch, rows: readonly TaskRow[], draft: PlanDraft, mintId: () => string): void {
  if (isFrozen(match.id)) {
    if (match.row) draft.markPresent(match.row, rows);
    return;
  }
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
      file_values: fileOwned(wanted, FILE_OWNED_WORKSTREAM_FIELDS),
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
      fileOwned(wanted, FILE_OWNED_WORKSTREAM_FIELDS),
    );
  }
  for (const task of match.tasks) planTask(task, workstreamId, match, draft, mintId);
  const broken = new Set(reading.failedBlocks.map(({ id }) => id));
  for (const task of rows.filter(({ task_id }) => broken.has(task_id))) {
    draft.changeTask(task, { stale_source: true, ...NOT_MISSING });
  }
}

function planTask(
  match: TaskMatch,
  workstreamId: string,
  workplan: WorkplanMatch,
  draft: PlanDraft,
  mintId: () => string,
): void {
  const { block, row } = match;
  if (isFrozen(match.id)) {
    if (row) draft.changeTask(row, NOT_MISSING);
    return;
  }
  const path = workplan.reading.path;
  const id = row?.id ?? (match.id.verdict === "adopt" ? match.id.id : mintId());
  const wanted = taskFromBlock(block, { id, repo_id: draft.repoId, workstream_id: workstreamId });
  intendId(match.id, draft, { row_id: id, path, subject: block.id, key: "state_hub_task_id", replaces: block.hubId });
  const owned = fileOwned(wanted, FILE_OWNED_TASK_FIELDS);
  if (row === null) {
    draft.createTasks.push(wanted);
    draft.bases.push({ row_id: id, status: wanted.status, completed: wanted.completed, file_values: owned });
    return;
  }
  draft.reconciled(row.id);
  const about = { kind: "task" as const, row, path, subject: block.id };
  const status = reconcileField(draft, { ...about, field: "status", file: wanted.status });
  const completed = reconcileField(draft, { ...about, field: "completed", file: wanted.completed });
  keepOverwritten(draft, "task", row, wanted, FILE_OWNED_TASK_FIELDS);
  draft.changeTask(row, { ...wanted, status: status.value ?? wanted.status, completed: completed.value });
  setBase(draft, row, { status: status.base ?? wanted.status, completed: completed.base }, owned);
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
  draft: PlanDraft,
  { kind, row, field, file, path, subject }: FieldCase,
): { value: FieldValue; base: FieldValue } {
  const hub = fieldOf(row, field);
  // What was written back is what the hub said then. If the hub has moved on since, that is one side moving, not two.
  const agreed = row.base === null ? undefined : row.base[field];
  const base = draft.hasArrived(row.id, field, file) ? file : agreed;
  const verdict = threeWay(base, file, hub);
  draft.fileSays(row.id, field, file);
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
  draft: PlanDraft,
  kind: "workstream" | "task",
  row: WorkstreamRow | TaskRow,
  wanted: WorkstreamRecord | TaskRecord,
  fields: readonly string[],
): void {
  for (const field of fields) {
    const [file, hub] = [fieldOf(wanted, field), fieldOf(row, field)];
    if (draft.isDisputed(row.id)) draft.fileSays(row.id, field, file);
    if (file === hub) continue;
    const base = row.base === null ? null : fieldOf(row.base.file_values, field);
    if (row.base === null ? hub === null : base === hub) continue;
    draft.conflicts.push({ row_id: row.id, kind, field, base_value: base, file_value: file, hub_value: hub });
  }
}

function setBase(
  draft: PlanDraft,
  { id, base }: WorkstreamRow | TaskRow,
  agreed: { status: string; completed: FieldValue },
  owned: Record<string, unknown>,
): void {
  const same = base && base.status === agreed.status && base.completed === agreed.completed;
  if (same && canonical(base.file_values) === canonical(owned)) return;
  draft.bases.push({ row_id: id, ...agreed, file_values: owned });
}

function intendId(
  id: Exclude<WorkplanMatch["id"], { code: string }>,
  draft: PlanDraft,
  intent: Omit<IntentRecord, "value" | "reason">,
): void {
  draft.fileSays(intent.row_id, intent.key, intent.replaces);
  const reason = { absent: "the file has no id yet", hub_stands: "the file has another id" }[id.verdict as string];
  if (reason !== undefined) draft.intend({ ...intent, value: intent.row_id, reason });
}
