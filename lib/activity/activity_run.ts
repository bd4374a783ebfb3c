// One row for each time that a scheduled activity fired, so that "did it run?" is a query and two schedules can be
// compared. Only this capability writes the schema `activity`.
import type { Transaction } from "../db/handles.ts";
import { type Activity, activityOf, SWEEP } from "./activity.ts";
import type { Firing, Slot } from "./slot_of_run.ts";

/** The sweep's definition, as its activity's file has it. */
export const SWEEP_DEFINITION_ID = SWEEP.definitionId;
/** Sources that fire on the grid; of any other, each run is a row of its own. */
const ON_THE_GRID: ReadonlySet<string> = new Set(["local-timer", "activity-core", "k8s-cronjob"]);

export interface ActivityRun {
  /** The sweep unless given. */
  readonly of?: Activity;
  readonly runId: string;
  readonly source: string;
  readonly when: When;
  readonly status: "succeeded" | "failed" | "skipped";
  readonly reason: string | null;
  /** The run's report; null when it left none. */
  readonly report: { readonly run_id: string } | null;
}

/** A run that ends now is dated by the database's clock; of another the times are given, ISO 8601. */
export type When =
  | { readonly lastedMs: number }
  /** Nobody saw the end of a run that was killed: null. */
  | { readonly firedAt: string; readonly finishedAt: string | null };

/** Who holds the lock of the sweeps, or held it last. */
export interface Holder {
  readonly source: string;
  readonly host: string;
  readonly pid: number;
  readonly since: string;
}

/** The part of a sweep's report that its row is made of. */
export interface SweepReport {
  readonly run_id: string;
  readonly source: string;
  readonly started_at: string;
  readonly finished_at: string;
  readonly duration_ms: number;
  readonly lock_skipped: boolean;
  readonly lock_holder: Holder | null;
  readonly automation_error: { readonly message: string } | null;
}

/** A run of any activity that ended before there was anything to report. */
export interface UnreportedRun {
  readonly run_id: string;
  readonly definition_id: string;
  readonly source: string;
  /** Both by the clock of its host, ISO 8601: there was no database to ask. */
  readonly fired_at: string;
  readonly finished_at: string;
  readonly status: "failed" | "skipped";
  readonly reason: string;
}

export type SweepRecord =
  /** Of a run that has just ended, or (`at` is given) of one that had to wait for the database. */
  { readonly report: SweepReport; readonly at?: string } | { readonly unreported: UnreportedRun };

export function recordSweep(tx: Transaction, record: SweepRecord): Promise<void> {
  if ("unreported" in record) return recordUnreported(tx, record.unreported);
  const { report, at } = record;
  const { run_id, source, started_at, finished_at, duration_ms } = report;
  const when = at === undefined ? { lastedMs: duration_ms } : { firedAt: started_at, finishedAt: finished_at };
  return storeActivityRun(tx, { runId: run_id, source, when, ...outcomeOf(report), report });
}

/** Stores a run that held the lock and never gave it back, found by the one that took over. If it had ended, nothing. */
export function recordUnendedSweep(tx: Transaction, run: Holder & { readonly runId: string | null }): Promise<void> {
  const { source, host, pid, since } = run;
  return storeActivityRun(tx, {
    runId: run.runId ?? Bun.randomUUIDv7(),
    source,
    when: { firedAt: since, finishedAt: null },
    status: "failed",
    reason: `it never ended: pid ${pid} on ${host} was killed, or its host was lost`,
    report: null,
  });
}

/** What a sweep is given to have its runs recorded. */
export const sweepRecorder = { ended: recordSweep, neverEnded: recordUnendedSweep };

/** Also of an activity that this toolkit knows nothing of: a newer one has kept it. */
function recordUnreported(tx: Transaction, run: UnreportedRun): Promise<void> {
  const { run_id: runId, definition_id, source, fired_at: firedAt, finished_at: finishedAt, status, reason } = run;
  const of = activityOf(definition_id) ?? { definitionId: definition_id, reportKey: "report" };
  return storeActivityRun(tx, { of, runId, source, when: { firedAt, finishedAt }, status, reason, report: null });
}

/** Findings are no failure: the run did its job. */
function outcomeOf(report: SweepReport): Pick<ActivityRun, "status" | "reason"> {
  if (report.automation_error) return { status: "failed", reason: report.automation_error.message };
  if (!report.lock_skipped) return { status: "succeeded", reason: null };
  const { lock_holder: holder } = report;
  if (holder === null) return { status: "skipped", reason: "another run holds the lock" };
  const { source, host, pid, since } = holder;
  return { status: "skipped", reason: `the lock is held by ${source} on ${host}, pid ${pid}, since ${since}` };
}

/**
 * Storing a run twice changes nothing. A second firing of a slot is one more attempt, and the newer outcome stands, but
 * for a skip: that the lock was held says nothing about what its holder came to.
 */
export async function storeActivityRun(tx: Transaction, run: ActivityRun): Promise<void> {
  const { of = SWEEP, runId, source, status, reason } = run;
  const given =
    "lastedMs" in run.when ? { firedAt: null, finishedAt: null, ...run.when } : { lastedMs: null, ...run.when };
  const { slot, note } = await slotOf(tx, source, { definitionId: of.definitionId, ...given });
  // Beside the report, who has fired in this slot: only so can a run that is told again be known.
  const snapshot = { [of.reportKey]: run.report, run_ids: [runId], ...(note === null ? {} : { schedule_note: note }) };
  const takes = tx`(r.status = 'skipped' or excluded.status <> 'skipped')
    and (r.status = 'skipped' and excluded.status <> 'skipped'
      or coalesce(excluded.finished_at, excluded.fired_at) >= coalesce(r.finished_at, r.fired_at))`;
  await tx`
    with firing as (
      select coalesce(${given.firedAt}::text::timestamptz, now() - ${given.lastedMs}::float8 * interval '1 ms') as fired_at,
        case when ${given.lastedMs}::float8 is null then ${given.finishedAt}::text::timestamptz else now() end as finished_at,
        ${slot}::text::timestamptz as slot
    )
    insert into activity.activity_runs as r (run_id, definition_id, source, scheduled_for, fired_at, finished_at, status,
      reason, context_snapshot)
    select ${runId}::uuid, ${of.definitionId}::uuid, ${source}, slot, fired_at, finished_at, ${status}, ${reason},
      ${JSON.stringify(snapshot)}::text::jsonb
    from firing
    where not exists (select from activity.activity_runs known where known.run_id = ${runId}::uuid)
      and not exists (
        select from activity.activity_runs known
        where known.definition_id = ${of.definitionId}::uuid and known.scheduled_for = firing.slot
          and known.source = ${source}
          and known.context_snapshot -> 'run_ids' @> to_jsonb(${runId}::text))
    on conflict (definition_id, scheduled_for, source) do update set
      attempts = r.attempts + 1, fired_at = least(r.fired_at, excluded.fired_at),
      finished_at = case when ${takes} then excluded.finished_at else r.finished_at end,
      status = case when ${takes} then excluded.status else r.status end,
      reason = case when ${takes} then excluded.reason else r.reason end,
      context_snapshot = case when ${takes} then excluded.context_snapshot else r.context_snapshot end
        || jsonb_build_object('run_ids', coalesce(r.context_snapshot -> 'run_ids', '[]') || (excluded.context_snapshot -> 'run_ids'))`;
}

/** Loaded where a schedule fired alone: a run by hand has no slot, and most runs are asked for by hand. */
async function slotOf(tx: Transaction, source: string, firing: Firing): Promise<Slot> {
  if (!ON_THE_GRID.has(source)) return { slot: null, note: null };
  const { slotOfRun } = await import("./slot_of_run.ts");
  return slotOfRun(tx, firing);
}
