// How the sweeps of the remotes are: when the last one ended, who has their lock, which repository has waited longest,
// which ones wait after failures, and what could not be written back. A schedule that died shows here and nowhere else.
import type { Reader } from "../db/handles.ts";

/** Times are ISO 8601, ages by the database's clock. */
export interface SweepStatus {
  /** null before the first sweep. */
  readonly sweep: {
    readonly finished_at: string;
    readonly age_seconds: number;
    /** It was allowed to commit and push. */
    readonly write_back: boolean;
    /** The one whose last successful check is the oldest; null when no repository is registered. */
    readonly oldest_repo: { readonly slug: string; readonly checked_at: string | null } | null;
    /** Failed at their last try: all are counted, the next to be tried are listed. */
    readonly backing_off: { readonly count: number; readonly repos: readonly BackingOff[] };
  } | null;
  /** null before the first holder. */
  readonly sweep_lock: SweepLock | null;
  readonly pending_writebacks: {
    readonly count: number;
    readonly oldest: string | null;
    /** Those that have waited longest. */
    readonly repos: readonly PendingRepo[];
  };
  /** Since when the oldest held plan waits for a person. */
  readonly oldest_held_plan: string | null;
}

export interface BackingOff {
  readonly slug: string;
  readonly failures: number;
  readonly retry_at: string | null;
  readonly problem: string | null;
}

export interface SweepLock {
  readonly source: string;
  readonly host: string;
  readonly pid: number;
  readonly run_id: string | null;
  readonly since: string;
  readonly heartbeat_at: string;
  readonly heartbeat_age_seconds: number;
  readonly max_seconds: number | null;
  readonly released_at: string | null;
  /** `silent`: never released, and nothing was heard of its holder for a minute. */
  readonly state: "held" | "released" | "silent";
}

export interface PendingRepo {
  readonly slug: string;
  readonly count: number;
  readonly oldest: string;
  /** Why the oldest of them has not reached its file; null when it was not tried yet. */
  readonly problem: string | null;
}

const LISTED_BACKING_OFF = 20;
const LISTED_PENDING = 5;
// A holder is heard of every few seconds; a host that was lost gives the lock free within a minute.
const SILENT_AFTER = "60 seconds";

/** Nothing of removed repositories. */
export async function readSweepStatus(sql: Reader): Promise<SweepStatus> {
  const [sweep, sweep_lock, pending] = await Promise.all([readSweep(sql), readLock(sql), readPending(sql)]);
  return { sweep, sweep_lock, ...pending };
}

async function readSweep(sql: Reader): Promise<SweepStatus["sweep"]> {
  const [row] = await sql<{ sweep: NonNullable<SweepStatus["sweep"]> }[]>`
    with swept as (select finished_at, write_back from sweep_state), states as materialized (
      select s.key, (s.value ->> 'ok_at')::timestamptz as ok_at, (s.value ->> 'retry_at')::timestamptz as retry_at,
        (s.value ->> 'failures')::int as failures, s.value ->> 'problem' as problem
      from sweep_state, jsonb_each(sweep_state.repos) s
    ), known as materialized (
      select slug, ok_at, retry_at, failures, problem
      from (select id::text as key, slug from repos where removed_at is null) r left join states using (key)
    ), backing_off as (select slug, failures, retry_at, problem from known where failures > 0)
    select json_build_object(
      'finished_at', finished_at, 'age_seconds', greatest(0, extract(epoch from now() - finished_at))::int, 'write_back', write_back,
      'oldest_repo', (select json_build_object('slug', slug, 'checked_at', ok_at) from known order by ok_at nulls first, slug limit 1),
      'backing_off', json_build_object('count', (select count(*) from backing_off), 'repos', (
        select coalesce(json_agg(next order by next.retry_at nulls first, next.slug), '[]')
        from (select * from backing_off order by retry_at nulls first, slug limit ${LISTED_BACKING_OFF}) next))
    ) as sweep
    from swept`;
  return row?.sweep ?? null;
}

async function readLock(sql: Reader): Promise<SweepLock | null> {
  const [row] = await sql<{ lock: SweepLock }[]>`
    select json_build_object('source', source, 'host', host, 'pid', pid, 'run_id', run_id, 'since', since,
      'heartbeat_at', heartbeat, 'heartbeat_age_seconds', greatest(0, extract(epoch from now() - heartbeat))::int,
      'max_seconds', max_seconds, 'released_at', released_at,
      'state', case when released_at is not null then 'released'
        when heartbeat < now() - ${SILENT_AFTER}::text::interval then 'silent' else 'held' end) as lock
    from sweep_lease`;
  return row?.lock ?? null;
}

async function readPending(sql: Reader): Promise<Pick<SweepStatus, "pending_writebacks" | "oldest_held_plan">> {
  const [row] = await sql<{ pending: Pick<SweepStatus, "pending_writebacks" | "oldest_held_plan"> }[]>`
    with waiting as (
      select repos.slug, i.id, i.created_at, i.problem from writeback_intents i join repos on repos.id = i.repo_id
      where i.done_at is null and i.cancelled_at is null and repos.removed_at is null
    ), by_repo as (
      select slug, count(*) as count, min(created_at) as oldest, (array_agg(problem order by created_at, id))[1] as problem
      from waiting group by slug order by oldest, slug limit ${LISTED_PENDING}
    )
    select json_build_object(
      'pending_writebacks', (select json_build_object('count', count(*), 'oldest', min(created_at),
        'repos', (select coalesce(json_agg(by_repo order by oldest, slug), '[]') from by_repo)) from waiting),
      'oldest_held_plan', (select min(h.created_at) from held_plans h join repos on repos.id = h.repo_id
        where h.applied_at is null and h.superseded_at is null and repos.removed_at is null)
    ) as pending`;
  if (!row) throw new Error("a select without from gave no row");
  return row.pending;
}
