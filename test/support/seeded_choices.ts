// Choices that come again with the same seed: a failure that nobody can repeat is only half found.

export interface Choices {
  /** A whole number from 0 on, less than `limit`. */
  below(limit: number): number;
  /** One of them; of an empty list, an error. */
  of<T>(all: readonly T[]): T;
}

/** Marsaglia's xorshift with shifts 13, 17, 5 (Xorshift RNGs, 2003): good enough to choose events, and the same everywhere. */
export function seededChoices(seed: number): Choices {
  let state = seed | 0 || 1;
  const below = (limit: number) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
  const of = <T>(all: readonly T[]): T => {
    if (all.length === 0) throw new Error("there is nothing to choose from");
    return all[below(all.length)] as T;
  };
  for (let warm = 0; warm < 8; warm++) below(2);
  return { below, of };
}
