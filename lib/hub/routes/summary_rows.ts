// The statement behind the summary: one, so that it is one snapshot. Tables that grow without end are counted from
// indexes, and the answer is put together by the database, in a fixed order.
import type { Reader } from "../../db/handles.ts";
import { TASK_STATUSES, WORKPLAN_STATUSES } from "../../workplan/types.ts";

/**
 * @param asOf ISO 8601; null: now, by the database's clock
 * @returns the summary as JSON text
 */
export async function readSummary(sql: Reader, asOf: string | null): Promise<string> {
  const at = asOf === null ? sql`now()` : sql`${asOf}::text::timestamptz`;
  const [row] = await sql<{ summary: string }[]>`
    with moment as (select ${at} as at),
      removed as (select id from repos where removed_at is not null),
      known as (select id, slug, missing_since from repos where removed_at is null)
    select json_build_object(
      'as_of', (select at from moment),
      'repos', (select count(*) from known),
      'missing_repos', (select count(*) from known where missing_since is not null),
      'workstreams', (${byStatus(sql, "workstreams", WORKPLAN_STATUSES)}),
      'tasks', (${byStatus(sql, "tasks", TASK_STATUSES)}),
      'needs_human', (select count(*) from tasks where needs_human and orphaned_at is null and status not in ('done', 'cancelled')
        and repo_id not in (select id from removed)),
      'orphaned', json_build_object('workstreams', (${orphaned(sql, "workstreams")}), 'tasks', (${orphaned(sql, "tasks")})),
      'open_decisions', (select count(*) from decisions where status = 'open' and (repo_id is null or repo_id not in (select id from removed))),
      'active_goals', (select count(*) from domain_goals where status = 'active'),
      'last_progress', (${lastProgress(sql)}),
      'sweep', (${sweep(sql)}),
      'open_findings', (${openFindings(sql)}),
      'unsettled_conflicts', (select count(*) from conflicts where settled_at is null and repo_id not in (select id from removed)),
      'pending_writebacks', (select ${waiting(sql)} from writeback_intents
        where done_at is null and cancelled_at is null and repo_id not in (select id from removed)),
      'held_plans', (select ${waiting(sql)} from held_plans
        where applied_at is null and superseded_at is null and repo_id not in (select id from removed))
    )::text as summary`;
  if (row === undefined) throw new Error("a select without from gave no row");
  return row.summary;
}

/** Of those that have a file. One pass over an index that holds both columns. */
function byStatus(sql: Reader, table: "workstreams" | "tasks", statuses: readonly string[]) {
  return sql`
    select json_object_agg(named.status, coalesce(counted.n, 0) order by named.place)
    from json_array_elements_text(${JSON.stringify(statuses)}::text::json) with ordinality as named(status, place)
    left join (
      select status, count(*) as n from ${sql(table)}
      where orphaned_at is null and repo_id not in (select id from removed) group by status
    ) counted using (status)`;
}

function orphaned(sql: Reader, table: "workstreams" | "tasks") {
  return sql`select count(*) from ${sql(table)} where orphaned_at is not null and repo_id not in (select id from removed)`;
}

function lastProgress(sql: Reader) {
  return sql`
    select json_build_object('id', id, 'event_type', event_type, 'source', source, 'at', created_at, 'age_seconds', ${age(sql, sql`created_at`)})
    from progress_events order by created_at desc, id desc limit 1`;
}

function sweep(sql: Reader) {
  return sql`
    with checked as materialized (
      select k.slug, (s.value ->> 'ok_at')::timestamptz as ok_at, coalesce((s.value ->> 'failures')::int, 0) as failures
      from known k left join (select key, value from sweep_state, jsonb_each(repos)) s on s.key = k.id::text
    )
    select json_build_object('finished_at', finished_at, 'age_seconds', ${age(sql, sql`finished_at`)}, 'write_back', write_back,
      'oldest_check', (
        select json_build_object('repo', slug, 'checked_at', ok_at, 'age_seconds', ${age(sql, sql`ok_at`)})
        from checked order by ok_at nulls first, slug limit 1),
      'backing_off', (select count(*) from checked where failures > 0))
    from sweep_state`;
}

function openFindings(sql: Reader) {
  return sql`
    with open as materialized (
      select check_id, severity, waiver_id is not null as waived from findings
      where closed_at is null and repo_id not in (select id from removed)
    ), by_check as (
      select check_id, count(*) filter (where severity = 'error') as error, count(*) filter (where severity = 'warning') as warning
      from open where not waived group by check_id
    )
    select json_build_object('error', (select coalesce(sum(error), 0) from by_check),
      'warning', (select coalesce(sum(warning), 0) from by_check), 'waived', (select count(*) from open where waived),
      'by_check', (select coalesce(json_object_agg(check_id, json_build_object('error', error, 'warning', warning) order by check_id), '{}') from by_check))`;
}

/** What waits, and since when. */
function waiting(sql: Reader) {
  return sql`json_build_object('count', count(*), 'oldest', min(created_at), 'age_seconds', ${age(sql, sql`min(created_at)`)})`;
}

/** Whole seconds before the moment that was asked about, none below zero; null of what never was. */
function age(sql: Reader, since: ReturnType<Reader>) {
  return sql`case when ${since} is not null
    then greatest(0, floor(extract(epoch from (select at from moment) - ${since})))::bigint end`;
}
