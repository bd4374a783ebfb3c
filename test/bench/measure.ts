// How a row of the benchmark is measured: what we built and a yardstick, in turn, in the same run. Their ratio means the
// same on a laptop and on a loaded server; milliseconds alone would only measure the machine. (pure but for the clock)

/** Rounds that count; one more comes first and is thrown away (caches, JIT, PostgreSQL's buffers). */
export const ROUNDS = 7;

export interface Pair {
  readonly measured: number;
  readonly reference: number;
}

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** One side of a row: does its work and gives its cost, in milliseconds or bytes. `round` 0 is the warm-up. */
export type Side = (round: number) => Promise<number>;

/**
 * Runs both sides once a round, the order changing each time, so that neither always runs on the warmer machine.
 * @returns the rounds that count
 */
export async function inTurn(rounds: number, sides: { measured: Side; reference: Side }): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (let round = 0; round <= rounds; round++) {
    const early = round % 2 === 0 ? await sides.reference(round) : null;
    const measured = await sides.measured(round);
    const reference = early ?? (await sides.reference(round));
    if (round > 0) pairs.push({ measured, reference });
  }
  return pairs;
}

/** The cost of `work` in milliseconds, after a collection, so that no side pays for the other's garbage. */
export async function timed(work: () => Promise<unknown> | unknown): Promise<number> {
  Bun.gc(true);
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** @throws RangeError without a value */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  const [min, max] = [sorted[0], sorted.at(-1)];
  if (low === undefined || high === undefined || min === undefined || max === undefined)
    throw new RangeError("no value to take the median of");
  return { median: (low + high) / 2, min, max };
}

/** The smallest value that so many percent do not exceed (nearest rank). @throws RangeError without a value */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  const found = sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
  if (found === undefined) throw new RangeError("no value to take a percentile of");
  return found;
}

export function ratios(pairs: readonly Pair[]): Spread {
  return spread(pairs.map(({ measured, reference }) => measured / reference));
}

export function differences(pairs: readonly Pair[]): Spread {
  return spread(pairs.map(({ measured, reference }) => measured - reference));
}
