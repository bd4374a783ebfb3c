// How the hub is, in one look: its identity, what it holds, the last runs, what is open and what waits.
import type { Database } from "../db/connect.ts";
import type { Reader } from "../db/handles.ts";
import { migrationStatus } from "../db/migrate.ts";
import { type OutboxStatus, outboxStatus } from "../events/outbox_status.ts";
import { readSweepStatus, type SweepStatus } from "./sweep_status.ts";

export interface HubStatus extends SweepStatus {
  readonly instance_id: string;
  readonly system_identifier: string;
  readonly server_version: string;
  readonly schema_version: number;
  readonly counts: {
    readonly repos: number;
    readonly workstreams: Readonly<Record<string, number>>;
    readonly tasks: Readonly<Record<string, number>>;
    readonly orphaned: number;
  };
  readonly last_runs: readonly LastRun[];
  readonly open_findings: Readonly<Record<string, number>>;
  readonly waived_findings: number;
  readonly unsettled_conflicts: number;
  readonly held_plans: number;
  readonly missing_repos: readonly string[];
  /** Lifecycle events that are not published yet, or will not be. */
  readonly events: OutboxStatus;
}

export interface LastRun {
  readonly source: string;
  /** repo, all or remote-all. */
  readonly mode: string;
  readonly finished_at: string;
  readonly exit_code: number;
  readonly lock_skipped: boolean;
  /** Its C-00 in words; null when it did its job. */
  readonly automation_error: string | null;
  readonly summary: string;
}

/** One snapshot of everything but what belongs to removed repositories. Times are ISO 8601. */
export async function hubStatus(database: Database): Promise<HubStatus> {
  return database.transaction(
    async (tx) => {
      const [identity, counts, sweep, runs, migrations, events] = await Promise.all([
        readIdentity(tx),
        readCounts(tx),
        readSweepStatus(tx),
        readLastRuns(tx),
        migrationStatus(tx),
        outboxStatus(tx),
      ]);
      return {
        ...identity,
        schema_version: migrations.findLast(({ state }) => state === "applied")?.version ?? 0,
        ...counts,
        ...sweep,
        last_runs: runs,
        events,
      };
    },
    { isolation: "repeatable read" },
  );
}

type Counts = Omit<
  HubStatus,
  "instance_id" | "system_identifier" | "server_version" | "schema_version" | "last_runs" | "events" | keyof SweepStatus
>;

async function readIdentity(sql: Reader) {
  const [row] = await sql<Pick<HubStatus, "instance_id" | "system_identifier" | "server_version">[]>`
    select instance_id, (select system_identifier::text from pg_control_system()) as system_identifier, current_setting('server_version') as server_version
    from hub_instance`;
  if (!row) throw new Error("the hub has no instance row");
  return row;
}

async function readCounts(sql: Reader): Promise<Counts> {
  const [row] = await sql<{ counts: Counts }[]>`
    with known as (select id, slug, missing_since from repos where removed_at is null),
      rows as (
        select 'workstream' as kind, status, orphaned_at from workstreams where repo_id in (select id from known)
        union all
        select 'task', status, orphaned_at from tasks where repo_id in (select id from known)
      ),
      open_findings as (select check_id, waiver_id from findings where closed_at is null and repo_id in (select id from known))
    select json_build_object(
      'counts', json_build_object(
        'repos', (select count(*) from known),
        'workstreams', (select coalesce(json_object_agg(status, n), '{}') from (select status, count(*) as n from rows where kind = 'workstream' and orphaned_at is null group by 1 order by 1) s),
        'tasks', (select coalesce(json_object_agg(status, n), '{}') from (select status, count(*) as n from rows where kind = 'task' and orphaned_at is null group by 1 order by 1) s),
        'orphaned', (select count(*) from rows where orphaned_at is not null)),
      'open_findings', (select coalesce(json_object_agg(check_id, n), '{}') from (select check_id, count(*) as n from open_findings where waiver_id is null group by 1 order by 1) f),
      'waived_findings', (select count(*) from open_findings where waiver_id is not null),
      'unsettled_conflicts', (select count(*) from conflicts where settled_at is null and repo_id in (select id from known)),
      'held_plans', (select count(*) from held_plans where applied_at is null and superseded_at is null and repo_id in (select id from known)),
      'missing_repos', (select coalesce(json_agg(slug order by slug), '[]') from known where missing_since is not null)
    ) as counts`;
  if (!row) throw new Error("a select without from gave no row");
  return row.counts;
}

/** The last run of each source and mode, newest first. Of the others, years of them, no report is opened. */
async function readLastRuns(sql: Reader): Promise<LastRun[]> {
  const rows = await sql<LastRun[]>`
    select e.source, case e.event_type when 'consistency_sweep_remote_all' then 'remote-all'
        else replace(e.event_type, 'consistency_check_', '') end as mode, to_json(e.created_at) #>> '{}' as finished_at,
      (e.detail->>'exit_code')::int as exit_code, coalesce((e.detail->>'lock_skipped')::boolean, false) as lock_skipped,
      e.detail #>> '{automation_error,message}' as automation_error, e.summary
    from (
      select distinct on (event_type, source) id from progress_events
      where event_type like 'consistency\\_check\\_%' or event_type = 'consistency_sweep_remote_all'
      order by event_type, source, created_at desc, id desc
    ) newest join progress_events e on e.id = newest.id
    order by e.created_at desc`;
  return [...rows];
}
