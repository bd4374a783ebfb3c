// The report of one run: what scripts print with --json, what the hub keeps as the run's progress event. Its field names
// are a contract with whoever reads it later; counts always cover the whole, lists may be cut.
import type { OpenFinding } from "./findings.ts";
import type { WorkplanCounts } from "./reading_counts.ts";

export const SOURCES = ["manual", "local-timer", "activity-core", "k8s-cronjob", "git-hook", "api"] as const;
export type Source = (typeof SOURCES)[number];
/** At most so many findings are listed; the totals count all. */
export const LISTED_FINDINGS = 200;

export interface Actions {
  readonly created: number;
  readonly updated: number;
  readonly orphaned: number;
  readonly written_back: number;
  readonly pending_writeback: number;
}

/** Who had the lock that a run could not get. */
export interface LockHolder {
  readonly source: string;
  readonly host: string;
  readonly pid: number;
  /** ISO 8601. */
  readonly since: string;
}

/** For people; null when it cannot be told who. */
export function whoHolds(holder: Pick<LockHolder, "source" | "host" | "pid"> | null): string {
  return holder === null ? "another run" : `a run of ${holder.source} on ${holder.host}, pid ${holder.pid}`;
}

export interface ProcessedRepo {
  readonly slug: string;
  /** The commit that was read; null when the repository could not be used. */
  readonly head: string | null;
  readonly workplans: WorkplanCounts;
  readonly tasks: { readonly found: number; readonly parsed: number; readonly failed: number };
  readonly actions: Actions;
  readonly duration_ms: number;
}

export interface AutomationError {
  readonly check: "C-00";
  readonly message: string;
  readonly repo: string | null;
}

export interface Report {
  readonly run_id: string;
  readonly source: Source;
  readonly mode: "repo" | "all" | "remote-all";
  readonly dry_run: boolean;
  /** ISO 8601, UTC. */
  readonly started_at: string;
  readonly finished_at: string;
  readonly duration_ms: number;
  /** null: this mode has no time budget. */
  readonly max_seconds: number | null;
  readonly lock_skipped: boolean;
  readonly lock_holder: LockHolder | null;
  readonly repos_total: number;
  readonly repos_processed: readonly ProcessedRepo[];
  readonly skipped_clean: readonly string[];
  readonly skipped_missing: readonly string[];
  readonly skipped_budget: readonly string[];
  readonly automation_error: AutomationError | null;
  readonly assessment_failures: readonly OpenFinding[];
  readonly assessment_totals: Readonly<Record<string, number>>;
  readonly truncated: boolean;
  readonly exit_code: 0 | 1 | 2;
}

export const NO_ACTIONS: Actions = { created: 0, updated: 0, orphaned: 0, written_back: 0, pending_writeback: 0 };

/** 2 when the run could not do its job; 1 for open errors where findings count (`strict`); else 0. */
export function exitCodeOf(error: AutomationError | null, openErrors: number, strict: boolean): 0 | 1 | 2 {
  if (error) return 2;
  return strict && openErrors > 0 ? 1 : 0;
}
