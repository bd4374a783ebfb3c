// When a CronJob may be unsuspended without starting a run nobody asked for: its controller makes up for the newest slot that
// is not older than the starting deadline, and that slot was the timer's. (pure)
import type { CronGrid } from "../../schedule/cron_grid.ts";

export interface MomentTerms {
  readonly grid: Pick<CronGrid, "slotAt" | "nextAfter">;
  /** The CronJob's startingDeadlineSeconds; null: it has none, and makes up for every slot since its last. */
  readonly startingDeadlineSeconds: number | null;
  readonly now: Date;
}

export type SafeMoment =
  | { readonly ok: true }
  /** `waitUntil` null: no moment is safe on this grid. */
  | { readonly ok: false; readonly waitUntil: Date | null; readonly why: string };

/** Two clocks and a request's way to the cluster: at most so much, and on a grid of seconds a tenth of its period. */
const MARGIN_MS = 5_000;
/** The change must be there before the slot is, or the slot's run starts late. */
const BEFORE_SLOT_MS = 10_000;

/** @returns whether now is such a moment, or the first one after now */
export function safeMoment({ grid, startingDeadlineSeconds, now }: MomentTerms): SafeMoment {
  if (startingDeadlineSeconds === null)
    return { ok: false, waitUntil: null, why: "without a starting deadline it would make up for a slot at once" };
  const [last, next] = [grid.slotAt(now), grid.nextAfter(now)];
  if (last === null || next === null) return { ok: true };
  const { opens, closes } = windowAfter(last, next, startingDeadlineSeconds);
  if (opens > closes) return never(last, next, startingDeadlineSeconds);
  if (now < opens)
    return {
      ok: false,
      waitUntil: opens,
      why: `the slot of ${last.toISOString()} would be made up for until ${startingDeadlineSeconds} s after it`,
    };
  if (now <= closes) return { ok: true };
  const afterNext = grid.nextAfter(next);
  const window = afterNext === null ? null : windowAfter(next, afterNext, startingDeadlineSeconds);
  if (window === null || window.opens > window.closes) return never(last, next, startingDeadlineSeconds);
  return { ok: false, waitUntil: window.opens, why: `the slot of ${next.toISOString()} is about to begin` };
}

function windowAfter(last: Date, next: Date, deadlineSeconds: number): { readonly opens: Date; readonly closes: Date } {
  const period = next.getTime() - last.getTime();
  return {
    opens: new Date(last.getTime() + deadlineSeconds * 1_000 + Math.min(MARGIN_MS, period / 10)),
    closes: new Date(next.getTime() - Math.min(BEFORE_SLOT_MS, period / 10)),
  };
}

function never(last: Date, next: Date, deadlineSeconds: number): SafeMoment {
  const period = (next.getTime() - last.getTime()) / 1_000;
  const why = `its starting deadline of ${deadlineSeconds} s leaves no room between two slots that are ${period} s apart`;
  return { ok: false, waitUntil: null, why };
}
