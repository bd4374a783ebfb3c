// The body of `cleanup_stale_tasks.ts`: a preview unless it is told to act, and what to type next.
import type { Outcome } from "../cli/define_script.ts";
import { againAfterRace } from "../db/again_after_race.ts";
import type { Database } from "../db/connect.ts";
import type { Transaction } from "../db/handles.ts";
import { cancelStaleTasks } from "./cancel_stale_tasks.ts";
import type { CleanupReport } from "./cleanup_report.ts";
import { renderCleanup } from "./cleanup_view.ts";
import { previewCleanup } from "./preview.ts";

export interface CleanupRequest {
  readonly runId: string;
  /** Unchanged for longer than so many days; 1 or more. */
  readonly days: number;
  readonly source: string;
  readonly apply: boolean;
  /** Seconds; what is not done by then is undone. null: as long as it takes. */
  readonly maxSeconds: number | null;
  /** Keeps the run, of one that acts alone: another capability's rows, in the same transaction. */
  readonly record: (
    tx: Transaction,
    run: { readonly report: CleanupReport; readonly lastedMs: number },
  ) => Promise<void>;
}

/** @throws the database's own error, or OpsFailure when the time is up; nothing was changed then */
export async function cleanupStaleTasks(database: Database, request: CleanupRequest): Promise<Outcome> {
  const { runId, source, days, apply } = request;
  const terms = { runId, source, days };
  const report = apply ? await applied(database, request) : await previewCleanup(database.sql, terms);
  const act = ["scripts/cleanup_stale_tasks.ts", "--days", String(days), "--apply"].join(" ");
  return {
    exitCode: 0,
    document: { ...report },
    render: (view) => renderCleanup(report, view),
    next: !apply && report.counts.tasks > 0 ? act : "scripts/state_hub.ts status",
  };
}

function applied(database: Database, { maxSeconds, record, ...terms }: CleanupRequest): Promise<CleanupReport> {
  const started = performance.now();
  const endBy = maxSeconds === null ? null : started + maxSeconds * 1_000;
  return againAfterRace(() =>
    database.transaction(async (tx) => {
      const report = await cancelStaleTasks(tx, { ...terms, endBy });
      await record(tx, { report, lastedMs: performance.now() - started });
      return report;
    }),
  );
}
