// What a comparison is made from, wherever it is read: the hub's database, or a hub's routes. Both give exactly this, so that
// they cannot come to different verdicts over the same rows.

/** A run with a slot. Times are ISO 8601. */
export interface RunRow {
  readonly run_id: string;
  readonly source: string;
  readonly scheduled_for: string;
  readonly fired_at: string;
  readonly finished_at: string | null;
  readonly status: string;
  /** Of its report what can be relied on: null where it does not say; the whole is null where there is none. */
  readonly report: {
    readonly lock_skipped: boolean | null;
    readonly automation_error: boolean | null;
    readonly duration_ms: number | null;
  } | null;
}

/** An open finding as a report lists it. Reports hold no ids: these fields, and when it was opened, name its row. */
export interface ListedFinding {
  readonly repo: string;
  readonly check: string;
  readonly path: string | null;
  readonly subject: string | null;
  /** ISO 8601; null for one that has no row. */
  readonly first_seen: string | null;
}

/** What a report says of the findings that were open at its end; null where it cannot be read from it. */
export interface FindingsReport {
  readonly totals: Readonly<Record<string, number>> | null;
  readonly findings: readonly ListedFinding[] | null;
}

/** What became of a finding, as the hub has it now. */
export interface FindingHistory extends ListedFinding {
  /** ISO 8601; null: it is open. */
  readonly closed_at: string | null;
  readonly times_reopened: number;
  readonly waived: boolean;
}

export interface RunsOfWindow {
  /** By the database's clock. */
  readonly now: Date;
  /** Those whose slot is within the hours before now. */
  readonly runs: readonly RunRow[];
}

export interface Reports {
  /** Repositories that the completed runs looked at, by source. */
  readonly covered: ReadonlyMap<string, number>;
  /** By run id, of the newest ones. */
  readonly findings: ReadonlyMap<string, FindingsReport>;
}

export interface Evidence {
  runs(terms: { readonly definitionId: string; readonly hours: number }): Promise<RunsOfWindow>;
  /** @param newest run ids whose findings are compared; they are among the completed ones */
  reports(completed: readonly RunRow[], newest: readonly string[]): Promise<Reports>;
  /** Every row of the hub that one of these may be. */
  history(findings: readonly ListedFinding[]): Promise<readonly FindingHistory[]>;
}
