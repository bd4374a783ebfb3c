// The shortest time between two slots of a schedule: what a run's budget, and the time by which it may begin late, have to stay
// below, or it is still at work when the next one is due.
import { cronFields } from "./cron_fields.ts";
import { cronGrid } from "./cron_grid.ts";

const DAY_S = 86_400;
/** Any day on which something fires will do: four years hold each kind of day, and 29 February. */
const FROM = new Date("2027-12-31T23:59:59Z");
const MOST_DAYS = 4 * 366;

/**
 * Seconds; null when it never fires, as on 30 February.
 * @throws OpsFailure as cronFields()
 */
export function shortestPeriod(cron: string): number | null {
  const { minutes, hours } = cronFields(cron);
  const days = shortestDays(cron);
  if (days === null) return null;
  const seconds = hours.flatMap((hour) => minutes.map((minute) => (hour * 60 + minute) * 60));
  const nextDay = (seconds[0] ?? 0) + days * DAY_S;
  return Math.min(...seconds.map((second, at) => (seconds[at + 1] ?? nextDay) - second));
}

/** Days from one on which it fires to the next such day, at the least. */
function shortestDays(cron: string): number | null {
  const [, , ...dayFields] = cron.split(" ");
  const grid = cronGrid(["0", "0", ...dayFields].join(" "));
  let [at, shortest] = [grid.nextAfter(FROM), Number.POSITIVE_INFINITY];
  if (at === null) return null;
  for (let seen = 0; seen < MOST_DAYS && shortest > 1; seen++) {
    const next = grid.nextAfter(at);
    if (next === null) break;
    shortest = Math.min(shortest, Math.round((next.getTime() - at.getTime()) / 1_000 / DAY_S));
    at = next;
  }
  return shortest;
}
