// The rows of runs that were asked for over HTTP. Whether a run is known, at work, done or dead is what they say, to every
// hub on the database; a hub's memory says nothing that they do not.
import type { Reader, Sql } from "../../db/handles.ts";
import { isHeldByNobody } from "../../db/held_locks.ts";
import type { KeptResult } from "./run_work.ts";

/** What a run was asked to do. */
export interface RunOrder {
  readonly run_id: string;
  readonly mode: "repo" | "remote-all";
  /** The repository's; null for the sweep of all. */
  readonly slug: string | null;
  readonly source: string;
  readonly max_seconds: number;
}

export interface Run extends RunOrder {
  readonly status: "running" | "finished" | "interrupted";
  /** Why it was interrupted. */
  readonly problem: string | null;
  /** ISO 8601, as all times here by the database's clock. */
  readonly requested_at: string;
  readonly finished_at: string | null;
  readonly result: KeptResult | null;
  /** The name of the lock that its hub holds while it lives. */
  readonly server: string;
}

/** What is said of a run whose hub is gone, by another one. */
export const ABANDONED = "its hub ended, or lost the database, before the run did";

const columns = (sql: Reader) => sql`
  run_id, mode, slug, source, max_seconds, status, problem, to_json(requested_at) #>> '{}' as requested_at,
  to_json(finished_at) #>> '{}' as finished_at, result, server`;

export async function readRun(sql: Sql, runId: string): Promise<Run | null> {
  const [row] = await sql<Run[]>`select ${columns(sql)} from consistency_runs where run_id = ${runId}`;
  return row ?? null;
}

/** @returns null when the id is taken: by a run that was asked for, or by one that a script has done */
export async function insertRun(sql: Sql, order: RunOrder, server: string): Promise<Run | null> {
  const { run_id, mode, slug, source, max_seconds } = order;
  const [row] = await sql<Run[]>`
    insert into consistency_runs (run_id, mode, slug, source, max_seconds, server)
    select ${run_id}::uuid, ${mode}, ${slug}, ${source}, ${max_seconds}, ${server}
    where not exists (select from progress_events where id = ${run_id}::uuid)
    on conflict (run_id) do nothing returning ${columns(sql)}`;
  return row ?? null;
}

/** A row of which nobody knows whether it was written, and for which nobody works. */
export async function withdrawRun(sql: Sql, runId: string, server: string): Promise<void> {
  await sql`delete from consistency_runs where run_id = ${runId} and server = ${server} and status = 'running'`;
}

/** Whoever did the work knows best: that somebody took its hub for dead does not stand against its result. */
export async function finishRun(sql: Sql, runId: string, result: KeptResult, agoMs: number): Promise<void> {
  await sql`
    update consistency_runs set status = 'finished', problem = null, result = ${JSON.stringify(result)}::text::json,
      finished_at = now() - ${agoMs}::float8 * interval '1 ms'
    where run_id = ${runId}`;
}

export async function interruptRun(sql: Sql, runId: string, problem: string, agoMs: number): Promise<void> {
  await sql`
    update consistency_runs set status = 'interrupted', problem = ${problem},
      finished_at = now() - ${agoMs}::float8 * interval '1 ms'
    where run_id = ${runId} and status <> 'finished'`;
}

/**
 * A run that its living hub is at: somebody took it for dead while it had no connection. One that the hub itself has
 * called interrupted meanwhile stays so.
 */
export async function resumeRun(sql: Sql, runId: string): Promise<void> {
  await sql`
    update consistency_runs set status = 'running', problem = null, finished_at = null
    where run_id = ${runId} and status = 'interrupted' and problem = ${ABANDONED}`;
}

/** Says of runs whose hub is gone that they were interrupted. @param runId of this one alone; null: of all */
export async function markAbandoned(sql: Sql, runId: string | null): Promise<readonly Run[]> {
  return sql<Run[]>`
    update consistency_runs set status = 'interrupted', problem = ${ABANDONED}, finished_at = now()
    where status = 'running' ${runId === null ? sql`` : sql`and run_id = ${runId}`} and ${isHeldByNobody(sql, "server")}
    returning ${columns(sql)}`;
}

/** What a run came to stands in its progress event too, which stays. */
const KEPT_FOR = "30 days";

/** @returns how many of those that ended long ago it took out */
export async function forgetOldRuns(sql: Sql): Promise<number> {
  const rows = await sql`
    delete from consistency_runs where run_id in (
      select run_id from consistency_runs
      where status <> 'running' and requested_at < now() - ${KEPT_FOR}::text::interval
      order by requested_at, run_id limit 1000)`;
  return rows.count;
}
