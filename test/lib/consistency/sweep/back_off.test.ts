// How long a repository that failed is left alone, and what ends that early.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  afterFailure,
  afterSuccess,
  BACK_OFF_MS,
  hasAnswered,
  isWaiting,
  isWaitingWith,
  type RepoState,
  wasRead,
} from "../../../../lib/consistency/sweep/back_off.ts";

const NOON = Date.parse("2026-11-21T12:00:00Z");
const MINUTE = 60_000;
const at = (minutes: number) => new Date(NOON + minutes * MINUTE).toISOString();
const problem = "it does not answer";

/** After so many failures in a row, each as soon as the one before allowed it; the last one at noon. */
function failed(times: number, tip: string | null = null): RepoState {
  let state: RepoState | null = null;
  for (let left = times; left > 0; left--) state = afterFailure(state, { now: at(0), tip, problem });
  if (state === null) throw new Error("at least one failure is wanted");
  return state;
}

/** How many minutes after the failure it is first not waiting any more. */
function waitedMinutes(state: RepoState): number {
  for (let minutes = 0; ; minutes++) if (!isWaiting(state, { now: at(minutes), manual: false })) return minutes;
}

describe("afterFailure()", () => {
  test("waits 15 min, 30 min, 1 h, 2 h, and never more than 4 h", () => {
    const minutes = [1, 2, 3, 4, 5, 6, 50].map((times) => {
      const { retry_at } = failed(times);
      return (Date.parse(retry_at ?? "") - NOON) / MINUTE;
    });
    expect(minutes).toEqual([15, 30, 60, 120, 240, 240, 240]);
    expect(failed(3)).toEqual({ ok_at: null, tried_at: at(0), failures: 3, retry_at: at(60), tip: null, problem });
  });

  test("keeps the last good check, and counts from one again after a success", () => {
    const good = afterSuccess({ now: at(-30), tip: "a1" });
    expect(good).toEqual({ ok_at: at(-30), tried_at: at(-30), failures: 0, retry_at: null, tip: "a1", problem: null });
    const again = afterFailure(good, { now: at(0), tip: null, problem });
    expect([again.ok_at, again.failures, again.retry_at]).toEqual([at(-30), 1, at(15)]);
  });

  test("begins anew at another tip and for a person, not where the remote had not answered before or does not now", () => {
    const next = (state: RepoState, tip: string | null, manual = false) =>
      afterFailure(state, { now: at(0), tip, problem, manual }).failures;
    expect(next(failed(4, "a1"), "b2")).toBe(1);
    expect(next(failed(4, "a1"), "a1", true)).toBe(1);
    expect([next(failed(4, "a1"), "a1"), next(failed(4, "a1"), null), next(failed(4, null), "b2")]).toEqual([5, 5, 5]);
  });
});

describe("isWaiting()", () => {
  test("lets a tick that comes up to a minute early through, and none that comes earlier", () => {
    expect([1, 2, 3, 4, 5].map((times) => waitedMinutes(failed(times)))).toEqual([14, 29, 59, 119, 239]);
    expect(isWaiting(failed(1), { now: new Date(NOON + 14 * MINUTE - 1).toISOString(), manual: false })).toBe(true);
  });

  test("holds nobody back whom a person asks about, who was never tried or who is well", () => {
    expect(isWaiting(failed(5), { now: at(1), manual: true })).toBe(false);
    expect(isWaiting(null, { now: at(1), manual: false })).toBe(false);
    expect(isWaiting(afterSuccess({ now: at(0), tip: null }), { now: at(0), manual: false })).toBe(false);
  });

  test("never lasts longer than its failures earn, wherever the clock is put meanwhile", () => {
    const longest = (times: number) => BACK_OFF_MS[Math.min(times, BACK_OFF_MS.length) - 1] ?? 0;
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: -10_000, max: 10_000 }), (times, moved) => {
        const state = failed(times);
        // Whatever the clock shows now, by that clock it is over after the time that so many failures earn.
        const end = new Date(NOON + moved * MINUTE + longest(times)).toISOString();
        if (isWaiting(state, { now: at(moved), manual: false }))
          expect(isWaiting(state, { now: end, manual: false })).toBe(false);
      }),
    );
    // An hour back after a first failure: 75 minutes would be left of a wait of 15.
    expect(isWaiting(failed(1), { now: at(-60), manual: false })).toBe(false);
    expect(isWaiting(failed(1), { now: at(60), manual: false })).toBe(false);
  });

  test("does not wait for a time that cannot be read", () => {
    expect(isWaiting({ ...failed(2), retry_at: "soon" }, { now: at(0), manual: false })).toBe(false);
  });
});

describe("isWaitingWith()", () => {
  const unpublished: RepoState = { ...failed(2, "a1"), ok_at: at(0) };
  const now = at(5);

  test("waits with a push until its time, its remote's next commit, or a person", () => {
    expect(isWaitingWith(unpublished, { now, manual: false, tip: "a1" })).toBe(true);
    expect(isWaitingWith(unpublished, { now: at(29), manual: false, tip: "a1" })).toBe(false);
    expect(isWaitingWith(unpublished, { now, manual: false, tip: "b2" })).toBe(false);
    expect(isWaitingWith(unpublished, { now, manual: true, tip: "a1" })).toBe(false);
  });

  test("waits with a tip that could not be read, in the same way", () => {
    expect(isWaitingWith(failed(2, "a1"), { now, manual: false, tip: "a1" })).toBe(true);
    expect(isWaitingWith(failed(2, "a1"), { now, manual: false, tip: "b2" })).toBe(false);
    expect([failed(2, "a1"), unpublished].map(wasRead)).toEqual([false, true]);
  });

  test("is not said of one that did not answer, of one that is well, or of one never tried", () => {
    expect(isWaitingWith(failed(2), { now, manual: false, tip: "a1" })).toBe(false);
    expect([null, afterSuccess({ now, tip: "a1" }), failed(2), unpublished].map(hasAnswered)).toEqual([
      false,
      false,
      false,
      true,
    ]);
  });
});
