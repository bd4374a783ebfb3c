// When a repository that failed is tried again: later each time, so that one that is gone for good costs a sweep next to
// nothing; never later than four hours, so that one that came back is not forgotten. (pure)

/** How a repository stands between two sweeps. Times are ISO 8601, by the database's clock. */
export interface RepoState {
  /** The last time that it was read and applied, or found unchanged. */
  readonly ok_at: string | null;
  readonly tried_at: string | null;
  /** In a row, until now. */
  readonly failures: number;
  readonly retry_at: string | null;
  /** What its remote named at the last try; null when it did not answer. */
  readonly tip: string | null;
  readonly problem: string | null;
}

export const NEVER_TRIED: RepoState = {
  ok_at: null,
  tried_at: null,
  failures: 0,
  retry_at: null,
  tip: null,
  problem: null,
};

/** A try of a repository: when, and what its remote named then. */
export interface Try {
  readonly now: string;
  readonly tip: string | null;
}

export interface Failure extends Try {
  /** What went wrong, in words for `status`. */
  readonly problem: string;
  /** A person started the run: whether what they did has helped shows in the next sweeps. */
  readonly manual?: boolean;
}

/** Who asks whether it waits. */
export interface Asking {
  readonly now: string;
  readonly manual: boolean;
}

const MINUTE_MS = 60_000;
/** How long it waits after its first, second, third ... failure in a row; the last stands for all that follow. */
export const BACK_OFF_MS: readonly number[] = [15, 30, 60, 120, 240].map((minutes) => minutes * MINUTE_MS);
// A timer fires a moment early as often as late: without this a wait of one tick would last two of them.
const EARLY_MS = MINUTE_MS;

export function afterSuccess({ now, tip }: Try): RepoState {
  return { ok_at: now, tried_at: now, failures: 0, retry_at: null, tip, problem: null };
}

/** A manual run, or another commit than at the failure before, begins the count anew: the reason may be another one. */
export function afterFailure(before: RepoState | null, { now, tip, problem, manual = false }: Failure): RepoState {
  const { ok_at, failures: sofar, tip: lastTip } = before ?? NEVER_TRIED;
  const failures = manual || (tip !== null && lastTip !== null && tip !== lastTip) ? 1 : sofar + 1;
  const retry_at = new Date(Date.parse(now) + waitAfter(failures)).toISOString();
  return { ok_at, tried_at: now, failures, retry_at, tip, problem };
}

/**
 * Whether its time has not come yet; never for a person who asks. A wait longer than its failures earn was noted before
 * the clock was set back, and is over.
 */
export function isWaiting(state: RepoState | null, { now, manual }: Asking): boolean {
  if (manual || state === null || state.failures === 0 || state.retry_at === null) return false;
  const leftMs = Date.parse(state.retry_at) - Date.parse(now);
  return leftMs > EARLY_MS && leftMs <= waitAfter(state.failures);
}

/** The last try read and applied it: what failed then, if anything, is giving something back to it. */
export function wasRead({ ok_at, tried_at }: RepoState): boolean {
  return ok_at !== null && ok_at === tried_at;
}

/** Its remote told its tip when it failed: so it is asked in every sweep, and another tip ends its wait. */
export function hasAnswered(state: RepoState | null): boolean {
  return state !== null && state.failures > 0 && state.tip !== null;
}

/** Whether there is nothing to try with the tip that it names now. */
export function isWaitingWith(state: RepoState | null, asking: Asking & { readonly tip: string }): boolean {
  return hasAnswered(state) && state?.tip === asking.tip && isWaiting(state, asking);
}

function waitAfter(failures: number): number {
  return BACK_OFF_MS[Math.min(failures, BACK_OFF_MS.length) - 1] ?? 0;
}
