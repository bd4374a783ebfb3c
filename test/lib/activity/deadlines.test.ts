// The three layers of a budget: each ends later than the one inside it.
import { expect, test } from "bun:test";
import { deadlinesOf, settledAfterSeconds } from "../../../lib/activity/deadlines.ts";
import { shippedDefinition } from "../../../lib/activity/shipped_definitions.ts";
import { shortestPeriod } from "../../../lib/schedule/shortest_period.ts";

const UUIDS = ["7c4e9a12-8f3b-4d5e-9c6a-1b2d3e4f5a6b", "3b8f6c51-2d7e-4f0a-9a64-5e1c7d92b8f0"];

test("deadlinesOf() lets the script end first, then the unit, then the pod", () => {
  expect(deadlinesOf({ max_seconds: 300 })).toEqual({
    maxSeconds: 300,
    startTimeoutSeconds: 360,
    activeDeadlineSeconds: 420,
    startingDeadlineSeconds: 120,
  });
});

test("deadlinesOf() of what is shipped stays below the time between two slots", () => {
  for (const definition of UUIDS.map(shippedDefinition)) {
    const period = "cron" in definition.trigger ? shortestPeriod(definition.trigger.cron) : null;
    const { activeDeadlineSeconds, startingDeadlineSeconds } = deadlinesOf(definition);
    expect(period ?? 0).toBeGreaterThan(activeDeadlineSeconds + startingDeadlineSeconds);
  }
});

test("settledAfterSeconds() is when the last of its deadlines has ended a run that began as late as it may", () => {
  expect(settledAfterSeconds({ max_seconds: 300 })).toBe(120 + 420);
});
