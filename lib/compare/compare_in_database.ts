// A comparison from the hub's own database: three statements at most, and of whole reports only what is compared ever leaves
// the server. Reads by the runs' slots, so that it costs the same beside a year of history.
import type { Reader } from "../db/handles.ts";
import { idsIn } from "../db/ids_in.ts";
import { compareRuns } from "./compare_runs.ts";
import type { Comparison, ComparisonTerms } from "./comparison.ts";
import type { Evidence, FindingHistory, FindingsReport, ListedFinding, Reports, RunRow } from "./evidence.ts";
import { findingsParts } from "./report_parts.ts";

/** @throws OpsFailure as compareRuns; the database's own error */
export function compareInDatabase(sql: Reader, terms: ComparisonTerms): Promise<Comparison> {
  return compareRuns(evidenceIn(sql), terms);
}

/**
 * The cron expression that the hub's table has for a definition.
 * @returns null where that one has no schedule; undefined where the table doesn't have it
 */
export async function scheduleInHub(sql: Reader, definitionId: string): Promise<string | null | undefined> {
  const [row] = await sql<{ cron: string | null }[]>`
    select definition #>> '{trigger,cron}' as cron from activity.activity_definitions where id = ${definitionId}::uuid`;
  return row?.cron;
}

function evidenceIn(sql: Reader): Evidence {
  return {
    runs: (terms) => runsOf(sql, terms),
    reports: (completed, newest) => reportsOf(sql, completed, newest),
    history: (findings) => historyOf(sql, findings),
  };
}

/** Offset 0: a report that is stored compressed is opened once, not once for each of its parts. */
async function runsOf(sql: Reader, { definitionId, hours }: { definitionId: string; hours: number }) {
  const [row] = await sql<{ now: string; runs: readonly RunRow[] }[]>`
    select to_json(now()) #>> '{}' as now, (
      select coalesce(json_agg(json_build_object(
        'run_id', r.run_id, 'source', r.source, 'scheduled_for', r.scheduled_for, 'fired_at', r.fired_at,
        'finished_at', r.finished_at, 'status', r.status,
        'report', case when jsonb_typeof(s.report) = 'object' then json_build_object(
          'lock_skipped', case when jsonb_typeof(s.report -> 'lock_skipped') = 'boolean' then s.report -> 'lock_skipped' end,
          'automation_error', case jsonb_typeof(s.report -> 'automation_error') when 'null' then false when 'object' then true end,
          'duration_ms', case when jsonb_typeof(s.report -> 'duration_ms') = 'number' then s.report -> 'duration_ms' end) end)
        order by r.scheduled_for, r.run_id), '[]')
      from activity.activity_runs r
        cross join lateral (select r.context_snapshot -> 'consistency_sweep_remote_all' as report offset 0) s
      where r.definition_id = ${definitionId}::uuid and r.scheduled_for <= now()
        and r.scheduled_for >= now() - ${hours}::float8 * interval '1 hour') as runs`;
  if (!row) throw new Error("a select without from gave no row");
  return { now: new Date(row.now), runs: row.runs };
}

interface StoredReports {
  readonly covered: Readonly<Record<string, number>>;
  readonly findings: Readonly<Record<string, { totals: unknown; findings: unknown }>>;
}

async function reportsOf(sql: Reader, completed: readonly RunRow[], newest: readonly string[]): Promise<Reports> {
  if (completed.length === 0) return { covered: new Map(), findings: new Map() };
  const ids = completed.map(({ run_id }) => run_id);
  const [row] = await sql<StoredReports[]>`
    with reports as materialized (
      select r.run_id, r.source, r.context_snapshot -> 'consistency_sweep_remote_all' as report
      from activity.activity_runs r where r.run_id in (${idsIn(sql, ids)})
    ), looked_at as (
      select r.source, p.value ->> 'slug' as slug
      from reports r, jsonb_array_elements(case jsonb_typeof(r.report -> 'repos_processed') when 'array' then r.report -> 'repos_processed' else '[]' end) p
      union
      select r.source, c.value #>> '{}'
      from reports r, jsonb_array_elements(case jsonb_typeof(r.report -> 'skipped_clean') when 'array' then r.report -> 'skipped_clean' else '[]' end) c
    )
    select (select coalesce(json_object_agg(source, n), '{}') from (select source, count(slug)::int as n from looked_at group by source) l) as covered,
      (select coalesce(json_object_agg(r.run_id, json_build_object('totals', r.report -> 'assessment_totals', 'findings', case jsonb_typeof(r.report -> 'assessment_failures') when 'array' then (
          select coalesce(json_agg(json_build_object('repo', f.value -> 'repo', 'check', f.value -> 'check', 'path', f.value -> 'path',
            'subject', f.value -> 'subject', 'first_seen', f.value -> 'first_seen')), '[]')
          from jsonb_array_elements(r.report -> 'assessment_failures') f) end)), '{}')
        from reports r where r.run_id in (${idsIn(sql, newest)})) as findings`;
  if (!row) throw new Error("a select without from gave no row");
  const findings = Object.entries(row.findings).map(([id, parts]): [string, FindingsReport] => [
    id,
    findingsParts(parts),
  ]);
  return { covered: new Map(Object.entries(row.covered)), findings: new Map(findings) };
}

/** By the fields that a report has of a finding. Nothing of removed repositories. */
async function historyOf(sql: Reader, asked: readonly ListedFinding[]): Promise<readonly FindingHistory[]> {
  return sql<FindingHistory[]>`
    select r.slug as repo, f.check_id as check, f.path, f.subject, to_json(f.first_seen) #>> '{}' as first_seen,
      to_json(f.closed_at) #>> '{}' as closed_at, f.times_reopened, f.waiver_id is not null as waived
    from (
        select distinct repo, "check", path, subject, date_trunc('milliseconds', first_seen) as first_seen
        from json_to_recordset(${JSON.stringify(asked)}::text::json)
          as a(repo text, "check" text, path text, subject text, first_seen timestamptz)) a
      join repos r on r.slug = a.repo and r.removed_at is null
      join findings f on f.repo_id = r.id and f.check_id = a."check" and f.path is not distinct from a.path
        and f.subject is not distinct from a.subject and date_trunc('milliseconds', f.first_seen) = a.first_seen`;
}
