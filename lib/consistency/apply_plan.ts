// Writes a plan inside a transaction that somebody else began: a statement per kind of row and thousand rows, sent
// in this order and without waiting in between: a statement goes out when the list as a whole is awaited, so nothing here
// may await one by itself. Nothing here decides anything.

import type { Transaction } from "../db/handles.ts";
import { idsIn } from "../db/ids_in.ts";
import type { Transition } from "../events/lifecycle_events.ts";
import { recordTransitions } from "../events/transitions.ts";
import type { TaskRecord, WorkstreamRecord } from "./file_values.ts";
import type { HubSnapshot } from "./hub_snapshot.ts";
import type { RepoPlan } from "./repo_plan.ts";

const ROWS_PER_STATEMENT = 1_000;

/** @param hub the snapshot that the plan was computed from, in the same transaction */
export async function applyPlan(tx: Transaction, plan: RepoPlan, hub: HubSnapshot): Promise<void> {
  const { repoId, commit } = plan;
  await Promise.all([
    ...batches(plan.createWorkstreams, (rows) => insertWorkstreams(tx, rows, commit)),
    ...batches(plan.updateWorkstreams, (rows) => updateWorkstreams(tx, rows, commit)),
    ...batches([...plan.createWorkstreams, ...plan.updateWorkstreams], (rows) => setDependencies(tx, rows)),
    ...batches(plan.createTasks, (rows) => insertTasks(tx, rows, commit)),
    ...batches(plan.updateTasks, (rows) => updateTasks(tx, rows, commit)),
    ...(plan.updateWorkstreams.some((row) => hub.workstreams.find(({ id }) => id === row.id)?.repo_id !== repoId)
      ? followMove(tx, repoId)
      : []),
    ...batches(
      plan.orphanWorkstreams.map(({ id }) => id),
      (ids) => markOrphaned(tx, "workstreams", ids),
    ),
    ...batches(
      plan.orphanTasks.map(({ id }) => id),
      (ids) => markOrphaned(tx, "tasks", ids),
    ),
    ...batches(plan.bases, (rows) => setBases(tx, rows, commit)),
    ...batches(plan.conflicts, (rows) => keepConflicts(tx, rows, repoId, commit)),
    ...batches(plan.settled, (rows) => tx`update conflicts set settled_at = now() where id in (${idsIn(tx, rows)})`),
    ...batches(plan.endedIntents, (rows) => endIntents(tx, rows)),
    ...batches(plan.intents, (rows) => setIntents(tx, rows, repoId)),
    ...recordTransitions(tx, workstreamTransitions(plan, hub)),
    ...setFiles(tx, plan, hub),
    ...(hub.last_source_commit === commit
      ? []
      : [tx`update repos set last_source_commit = ${commit} where id = ${repoId}`]),
  ]);
}

function workstreamTransitions({ updateWorkstreams }: RepoPlan, { workstreams }: HubSnapshot): Transition[] {
  const before = new Map(workstreams.map(({ id, status }) => [id, status]));
  return updateWorkstreams.map(({ id, status }) => ({
    of: "workstream",
    id,
    from: before.get(id) ?? null,
    to: status,
  }));
}

function json(rows: unknown): string {
  return JSON.stringify(rows);
}

function batches<T>(rows: readonly T[], write: (batch: readonly T[]) => PromiseLike<unknown>): PromiseLike<unknown>[] {
  const written: PromiseLike<unknown>[] = [];
  for (let at = 0; at < rows.length; at += ROWS_PER_STATEMENT)
    written.push(write(rows.slice(at, at + ROWS_PER_STATEMENT)));
  return written;
}

function insertWorkstreams(tx: Transaction, rows: readonly WorkstreamRecord[], commit: string) {
  return tx`
    insert into workstreams (id, repo_id, workplan_id, path, title, domain_id, topic_id, status, owner, created, updated,
      follow_up_workplan, supersedes_intent_from, extra, source_commit)
    select r.id, r.repo_id, r.workplan_id, r.path, r.title, d.id, t.id, r.status, r.owner, r.created, r.updated,
      r.follow_up_workplan, r.supersedes_intent_from, r.extra, ${commit}
    from json_to_recordset(${json(rows)}::text::json) as r(id uuid, repo_id uuid, workplan_id text, path text, title text, domain text,
      topic text, status text, owner text, created date, updated date, follow_up_workplan text, supersedes_intent_from text, extra jsonb)
    left join domains d on d.slug = r.domain
    left join topics t on t.domain_id = d.id and t.slug = r.topic`;
}

function updateWorkstreams(tx: Transaction, rows: readonly WorkstreamRecord[], commit: string) {
  return tx`
    update workstreams w set repo_id = r.repo_id, workplan_id = r.workplan_id, path = r.path, title = r.title, domain_id = d.id,
      topic_id = t.id, status = r.status, owner = r.owner, created = r.created, updated = r.updated,
      follow_up_workplan = r.follow_up_workplan, supersedes_intent_from = r.supersedes_intent_from, extra = r.extra,
      source_commit = ${commit}, stale_source = r.stale_source, missing_since = r.missing_since,
      missing_at_commit = r.missing_at_commit, orphaned_at = r.orphaned_at
    from json_to_recordset(${json(rows)}::text::json) as r(id uuid, repo_id uuid, workplan_id text, path text, title text, domain text,
      topic text, status text, owner text, created date, updated date, follow_up_workplan text, supersedes_intent_from text,
      extra jsonb, stale_source boolean, missing_since timestamptz, missing_at_commit text, orphaned_at timestamptz)
    left join domains d on d.slug = r.domain
    left join topics t on t.domain_id = d.id and t.slug = r.topic
    where w.id = r.id`;
}

function setDependencies(tx: Transaction, rows: readonly WorkstreamRecord[]) {
  return tx`
    with wanted as (
      select r.id as workstream_id, target.value as depends_on
      from json_to_recordset(${json(rows.map(({ id, depends_on }) => ({ id, depends_on })))}::text::json) as r(id uuid, depends_on json)
      left join lateral json_array_elements_text(r.depends_on) target on true
    ), gone as (
      delete from dependencies d using (select distinct workstream_id from wanted) w
      where d.workstream_id = w.workstream_id
        and not exists (select from wanted x where x.workstream_id = d.workstream_id and x.depends_on = d.depends_on)
    )
    insert into dependencies (workstream_id, depends_on)
    select workstream_id, depends_on from wanted where depends_on is not null
    on conflict do nothing`;
}

function insertTasks(tx: Transaction, rows: readonly TaskRecord[], commit: string) {
  return tx`
    insert into tasks (id, repo_id, workstream_id, task_id, line, title, status, priority, completed, needs_human,
      intervention_note, extra, source_commit)
    select id, repo_id, workstream_id, task_id, line, title, status, priority, completed, needs_human, intervention_note, extra, ${commit}
    from json_to_recordset(${json(rows)}::text::json) as r(id uuid, repo_id uuid, workstream_id uuid, task_id text, line integer, title text,
      status text, priority text, completed date, needs_human boolean, intervention_note text, extra jsonb)`;
}

function updateTasks(tx: Transaction, rows: readonly TaskRecord[], commit: string) {
  return tx`
    update tasks t set repo_id = r.repo_id, workstream_id = r.workstream_id, task_id = r.task_id, line = r.line, title = r.title,
      status = r.status, priority = r.priority, completed = r.completed, needs_human = r.needs_human,
      intervention_note = r.intervention_note, extra = r.extra, source_commit = ${commit}, stale_source = r.stale_source,
      missing_since = r.missing_since, missing_at_commit = r.missing_at_commit, orphaned_at = r.orphaned_at
    from json_to_recordset(${json(rows)}::text::json) as r(id uuid, repo_id uuid, workstream_id uuid, task_id text, line integer, title text,
      status text, priority text, completed date, needs_human boolean, intervention_note text, extra jsonb, stale_source boolean,
      missing_since timestamptz, missing_at_commit text, orphaned_at timestamptz)
    where t.id = r.id`;
}

/** A workstream that came from another repository brings its tasks, and what is noted about them. */
function followMove(tx: Transaction, repoId: string): PromiseLike<unknown>[] {
  const rows = tx`select id from workstreams where repo_id = ${repoId} union all select id from tasks where repo_id = ${repoId}`;
  return [
    tx`
      update tasks t set repo_id = w.repo_id from workstreams w
      where w.id = t.workstream_id and w.repo_id = ${repoId} and t.repo_id <> w.repo_id`,
    tx`
      update writeback_intents set repo_id = ${repoId}
      where repo_id <> ${repoId} and done_at is null and cancelled_at is null and row_id in (${rows})`,
    tx`update conflicts set repo_id = ${repoId} where repo_id <> ${repoId} and row_id in (${rows})`,
  ];
}

function markOrphaned(tx: Transaction, table: "workstreams" | "tasks", ids: readonly string[]) {
  return tx`
    update ${tx(table)} set orphaned_at = now()
    where orphaned_at is null and id in (${idsIn(tx, ids)})`;
}

function setBases(tx: Transaction, rows: RepoPlan["bases"], commit: string) {
  return tx`
    insert into sync_base (row_id, status, completed, file_values, source_commit)
    select row_id, status, completed, file_values, ${commit}
    from json_to_recordset(${json(rows)}::text::json) as r(row_id uuid, status text, completed date, file_values jsonb)
    on conflict (row_id) do update set status = excluded.status, completed = excluded.completed,
      file_values = excluded.file_values, source_commit = excluded.source_commit, set_at = now()`;
}

function keepConflicts(tx: Transaction, rows: RepoPlan["conflicts"], repoId: string, commit: string) {
  return tx`
    insert into conflicts (repo_id, row_id, kind, field, base_value, file_value, hub_value, source_commit)
    select ${repoId}::uuid, row_id, kind, field, base_value, file_value, hub_value, ${commit}
    from json_to_recordset(${json(rows)}::text::json) as r(row_id uuid, kind text, field text, base_value text, file_value text, hub_value text)`;
}

function endIntents(tx: Transaction, rows: RepoPlan["endedIntents"]) {
  return tx`
    update writeback_intents i set done_at = case when r.done then now() end, cancelled_at = case when r.done then null else now() end
    from json_to_recordset(${json(rows)}::text::json) as r(row_id uuid, key text, done boolean)
    where i.row_id = r.row_id and i.key = r.key and i.done_at is null and i.cancelled_at is null`;
}

function setIntents(tx: Transaction, rows: RepoPlan["intents"], repoId: string) {
  return tx`
    insert into writeback_intents (repo_id, row_id, path, subject, key, value, replaces, reason)
    select ${repoId}::uuid, row_id, path, subject, key, value, replaces, reason
    from json_to_recordset(${json(rows)}::text::json) as r(row_id uuid, path text, subject text, key text, value text, replaces text, reason text)
    on conflict (row_id, key) where done_at is null and cancelled_at is null
    do update set repo_id = excluded.repo_id, path = excluded.path, subject = excluded.subject, value = excluded.value,
      replaces = excluded.replaces, reason = excluded.reason`;
}

/** The claims of this repository's files, changed where they changed. */
function setFiles(tx: Transaction, plan: RepoPlan, hub: HubSnapshot): PromiseLike<unknown>[] {
  const before = new Map(hub.files.map((file) => [file.path, file]));
  const now = new Set(plan.files.map((file) => file.path));
  const changed = plan.files.filter((file) => {
    const was = before.get(file.path);
    return (
      was?.blob !== file.blob ||
      was.state !== file.state ||
      was.workplan_id !== file.workplan_id ||
      was.hub_id !== file.hub_id
    );
  });
  const gone = hub.files.filter((file) => !now.has(file.path)).map((file) => file.path);
  return [
    ...batches(
      gone,
      (rows) =>
        tx`delete from workplan_files where repo_id = ${plan.repoId} and path in (select value from json_array_elements_text(${json(rows)}::text::json))`,
    ),
    ...batches(
      changed,
      (rows) => tx`
      insert into workplan_files (repo_id, path, blob, state, workplan_id, hub_id)
      select ${plan.repoId}::uuid, path, blob, state, workplan_id, hub_id
      from json_to_recordset(${json(rows)}::text::json) as r(path text, blob text, state text, workplan_id text, hub_id uuid)
      on conflict (repo_id, path) do update set blob = excluded.blob, state = excluded.state,
        workplan_id = excluded.workplan_id, hub_id = excluded.hub_id`,
    ),
  ];
}
