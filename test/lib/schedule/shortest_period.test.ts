// The shortest time between two slots, also across midnight and across days on which nothing fires.
import { expect, test } from "bun:test";
import { cronGrid } from "../../../lib/schedule/cron_grid.ts";
import { shortestPeriod } from "../../../lib/schedule/shortest_period.ts";

const HOUR = 3_600;
const periods: readonly [string, number | null][] = [
  ["* * * * *", 60],
  ["*/15 * * * *", 900],
  ["*/7 * * * *", 240],
  ["0 3 * * *", 24 * HOUR],
  ["0,59 0,23 * * *", 60],
  ["0 0,23 1 * *", 23 * HOUR],
  ["0 0,23 1,2 * *", HOUR],
  ["0 0,23 1,31 * *", HOUR],
  ["0 0 1 * *", 28 * 24 * HOUR],
  ["0 12 * * 1,4", 3 * 24 * HOUR],
  ["0 0 29 2 *", 4 * 365.25 * 24 * HOUR],
  ["0 0 30 2 *", null],
];

test("shortestPeriod() finds it, and gives null for a schedule that never fires", () => {
  expect(periods.map(([cron]) => [cron, shortestPeriod(cron)])).toEqual([...periods]);
});

test("shortestPeriod() is what two slots of some four weeks come to", () => {
  for (const cron of ["*/7 */5 * * *", "3,50 8-18/5 * * 1-5", "10 0,6,23 */3 * *", "0-40/20 22,23 * * 0,6"]) {
    const slots = cronGrid(cron).slotsBetween(new Date("2027-01-30T00:00:00Z"), new Date("2027-03-06T00:00:00Z"));
    const gaps = slots.slice(1).map((slot, at) => (slot.getTime() - (slots[at]?.getTime() ?? 0)) / 1_000);
    expect([cron, shortestPeriod(cron)]).toEqual([cron, Math.min(...gaps)]);
  }
});
