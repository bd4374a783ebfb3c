// The safe moment against the rule by which the CronJob controller starts Jobs: whoever unsuspends at a moment that is called safe
// must never see one start by it, and whoever is told to wait must have had a reason.
import { expect, test } from "bun:test";
import { safeMoment } from "../../../../lib/cutover/schedule/safe_moment.ts";
import { cronGrid } from "../../../../lib/schedule/cron_grid.ts";
import { decideCronJob } from "../../../support/kubernetes_cron_rule.ts";

const CRONS = ["*/15 * * * *", "* * * * *", "0 3 * * *", "5,17 * * * *", "*/4 * * * * *", "0 0 1 * *"] as const;
const DEADLINES = [1, 10, 50, 120, 600] as const;
const START = Date.parse("2026-11-21T11:07:03.211Z");

/** What the controller does with a CronJob that was suspended for long and is not, as of `now`. */
const startsAt = (cron: string, startingDeadlineSeconds: number | null, now: Date) =>
  decideCronJob(
    {
      suspended: false,
      createdAt: new Date(START - 90 * 86_400_000),
      lastScheduleTime: null,
      startingDeadlineSeconds,
      forbid: true,
      active: 0,
    },
    cronGrid(cron),
    now,
  ).start;

test("safeMoment() never calls a moment safe at which the controller would make up for a slot", () => {
  let [safe, unsafe] = [0, 0];
  for (const cron of CRONS) {
    const grid = cronGrid(cron);
    for (const startingDeadlineSeconds of DEADLINES) {
      for (let at = 0; at < 400; at++) {
        const now = new Date(START + at * 7_919);
        const moment = safeMoment({ grid, startingDeadlineSeconds, now });
        if (moment.ok) {
          safe++;
          expect([cron, startingDeadlineSeconds, now, startsAt(cron, startingDeadlineSeconds, now)]).toEqual([
            cron,
            startingDeadlineSeconds,
            now,
            null,
          ]);
        } else if (moment.waitUntil !== null) {
          unsafe++;
          expect(moment.waitUntil > now).toBe(true);
          expect(safeMoment({ grid, startingDeadlineSeconds, now: moment.waitUntil })).toEqual({ ok: true });
        }
      }
    }
  }
  expect([safe > 1_000, unsafe > 500]).toEqual([true, true]);
});

test("safeMoment() knows of none where the starting deadline reaches into the next slot, or is not set", () => {
  const now = new Date(START);
  const never = (cron: string, startingDeadlineSeconds: number | null) => {
    const moment = safeMoment({ grid: cronGrid(cron), startingDeadlineSeconds, now });
    return !moment.ok && moment.waitUntil === null;
  };
  expect(never("* * * * *", 60)).toBe(true);
  expect(never("*/15 * * * *", 900)).toBe(true);
  expect(never("*/15 * * * *", null)).toBe(true);
  expect(never("*/15 * * * *", 120)).toBe(false);
});

test("safeMoment() waits past the starting deadline with a margin, and keeps away from a slot that is about to begin", () => {
  const grid = cronGrid("*/15 * * * *");
  const at = (time: string) => {
    const moment = safeMoment({ grid, startingDeadlineSeconds: 120, now: new Date(`2026-11-21T${time}Z`) });
    return moment.ok ? "now" : moment.waitUntil?.toISOString().slice(11, 19);
  };
  expect(["11:15:00", "11:17:04", "11:17:05", "11:29:50", "11:29:51"].map(at)).toEqual([
    "11:17:05",
    "11:17:05",
    "now",
    "now",
    "11:32:05",
  ]);
});
