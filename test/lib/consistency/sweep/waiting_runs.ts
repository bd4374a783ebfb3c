// Runs as they wait for a database, for the tests of the spool.
import type { RunRecord } from "../../../../lib/consistency/record_run.ts";

/** The record of a sweep that could not reach its database. */
export function failedSweep(): RunRecord {
  const finished_at = new Date().toISOString();
  const report = {
    run_id: Bun.randomUUIDv7(),
    source: "local-timer",
    mode: "remote-all",
    dry_run: false,
    started_at: new Date(Date.parse(finished_at) - 1_000).toISOString(),
    finished_at,
    duration_ms: 1_000,
    max_seconds: 300,
    lock_skipped: false,
    lock_holder: null,
    repos_total: 0,
    repos_processed: [],
    skipped_clean: [],
    skipped_missing: [],
    skipped_budget: [],
    automation_error: { check: "C-00", message: "Could not connect to the State Hub database", repo: null },
    assessment_failures: [],
    assessment_totals: {},
    truncated: false,
    exit_code: 2,
  } as const;
  return { report, at: finished_at };
}
