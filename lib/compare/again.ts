// When there may be enough evidence. A window that begins before the candidate did shows misses that are none; the answer is
// another window or a later hour, and whoever asked too early is told which. (pure)
import { type Comparison, THRESHOLDS } from "./comparison.ts";
import type { Tally } from "./tally.ts";
import { firedEnough } from "./verdict.ts";
import type { DueSlots } from "./window.ts";

const HOUR_MS = 3_600_000;

/** @returns null where it is not for want of time: what fired since both had begun would not do either */
export function askAgain(due: DueSlots, now: Date, sides: readonly Tally[]): Comparison["again"] {
  const begun = Math.max(...sides.map(({ strip }) => firstFired(strip)));
  const slot = due.slots[begun];
  if (slot === undefined) return null;
  const isShort = due.slots.length < THRESHOLDS.min_expected;
  if ((begun === 0 && !isShort) || !sides.every(({ strip }) => firedSince(strip.slice(begun)))) return null;
  const hours = hoursFor(due, slot.at);
  // They fire since before this window: a longer one is enough, now.
  if (begun === 0) return { at: now.toISOString(), hours };
  const at = slot.at + hours * HOUR_MS;
  if (at > now.getTime()) return { at: new Date(at).toISOString(), hours };
  return { at: now.toISOString(), hours: Math.floor((now.getTime() - slot.at) / HOUR_MS) };
}

/** Whole hours that hold enough due slots, wherever in them the first one lies. */
function hoursFor({ nextAfter, settledAfterMs }: DueSlots, first: number): number {
  let last = first;
  for (let count = 0; count < THRESHOLDS.min_expected; count++) last = nextAfter(last);
  return Math.ceil((last + settledAfterMs - first) / HOUR_MS);
}

/** Infinite where it never fired. */
function firstFired(strip: Tally["strip"]): number {
  const found = strip.findIndex((outcome) => outcome !== "missed");
  return found === -1 ? Number.POSITIVE_INFINITY : found;
}

function firedSince(strip: Tally["strip"]): boolean {
  return firedEnough({ expected: strip.length, fired: strip.filter((outcome) => outcome !== "missed").length });
}
