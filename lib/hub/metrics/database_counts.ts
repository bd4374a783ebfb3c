// What the database has to tell the metrics, in one statement: one snapshot, one round trip, and no report is opened. It
// must stay cheap with years of rows, since somebody asks every few seconds.
import type { Reader } from "../../db/handles.ts";
import { SWEEP_BOUNDS } from "./measured.ts";

/** The sweep's definition, as its activity's file has it. */
export const SWEEP_DEFINITION = "7c4e9a12-8f3b-4d5e-9c6a-1b2d3e4f5a6b";

export interface DatabaseCounts {
  readonly sweeps: readonly { readonly source: string; readonly outcome: string; readonly count: number }[];
  /** `bucket`: how many of SWEEP_BOUNDS it is beyond. */
  readonly durations: readonly {
    readonly source: string;
    readonly bucket: number;
    readonly count: number;
    readonly seconds: number;
  }[];
  /** null: never. */
  readonly repos: readonly { readonly slug: string; readonly age: number | null }[];
  readonly findings: readonly { readonly check: string; readonly severity: string; readonly count: number }[];
  readonly outbox: { readonly waiting: number; readonly oldest: number; readonly suppressed: number };
  readonly runs: readonly { readonly status: string; readonly count: number }[];
}

/** Nothing of removed repositories. Ages by the database's clock. */
export async function readCounts(sql: Reader): Promise<DatabaseCounts> {
  const [row] = await sql<{ counts: DatabaseCounts }[]>`
    with fired as (
      select source, status, scheduled_for,
        case when finished_at is not null then greatest(0, extract(epoch from finished_at - fired_at)::float8) end as seconds
      from activity.activity_runs where definition_id = ${SWEEP_DEFINITION} and status <> 'running'
    ), bounds as (
      select array_agg(bound::float8) as bounds from json_array_elements_text(${JSON.stringify(SWEEP_BOUNDS)}::text::json) bound
    ), checked as materialized (
      select s.key, (s.value ->> 'ok_at')::timestamptz as ok_at from sweep_state, jsonb_each(sweep_state.repos) s
    )
    select json_build_object(
      'sweeps', (${sweepsByOutcome(sql)}),
      'durations', (
        select coalesce(json_agg(d), '[]') from (
          select source, width_bucket(seconds, (select bounds from bounds)) as bucket, count(*) as count, sum(seconds) as seconds
          from fired where status <> 'skipped' and seconds is not null group by 1, 2) d),
      'repos', (
        select coalesce(json_agg(json_build_object('slug', slug, 'age', case when ok_at is not null then greatest(0, extract(epoch from now() - ok_at)) end)), '[]')
        from repos left join checked on checked.key = repos.id::text where removed_at is null),
      'findings', (
        select coalesce(json_agg(f), '[]') from (
          select check_id as check, severity, count(*) as count from findings join repos on repos.id = repo_id
          where closed_at is null and waiver_id is null and removed_at is null group by 1, 2) f),
      'outbox', (
        select json_build_object('waiting', count(*), 'oldest', coalesce(greatest(0, extract(epoch from now() - min(created_at))), 0),
          'suppressed', (select count(*) from outbox where suppressed_at is not null))
        from outbox where published_at is null and suppressed_at is null),
      'runs', (
        select coalesce(json_agg(r), '[]') from (select status, count(*) as count from consistency_runs group by 1) r)
    ) as counts`;
  if (row === undefined) throw new Error("a select without from gave no row");
  return row.counts;
}

/** A skip may still become the success of a second firing of its slot: counted before, the counter would go down. */
function sweepsByOutcome(sql: Reader) {
  return sql`
    select coalesce(json_agg(s), '[]') from (
      select source, status as outcome, count(*) as count from fired
      where status <> 'skipped' or scheduled_for is null or scheduled_for < now() - interval '15 minutes' group by 1, 2) s`;
}
