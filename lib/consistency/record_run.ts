// The rows that a run leaves about itself: its progress event and, of a sweep of the remotes, its activity run. A run that
// was refused the lock or that failed leaves them too: a schedule that is silent looks like one that is healthy.
import type { Transaction } from "../db/handles.ts";
import type { Report, Source } from "./report.ts";
import type { AbandonedRun } from "./run_ledger.ts";

export interface RunRecord {
  readonly report: Report;
  /** When it ended, ISO 8601, of a run that could not be recorded then; else the database's clock says when. */
  readonly at?: string;
}

/** A run of any activity that ended before there was a report: what it required was not there. */
export interface UnreportedRun {
  readonly run_id: string;
  readonly definition_id: string;
  readonly source: Source;
  /** Both by this host's clock, ISO 8601: there was no database to ask. */
  readonly fired_at: string;
  readonly finished_at: string;
  readonly status: "failed" | "skipped";
  readonly reason: string;
}

/** What may have to wait for the database. */
export type KeptRun = RunRecord | { readonly unreported: UnreportedRun };

/** Writes activity runs: the schema that holds them is another capability's. */
export interface ActivityRecorder {
  ended(tx: Transaction, record: KeptRun): Promise<void>;
  /** A run that was killed, found by the one that took its lease over. */
  neverEnded(tx: Transaction, run: AbandonedRun): Promise<void>;
}

const EVENT_TYPES: Readonly<Record<Report["mode"], string>> = {
  repo: "consistency_check_repo",
  all: "consistency_check_all",
  "remote-all": "consistency_sweep_remote_all",
};

/** Doing it twice is doing it once: the event's id is the run's. */
export async function storeRun(tx: Transaction, record: KeptRun, activity: ActivityRecorder | null): Promise<void> {
  if ("unreported" in record) return activity?.ended(tx, record);
  const { report, at = null } = record;
  await tx`
    insert into progress_events (id, event_type, source, summary, detail, created_at)
    values (${report.run_id}, ${EVENT_TYPES[report.mode]}, ${report.source}, ${summaryOf(report)},
      ${JSON.stringify(report)}::text::jsonb, coalesce(${at}::timestamptz, now()))
    on conflict (id) do nothing`;
  if (report.mode === "remote-all") await activity?.ended(tx, record);
}

function summaryOf({ exit_code, lock_skipped, automation_error }: Report): string {
  const skipped = lock_skipped ? ": lock skipped" : "";
  const why = automation_error === null ? skipped : `: ${automation_error.message.slice(0, 200)}`;
  return `exit ${exit_code}${why}`;
}
