// The runs that a schedule left in the hub, newest first: what proves that a scheduler fires is a row, not an enabled unit.
import type { Reader } from "../../db/handles.ts";

export interface ScheduleRun {
  readonly run_id: string;
  /** Its slot. */
  readonly scheduled_for: Date;
  readonly status: string;
  readonly reason: string | null;
  readonly lock_skipped: boolean;
}

export interface RunsAsked {
  readonly definition: string;
  readonly source: string;
  /** Of slots after this moment. */
  readonly after: Date;
}

const NEWEST = 50;

export async function runsAfter(sql: Reader, { definition, source, after }: RunsAsked): Promise<ScheduleRun[]> {
  const rows = await sql<ScheduleRun[]>`
    select run_id, scheduled_for, status, reason,
      coalesce(context_snapshot -> 'consistency_sweep_remote_all' ->> 'lock_skipped', 'false') = 'true' as lock_skipped
    from activity.activity_runs
    where definition_id = ${definition}::uuid and source = ${source} and scheduled_for > ${after}
    order by scheduled_for desc limit ${NEWEST}`;
  return [...rows];
}

/** What a canary came to, by the id that it was given: its report is its progress event's detail. */
export interface ToldRun {
  readonly exit_code: number;
  readonly lock_skipped: boolean;
  readonly automation_error: string | null;
}

/** @returns null when the hub knows of no such run */
export async function toldRun(sql: Reader, runId: string): Promise<ToldRun | null> {
  const [row] = await sql<ToldRun[]>`
    select coalesce((detail ->> 'exit_code')::int, 2) as exit_code,
      coalesce(detail ->> 'lock_skipped', 'false') = 'true' as lock_skipped,
      detail -> 'automation_error' ->> 'message' as automation_error
    from progress_events where id = ${runId}::uuid and event_type = 'consistency_sweep_remote_all'`;
  return row ?? null;
}
