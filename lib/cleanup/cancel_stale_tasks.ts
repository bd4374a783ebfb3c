// Cancels stale tasks, tells of each, and leaves the run's own progress event: all in one transaction, or nothing. A sweep
// that brings one back at the same moment is either seen (the task stays as it is) or sees the cancelled row.
import type { Transaction } from "../db/handles.ts";
import { idsIn } from "../db/ids_in.ts";
import { recordTransitions } from "../events/transitions.ts";
import { type CleanupReport, counted, longestUnchanged, NO_TASKS } from "./cleanup_report.ts";
import type { CleanupTerms } from "./preview.ts";
import { type StaleTask, staleColumns, staleRows } from "./stale_task.ts";
import { limitToTimeLeft } from "./time_left.ts";

/** Rows held in memory and named in one statement. */
const TASKS_PER_BATCH = 2_000;
const CANCELLED = "cancelled";

export interface CancelTerms extends CleanupTerms {
  /** By performance.now(); as long as it takes unless given. */
  readonly endBy?: number | null;
}

/**
 * @param tx read committed: rows that somebody changed meanwhile are looked at again, as they are then
 * @throws OpsFailure when the time is up
 */
export async function cancelStaleTasks(tx: Transaction, terms: CancelTerms): Promise<CleanupReport> {
  const { runId, source, days, endBy = null } = terms;
  let [listed, counts]: [StaleTask[], CleanupReport["counts"]] = [[], NO_TASKS];
  await limitToTimeLeft(tx, endBy);
  const ids = await tx<{ id: string }[]>`select t.id ${staleRows(tx, days)} order by t.id`;
  for (let at = 0; at < ids.length; at += TASKS_PER_BATCH) {
    await limitToTimeLeft(tx, endBy);
    const batch = await lockStill(
      tx,
      days,
      ids.slice(at, at + TASKS_PER_BATCH).map(({ id }) => id),
    );
    await cancel(tx, batch);
    [listed, counts] = [longestUnchanged(listed, batch), counted(counts, batch)];
  }
  const [clock] = await tx<{ as_of: string }[]>`select to_json(now()) #>> '{}' as as_of`;
  const as_of = clock?.as_of ?? "";
  const truncated = counts.tasks > listed.length;
  const report = { run_id: runId, source, days, applied: true, as_of, tasks: listed, counts, truncated };
  await keepReport(tx, report);
  return report;
}

/**
 * Those of them that still are stale, and from now on nobody else's to change. Both rows are locked, because either may be
 * the one that is orphaned: PostgreSQL judges again what it had to wait for, but only rows that it locks (13.2.1).
 */
async function lockStill(tx: Transaction, days: number, ids: readonly string[]): Promise<StaleTask[]> {
  const rows = await tx<StaleTask[]>`
    select ${staleColumns(tx)} ${staleRows(tx, days)} and t.id in (${idsIn(tx, ids)})
    order by t.id for no key update of t for share of w`;
  return [...rows];
}

/**
 * The agreed value moves along: nobody but the file may say what becomes of the task when its block comes back, and a
 * status that only the hub had moved would be written into that file.
 */
async function cancel(tx: Transaction, batch: readonly StaleTask[]): Promise<void> {
  const ids = batch.map(({ id }) => id);
  const transitions = batch.map(({ id, status, since }) => ({
    of: "stale_task" as const,
    id,
    from: status,
    to: CANCELLED,
    status_changed_at: since,
  }));
  await Promise.all([
    tx`update tasks set status = ${CANCELLED} where id in (${idsIn(tx, ids)})`,
    tx`update sync_base set status = ${CANCELLED} where row_id in (${idsIn(tx, ids)})`,
    ...recordTransitions(tx, transitions),
  ]);
}

async function keepReport(tx: Transaction, report: CleanupReport): Promise<void> {
  const { run_id, source, counts, days } = report;
  const summary = `${counts.tasks} stale ${counts.tasks === 1 ? "task" : "tasks"} cancelled, unchanged for ${days} days`;
  await tx`
    insert into progress_events (id, event_type, source, summary, detail)
    values (${run_id}, 'cleanup_stale_tasks', ${source}, ${summary}, ${JSON.stringify(report)}::text::jsonb)`;
}
