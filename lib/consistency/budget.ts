// The time that a run may take, and how it is shared out: looking must leave time for what was found. When a share is used
// up nothing new is begun; what is under way is ended where that loses nothing, and finished where it would.
export class Budget {
  readonly maxSeconds: number | null;
  readonly #startedAt = performance.now();

  /** @param maxSeconds null: as long as it takes */
  constructor(maxSeconds: number | null) {
    this.maxSeconds = maxSeconds;
  }

  /** Whether this share of the budget is used up. @param share 0 to 1 */
  isOver(share = 1): boolean {
    return this.leftMs(share) <= 0;
  }

  /** Milliseconds until the share is used up; Infinity without a budget. */
  leftMs(share = 1): number {
    if (this.maxSeconds === null) return Number.POSITIVE_INFINITY;
    return this.#startedAt + this.maxSeconds * 1000 * share - performance.now();
  }

  /** Milliseconds of a share as a whole. */
  shareMs(share: number): number {
    return this.maxSeconds === null ? Number.POSITIVE_INFINITY : this.maxSeconds * 1000 * share;
  }

  /** Runs `work` with a signal that is aborted, with a BudgetUsedUp, when the share is. */
  async within<T>(share: number, outer: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.maxSeconds === null) return work(outer);
    const over = new AbortController();
    const timer = setTimeout(() => over.abort(new BudgetUsedUp()), Math.max(0, Math.ceil(this.leftMs(share))));
    try {
      return await work(AbortSignal.any([outer, over.signal]));
    } finally {
      clearTimeout(timer);
    }
  }
}

/** The reason of a signal that a budget aborted: not a failure of whoever was under way. */
export class BudgetUsedUp extends Error {
  constructor() {
    super("the time budget is used up");
  }
}
