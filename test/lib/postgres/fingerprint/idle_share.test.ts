import { expect, test } from "bun:test";
import { leaveIdle } from "../../../../lib/postgres/fingerprint/idle_share.ts";

test("leaveIdle() waits so long that its share of work and wait together is idle", async () => {
  const started = performance.now() - 60;
  await leaveIdle(0.75, started);
  // 60 ms of work and 180 ms of waiting; timers end early by less than one.
  expect(performance.now() - started).toBeGreaterThanOrEqual(238);
});

test("leaveIdle() waits not at all for no share", async () => {
  const before = performance.now();
  await leaveIdle(0, before - 60_000);
  expect(performance.now() - before).toBeLessThan(1_000);
});

test("leaveIdle() ends with the signal's reason", async () => {
  const stop = new AbortController();
  const reason = new Error("stopped");
  const ends = leaveIdle(0.9, performance.now() - 60_000, stop.signal).catch((error: unknown) => error);
  stop.abort(reason);
  expect(await ends).toBe(reason);
  const late = leaveIdle(0.9, performance.now() - 60_000, stop.signal).catch((error: unknown) => error);
  expect(await late).toBe(reason);
});
