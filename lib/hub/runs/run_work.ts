// What a run is to a hub: work that belongs to another capability and is handed in, and a result that it keeps and sends
// on without looking into it.

/** As it is kept and sent: plain JSON. */
export interface KeptResult {
  /** What the script prints with --json. */
  readonly document: Readonly<Record<string, unknown>>;
  /** What the report for people shows beyond it. */
  readonly rendering: unknown;
}

export interface RunTerms {
  /** Also the id of the run's report, its progress event and its activity run. */
  readonly runId: string;
  readonly source: string;
  /** Aborted when the hub stops: what is under way comes to its end, nothing new is begun. */
  readonly signal: AbortSignal;
}

export interface RunWork {
  /** Who may be named as having asked for a run. */
  readonly sources: readonly string[];
  /** Seconds: of a sweep unless given, and of each sync. */
  readonly maxSeconds: number;
  /** What it could not do is in the result. @throws the signal's reason when aborted; OpsFailure for a bad order */
  sweep(terms: RunTerms & { readonly maxSeconds: number }): Promise<KeptResult>;
  /** The same for one repository. */
  sync(terms: RunTerms & { readonly slug: string }): Promise<KeptResult>;
}
