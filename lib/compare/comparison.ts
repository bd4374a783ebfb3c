// What a comparison of two schedules says: the document that --json prints and that the schedule's move is gated on. Its field
// names are a contract; thresholds stand in it, so that whoever reads it later knows what was asked for then.

/** What became of one slot of one source. */
export const OUTCOMES = ["completed", "lock_skipped", "skipped", "failed", "running", "unreported", "missed"] as const;
export type SlotOutcome = (typeof OUTCOMES)[number];

export const THRESHOLDS = {
  /** Slots that there must have been. */
  min_expected: 12,
  /** Of these, the percentage in which the candidate must have fired. */
  min_fired_percent: 95,
  /** Runs that each of the two must have completed. */
  min_completed: 3,
  /** Slots that may lie between the two reports whose findings are compared. */
  max_slots_between_reports: 12,
  /** Newest slots in a row in which the candidate may have done nothing: more, and it has stopped. */
  max_idle_at_end: 2,
} as const;

/** Milliseconds. */
export interface Spread {
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

/** One source in the window: each slot is counted in exactly one of completed ... missed. */
export interface SourceFigures {
  readonly expected: number;
  /** All but the missed ones: a run that was refused the lock, failed or was skipped did fire. */
  readonly fired: number;
  readonly completed: number;
  readonly lock_skipped: number;
  /** Skipped for another reason, such as a hub that was down. */
  readonly otherwise_skipped: number;
  readonly missed: number;
  /** C-00, and runs that never ended. */
  readonly automation_errors: number;
  /** Begun, and not ended when they should have been. */
  readonly running: number;
  /** Said to have succeeded, with a report that does not bear it out. */
  readonly unreported: number;
  /** Runs in the window that no slot of the schedule explains; not counted in anything else. */
  readonly off_grid: number;
  /** Open findings by check, in its newest completed report; null where there is none that says. */
  readonly assessment: Readonly<Record<string, number>> | null;
  /** Of completed runs; null where there is none. */
  readonly duration_ms: Spread | null;
  /** From the slot to the firing, of all that fired. */
  readonly lateness_ms: Spread | null;
  /** Repositories that its completed runs looked at. */
  readonly repos_covered: number;
  /** What became of each slot, in the order of `slots`. */
  readonly strip: readonly SlotOutcome[];
}

export type Verdict = "ready" | "not_ready" | "not_enough_evidence";

export interface Comparison {
  readonly verdict: Verdict;
  /** Sentences; the first is the one that decided. */
  readonly reasons: readonly string[];
  readonly thresholds: typeof THRESHOLDS;
  readonly definition_id: string;
  /** Cron, in UTC; null where nobody knows it. */
  readonly schedule: string | null;
  readonly baseline: string;
  readonly candidate: string;
  /** ISO 8601 by the database's clock. Slots after `until` may still be served, and count in neither way. */
  readonly window: { readonly from: string; readonly until: string; readonly hours: number };
  /** When there may be enough evidence, and over how many hours then; null where waiting alone changes nothing. */
  readonly again: { readonly at: string; readonly hours: number } | null;
  /** The slots that were due in the window, oldest first, ISO 8601. */
  readonly slots: readonly string[];
  /** Every source with a run in the window, and the two in any case. */
  readonly sources: Readonly<Record<string, SourceFigures>>;
}

/** What is compared. */
export interface ComparisonTerms {
  /** Back from now; may be a fraction. */
  readonly hours: number;
  /** The source that the schedule has now. */
  readonly baseline: string;
  /** The one that is to have it. */
  readonly candidate: string;
  readonly definitionId: string;
  /** Cron of five fields, or six with seconds; null where nobody knows it. */
  readonly schedule: string | null;
  /**
   * So long after its slot a run may still begin, work and be written down; a slot is due only then. Never longer than
   * from one slot to the next.
   */
  readonly settledAfterSeconds?: number;
}
