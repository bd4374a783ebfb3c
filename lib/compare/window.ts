// The slots that are compared: those that were due in the window, and long enough ago that whatever came of them is written
// down. A slot that may still be served is neither fired nor missed. (pure)
import { cronGrid } from "../schedule/cron_grid.ts";
import type { ComparisonTerms } from "./comparison.ts";

export interface Slot {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly next: number;
}

export interface DueSlots {
  readonly from: Date;
  readonly until: Date;
  /** Oldest first; none where the schedule is unknown. */
  readonly slots: readonly Slot[];
  readonly settledAfterMs: number;
  /** Whether a moment is a slot, due or not. */
  isSlot(at: number): boolean;
  /** The slot after that moment; infinite where there is none. */
  nextAfter(at: number): number;
}

/** What a budget of 300 s comes to: 120 s to begin in, and 420 s until the last of its deadlines ends it. */
const SETTLED_AFTER_SECONDS = 540;
const HOUR_MS = 3_600_000;

/** @throws OpsFailure when the schedule is no cron expression, or has too many slots in the window */
export function dueSlots({ hours, schedule, settledAfterSeconds = SETTLED_AFTER_SECONDS }: Terms, now: Date): DueSlots {
  const from = new Date(now.getTime() - hours * HOUR_MS);
  if (schedule === null) return { ...NO_SLOTS, from, until: now };
  const grid = cronGrid(schedule);
  const nextAfter = (at: number) => grid.nextAfter(new Date(at))?.getTime() ?? Number.POSITIVE_INFINITY;
  const all = grid.slotsBetween(from, new Date(now.getTime() + 1)).map((slot) => slot.getTime());
  const slots = all.map((at, index) => ({ at, next: all[index + 1] ?? nextAfter(at) }));
  const settledAfterMs = Math.min(settledAfterSeconds * 1000, ...slots.map(({ at, next }) => next - at));
  const until = new Date(now.getTime() - settledAfterMs);
  const [known, due] = [new Set(all), slots.filter(({ at }) => at <= until.getTime())];
  return { from, until, slots: due, settledAfterMs, isSlot: (at) => known.has(at), nextAfter };
}

type Terms = Pick<ComparisonTerms, "hours" | "schedule" | "settledAfterSeconds">;

const NO_SLOTS = { slots: [], settledAfterMs: 0, isSlot: () => false, nextAfter: () => Number.POSITIVE_INFINITY };
