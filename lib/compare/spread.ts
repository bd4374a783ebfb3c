// Middle, edge and worst of a handful of times. (pure)
import type { Spread } from "./comparison.ts";

/** Nearest rank: each is a value that was there. @returns null for none */
export function spreadOf(values: readonly number[]): Spread | null {
  const sorted = values.toSorted((one, other) => one - other);
  const rank = (percent: number) => sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
  const [p50, p95, max] = [rank(50), rank(95), sorted.at(-1)];
  return p50 === undefined || p95 === undefined || max === undefined ? null : { p50, p95, max };
}
