// Waiting for a condition, never for time: every wait has a deadline and says what it last saw.
import { OpsFailure } from "./failure.ts";

export interface Wait {
  /** "the server accepts connections": completes the sentence "Waited 10 s for ...". */
  readonly forWhat: string;
  readonly deadlineMs: number;
  readonly intervalMs?: number;
  readonly hint?: string;
  readonly signal?: AbortSignal;
}

/**
 * Polls `look` until it returns something other than `{ seen }`.
 * @returns the value under `found`
 * @throws OpsFailure (automation) at the deadline, naming what was seen last; the signal's reason when aborted
 */
export async function waitUntil<T>(
  wait: Wait,
  look: () => Promise<{ found: T } | { seen: string }> | { found: T } | { seen: string },
): Promise<T> {
  const started = performance.now();
  for (;;) {
    wait.signal?.throwIfAborted();
    const result = await look();
    if ("found" in result) return result.found;
    if (performance.now() - started >= wait.deadlineMs) {
      throw new OpsFailure(`Waited ${wait.deadlineMs / 1000} s for ${wait.forWhat}`, {
        observed: result.seen,
        ...(wait.hint === undefined ? {} : { hint: wait.hint }),
      });
    }
    await Bun.sleep(wait.intervalMs ?? 20);
  }
}
