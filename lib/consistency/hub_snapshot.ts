// The hub's side of one repository, as it is inside the transaction that will change it: one statement, one snapshot.
import type { Reader } from "../db/handles.ts";
import { idsIn } from "../db/ids_in.ts";
import type { FieldValue } from "./three_way.ts";

export interface SyncBase {
  readonly status: string;
  readonly completed: FieldValue;
  /** The file-owned fields as they were last applied. */
  readonly file_values: Readonly<Record<string, unknown>>;
}

/** A row of `workstreams` with domain and topic by slug, dependencies and base. Dates are YYYY-MM-DD, times ISO 8601. */
export interface WorkstreamRow {
  readonly id: string;
  readonly repo_id: string;
  readonly workplan_id: string;
  readonly path: string;
  readonly title: string;
  readonly domain: string | null;
  readonly topic: string | null;
  readonly status: string;
  readonly owner: string | null;
  readonly created: string | null;
  readonly updated: string | null;
  readonly follow_up_workplan: string | null;
  readonly supersedes_intent_from: string | null;
  readonly depends_on: readonly string[];
  readonly extra: Readonly<Record<string, unknown>>;
  readonly stale_source: boolean;
  readonly missing_since: string | null;
  readonly missing_at_commit: string | null;
  readonly orphaned_at: string | null;
  readonly base: SyncBase | null;
}

/** A row of `tasks` with its base. */
export interface TaskRow {
  readonly id: string;
  readonly repo_id: string;
  readonly workstream_id: string;
  readonly task_id: string;
  readonly line: number;
  readonly title: string;
  readonly status: string;
  readonly priority: string;
  readonly completed: string | null;
  readonly needs_human: boolean;
  readonly intervention_note: string | null;
  readonly extra: Readonly<Record<string, unknown>>;
  readonly stale_source: boolean;
  readonly missing_since: string | null;
  readonly missing_at_commit: string | null;
  readonly orphaned_at: string | null;
  /** A decision about it has been resolved: what C-21 asks of a human gate. */
  readonly decided: boolean;
  readonly base: SyncBase | null;
}

export interface PendingIntent {
  readonly row_id: string;
  readonly path: string;
  readonly subject: string;
  readonly key: string;
  readonly value: string;
  readonly replaces: string | null;
}

/** A value that was on its way to a file within the last 24 hours, and is not known to have arrived. */
export interface SentValue {
  readonly row_id: string;
  readonly key: string;
  readonly value: string;
}

/** A correction that reached its file within the last 24 hours. */
export interface RecentWrite {
  readonly row_id: string;
  readonly key: string;
  readonly value: string;
  readonly replaces: string | null;
}

/** As it stands in the hub; `dangling` when its row is gone, removed by hand. */
export interface StoredIntent extends PendingIntent {
  readonly dangling: boolean;
}

export interface OpenConflict {
  readonly id: string;
  readonly row_id: string;
  readonly field: string;
  readonly file_value: string | null;
}

export interface FileClaim {
  readonly path: string;
  readonly blob: string;
  readonly state: "parsed" | "failed";
  readonly workplan_id: string | null;
  readonly hub_id: string | null;
}

export interface HubSnapshot {
  /** The database's clock, ISO 8601: the only clock that rules go by. */
  readonly now: string;
  readonly last_source_commit: string | null;
  readonly workstreams: readonly WorkstreamRow[];
  readonly tasks: readonly TaskRow[];
  readonly intents: readonly StoredIntent[];
  readonly sent: readonly SentValue[];
  /** Oldest first. */
  readonly recent_writes: readonly RecentWrite[];
  readonly conflicts: readonly OpenConflict[];
  readonly files: readonly FileClaim[];
}

/** @param alsoRowIds workstreams or tasks of other repos that files here name by id: they may have moved */
export async function loadHubSnapshot(
  sql: Reader,
  repoId: string,
  alsoRowIds: readonly string[] = [],
): Promise<HubSnapshot> {
  const [row] = await sql<{ snapshot: HubSnapshot }[]>`
    with wanted_workstreams as (
      select id from workstreams where repo_id = ${repoId}
      union ${idsIn(sql, alsoRowIds)}
      union select workstream_id from tasks where id in (${idsIn(sql, alsoRowIds)})
    ), wanted_rows as (
      select id from wanted_workstreams
      union all select id from tasks where workstream_id in (select id from wanted_workstreams)
    )
    select json_build_object(
      'now', now(),
      'last_source_commit', repos.last_source_commit,
      'workstreams', (
        select coalesce(json_agg(json_build_object(
          'id', w.id, 'repo_id', w.repo_id, 'workplan_id', w.workplan_id, 'path', w.path, 'title', w.title,
          'domain', domains.slug, 'topic', topics.slug, 'status', w.status, 'owner', w.owner,
          'created', w.created, 'updated', w.updated, 'follow_up_workplan', w.follow_up_workplan,
          'supersedes_intent_from', w.supersedes_intent_from,
          'depends_on', (select coalesce(json_agg(d.depends_on order by d.depends_on), '[]') from dependencies d where d.workstream_id = w.id),
          'extra', w.extra, 'stale_source', w.stale_source, 'missing_since', w.missing_since,
          'missing_at_commit', w.missing_at_commit, 'orphaned_at', w.orphaned_at,
          'base', case when b.row_id is null then null else json_build_object(
            'status', b.status, 'completed', b.completed, 'file_values', b.file_values) end
        ) order by w.workplan_id), '[]')
        from workstreams w
        left join domains on domains.id = w.domain_id
        left join topics on topics.id = w.topic_id
        left join sync_base b on b.row_id = w.id
        where w.id in (select id from wanted_workstreams)),
      'tasks', (
        select coalesce(json_agg(json_build_object(
          'id', t.id, 'repo_id', t.repo_id, 'workstream_id', t.workstream_id, 'task_id', t.task_id, 'line', t.line,
          'title', t.title, 'status', t.status, 'priority', t.priority, 'completed', t.completed,
          'needs_human', t.needs_human, 'intervention_note', t.intervention_note, 'extra', t.extra,
          'stale_source', t.stale_source, 'missing_since', t.missing_since, 'missing_at_commit', t.missing_at_commit,
          'orphaned_at', t.orphaned_at,
          'decided', exists (select from decisions d where d.task_id = t.id and d.status = 'resolved'),
          'base', case when b.row_id is null then null else json_build_object(
            'status', b.status, 'completed', b.completed, 'file_values', b.file_values) end
        ) order by t.task_id), '[]')
        from tasks t
        left join sync_base b on b.row_id = t.id
        where t.workstream_id in (select id from wanted_workstreams)),
      'intents', (
        select coalesce(json_agg(json_build_object(
          'row_id', row_id, 'path', path, 'subject', subject, 'key', key, 'value', value, 'replaces', replaces,
          'dangling', not exists (select from workstreams w where w.id = row_id) and not exists (select from tasks t where t.id = row_id))), '[]')
        from writeback_intents
        where (repo_id = repos.id or row_id in (select id from wanted_rows))
          and done_at is null and cancelled_at is null),
      'sent', (
        select coalesce(json_agg(json_build_object('row_id', row_id, 'key', key, 'value', sent_value)), '[]')
        from writeback_intents
        where (repo_id = repos.id or row_id in (select id from wanted_rows))
          and done_at is null and sent_at > now() - interval '24 hours' and key in ('status', 'completed')),
      'recent_writes', (
        select coalesce(json_agg(json_build_object('row_id', row_id, 'key', key, 'value', value, 'replaces', replaces) order by done_at), '[]')
        from writeback_intents
        where (repo_id = repos.id or row_id in (select id from wanted_rows))
          and done_at > now() - interval '24 hours' and key in ('status', 'completed')),
      'conflicts', (
        select coalesce(json_agg(json_build_object(
          'id', id, 'row_id', row_id, 'field', field, 'file_value', file_value)), '[]')
        from conflicts
        where (repo_id = repos.id or row_id in (select id from wanted_rows))
          and settled_at is null),
      'files', (
        select coalesce(json_agg(json_build_object(
          'path', path, 'blob', blob, 'state', state, 'workplan_id', workplan_id, 'hub_id', hub_id)), '[]')
        from workplan_files where repo_id = repos.id)
    ) as snapshot
    from repos where repos.id = ${repoId}`;
  if (!row) throw new Error(`repo ${repoId} is not registered`);
  return row.snapshot;
}
