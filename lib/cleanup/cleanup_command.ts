// The body of `cleanup_stale_tasks.ts`: a preview unless it is told to act, and what to type next.
import type { Outcome } from "../cli/define_script.ts";
import { againAfterRace } from "../db/again_after_race.ts";
import type { Database } from "../db/connect.ts";
import { cancelStaleTasks } from "./cancel_stale_tasks.ts";
import { renderCleanup } from "./cleanup_view.ts";
import { previewCleanup } from "./preview.ts";

export interface CleanupRequest {
  /** Unchanged for longer than so many days; 1 or more. */
  readonly days: number;
  readonly source: string;
  readonly apply: boolean;
}

/** @throws the database's own error, nothing being changed then */
export async function cleanupStaleTasks(database: Database, { days, source, apply }: CleanupRequest): Promise<Outcome> {
  const terms = { runId: Bun.randomUUIDv7(), source, days };
  const report = apply
    ? await againAfterRace(() => database.transaction((tx) => cancelStaleTasks(tx, terms)))
    : await previewCleanup(database.sql, terms);
  const act = ["scripts/cleanup_stale_tasks.ts", "--days", String(days), "--apply"].join(" ");
  return {
    exitCode: 0,
    document: { ...report },
    render: (view) => renderCleanup(report, view),
    next: !apply && report.counts.tasks > 0 ? act : "scripts/state_hub.ts status",
  };
}
