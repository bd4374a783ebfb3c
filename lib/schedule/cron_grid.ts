// The slots of a schedule: the moments at which a cron expression fires, by UTC alone, so that no change of summer time moves,
// doubles or drops one. What fired is compared with them, and a run is filed under the slot that it belongs to.
import { Cron } from "croner";
import { OpsFailure } from "../failure.ts";

export interface CronGrid {
  readonly cron: string;
  /** The newest slot at or before `instant`; null when there never was one. */
  slotAt(instant: Date): Date | null;
  /** The first slot after `instant`; null when there is none. */
  nextAfter(instant: Date): Date | null;
  /** Slots with `from` <= slot < `until`, oldest first. */
  slotsBetween(from: Date, until: Date): Date[];
}

// More slots than any window that is compared has: a week of minutes is 10,080.
const MOST_SLOTS = 20_000;
const SECOND_MS = 1_000;

/**
 * @param cron five fields, as Kubernetes reads them, or six with seconds in front
 * @throws OpsFailure when it is no cron expression, or one with a time zone of its own
 */
export function cronGrid(cron: string): CronGrid {
  const pattern = read(cron);
  // previousRuns() is strictly before its reference, and looks at whole seconds.
  const justAfter = (instant: Date) => new Date((Math.floor(instant.getTime() / SECOND_MS) + 1) * SECOND_MS);
  return {
    cron,
    slotAt: (instant) => pattern.previousRuns(1, justAfter(instant))[0] ?? null,
    nextAfter: (instant) => pattern.nextRun(instant),
    slotsBetween: (from, until) => {
      const slots: Date[] = [];
      // One millisecond back: nextRun() is strictly after its reference.
      let next = pattern.nextRun(new Date(from.getTime() - 1));
      for (; next !== null && next < until; next = pattern.nextRun(next)) {
        slots.push(next);
        if (slots.length > MOST_SLOTS)
          throw new OpsFailure("Could not lay out the schedule's slots", {
            observed: `more than ${MOST_SLOTS} of ${cron} between ${from.toISOString()} and ${until.toISOString()}`,
            hint: "Ask for a shorter time",
          });
      }
      return slots;
    },
  };
}

function read(cron: string): Cron {
  try {
    // Eight times as fast as a zone by its name, and the same.
    return new Cron(cron, { utcOffset: 0, paused: true });
  } catch (cause) {
    throw new OpsFailure("Could not read the schedule", {
      observed: cron,
      expected: "minute, hour, day of month, month and day of week, such as */15 * * * *, in UTC",
      hint: "scripts/activity_definitions.ts check",
      cause,
    });
  }
}
