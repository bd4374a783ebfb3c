// The sweeps' part of `status` as a person reads it: what is well in a word, what is not with its reason.
import { describe, expect, test } from "bun:test";
import type { SweepLock, SweepStatus } from "../../../lib/hub/sweep_status.ts";
import { inWords, outcomeOf, sweepRows, sweepTables } from "../../../lib/hub/sweep_view.ts";
import { plainView } from "../../support/plain_view.ts";

const AT = "2026-11-21T12:00:00+00:00";
const QUIET: SweepStatus = {
  sweep: {
    finished_at: AT,
    age_seconds: 65,
    write_back: true,
    oldest_repo: { slug: "one", checked_at: AT },
    backing_off: { count: 0, repos: [] },
  },
  sweep_lock: null,
  pending_writebacks: { count: 0, oldest: null, repos: [] },
  oldest_held_plan: null,
};
const LOCK: SweepLock = {
  source: "local-timer",
  host: "wsl",
  pid: 4711,
  run_id: null,
  since: AT,
  heartbeat_at: AT,
  heartbeat_age_seconds: 4,
  max_seconds: 300,
  released_at: null,
  state: "held",
};

async function rowsOf(status: SweepStatus): Promise<Record<string, string>> {
  const view = await plainView(200);
  const marked = { ...view, paint: { ...view.paint, warning: (text: string) => `!${text}` } };
  return Object.fromEntries(sweepRows(status, marked));
}

describe("sweepRows()", () => {
  test("says little of a hub where all is well", async () => {
    expect(await rowsOf(QUIET)).toEqual({
      "last sweep": `${AT}, 1 min ago`,
      "oldest check": `one, checked ${AT}`,
      "to be written back": "nothing",
    });
    expect(await rowsOf({ ...QUIET, sweep: null })).toEqual({
      "last sweep": "none yet",
      "to be written back": "nothing",
    });
  });

  test("warns of a schedule that has not swept for more than an hour", async () => {
    const sweep = (age_seconds: number) => ({ ...QUIET.sweep, age_seconds, write_back: false }) as SweepStatus["sweep"];
    expect((await rowsOf({ ...QUIET, sweep: sweep(3_600) }))["last sweep"]).toBe(
      `${AT}, 1 h 0 min ago, without write-back`,
    );
    expect((await rowsOf({ ...QUIET, sweep: sweep(33_000) }))["last sweep"]).toBe(
      `!${AT}, 9 h 10 min ago, without write-back: does its schedule run?`,
    );
  });

  test("names the holder of the lock, free, held or never released", async () => {
    const line = async (lock: Partial<SweepLock>) =>
      (await rowsOf({ ...QUIET, sweep_lock: { ...LOCK, ...lock } }))["sweep lock"];
    const who = "local-timer on wsl, pid 4711";
    expect(await line({})).toBe(`held by ${who}, since ${AT}, last heard of 4 s ago`);
    expect(await line({ state: "released", released_at: AT })).toBe(`free; ${who} released it ${AT}`);
    expect(await line({ state: "silent", heartbeat_age_seconds: 7_300 })).toBe(
      `!never released by ${who}, since ${AT}, last heard of 2 h 1 min ago: the next sweep takes it over`,
    );
  });
});

describe("sweepTables()", () => {
  test("gives no table where nothing waits", async () => {
    expect(sweepTables(QUIET, await plainView())).toEqual([]);
    expect(sweepTables({ ...QUIET, sweep: null }, await plainView())).toEqual([]);
  });

  test("lists what waits with its reason: nothing in it can start a line of its own, a long one is cut", async () => {
    const sweep = {
      ...QUIET.sweep,
      backing_off: {
        count: 1,
        repos: [{ slug: "one", failures: 3, retry_at: AT, problem: `refused\nall is well ${"x".repeat(200)}` }],
      },
    } as SweepStatus["sweep"];
    const pending_writebacks = {
      count: 3,
      oldest: AT,
      repos: [{ slug: "two", count: 3, oldest: AT, problem: null }],
    };
    const status = { ...QUIET, sweep, pending_writebacks };
    const [backingOff = "", pending = ""] = sweepTables(status, await plainView(250));
    expect(backingOff.split("\n")[2]).toMatch(/^one +3 {2}2026-11-21T12:00:00\+00:00 {2}refused\\nall is well x+…$/);
    expect(pending.split("\n")[2]).toMatch(/^two +3 {2}2026-11-21T12:00:00\+00:00 {2}not tried yet$/);
    const rows = await rowsOf(status);
    expect([rows["backing off"], rows["to be written back"]]).toEqual([
      "!1, tried again later",
      `3, the oldest since ${AT}`,
    ]);
  });
});

describe("outcomeOf()", () => {
  test("names a C-00 before a lock that was held, and says nothing of a run that did its job", () => {
    const run = { source: "manual", mode: "remote-all", finished_at: AT, exit_code: 0, summary: "" };
    expect(outcomeOf({ ...run, lock_skipped: false, automation_error: null })).toBe("");
    expect(outcomeOf({ ...run, lock_skipped: true, automation_error: null })).toBe("skipped: the lock was held");
    expect(outcomeOf({ ...run, lock_skipped: true, automation_error: "the third in a row" })).toBe(
      "C-00: the third in a row",
    );
  });
});

describe("inWords()", () => {
  test.each([
    [0, "0 s"],
    [59.9, "59 s"],
    [60, "1 min"],
    [3_599, "59 min"],
    [3_600, "1 h 0 min"],
    [90_061, "1 d 1 h"],
  ])("gives %p seconds as %p", (seconds, words) => {
    expect(inWords(seconds)).toBe(words);
  });
});
