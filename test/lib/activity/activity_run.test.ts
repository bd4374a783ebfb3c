// Activity runs in a real database: the slot that a run belongs to, what became of it, and what a second firing changes.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import {
  type ActivityRun,
  recordSweep,
  recordUnendedSweep,
  SWEEP_DEFINITION_ID,
  type SweepReport,
  storeActivityRun,
} from "../../../lib/activity/activity_run.ts";
import type { Database } from "../../../lib/db/connect.ts";
import { freshHub, type TestHub } from "../../support/hub.ts";

let hub: TestHub;
let database: Database;
beforeAll(async () => {
  hub = await freshHub();
  database = hub.database;
});
afterAll(() => hub.close());
beforeEach(async () => {
  await database.sql`delete from activity.activity_runs`;
});

const NOON = "2026-11-21T12:00:00.000Z";

function run(given: Partial<ActivityRun> = {}): ActivityRun {
  const runId = given.runId ?? Bun.randomUUIDv7();
  return {
    runId,
    source: "local-timer",
    when: { firedAt: NOON, finishedAt: after(30) },
    status: "succeeded",
    reason: null,
    report: { run_id: runId },
    ...given,
  };
}

/** So many seconds after noon. */
function after(seconds: number): string {
  return new Date(Date.parse(NOON) + seconds * 1000).toISOString();
}

const store = (each: ActivityRun) => database.transaction((tx) => storeActivityRun(tx, each));

interface Row {
  readonly run_id: string;
  readonly definition_id: string;
  readonly scheduled_for: string | null;
  readonly fired_at: string;
  readonly finished_at: string | null;
  readonly status: string;
  readonly reason: string | null;
  readonly attempts: number;
  readonly report: { readonly run_id: string } | null;
}

async function rows(): Promise<Row[]> {
  const found = await database.sql<{ row: Row }[]>`
    select json_build_object('run_id', run_id, 'definition_id', definition_id, 'scheduled_for', to_char(scheduled_for at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
      'fired_at', to_char(fired_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
      'finished_at', to_char(finished_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
      'status', status, 'reason', reason, 'attempts', attempts, 'report', context_snapshot -> 'consistency_sweep_remote_all') as row
    from activity.activity_runs order by fired_at, run_id`;
  return found.map(({ row }) => row);
}

async function onlyRow(): Promise<Row> {
  const [row, ...more] = await rows();
  if (row === undefined || more.length > 0) throw new Error(`${more.length + (row ? 1 : 0)} rows`);
  return row;
}

describe("storeActivityRun()", () => {
  test("keeps the report where the query of the runbook looks for it", async () => {
    const each = run();
    await store(each);
    expect(await onlyRow()).toEqual({
      run_id: each.runId,
      definition_id: SWEEP_DEFINITION_ID,
      scheduled_for: "2026-11-21T12:00:00Z",
      fired_at: NOON,
      finished_at: after(30),
      status: "succeeded",
      reason: null,
      attempts: 1,
      report: { run_id: each.runId },
    });
  });

  test.each([
    ["2026-11-21T12:14:59.999Z", "2026-11-21T12:00:00Z"],
    ["2026-11-21T12:15:00Z", "2026-11-21T12:15:00Z"],
    ["2026-11-21T13:29:00+01:00", "2026-11-21T12:15:00Z"],
    // Summer time ends in Berlin: 02:30 comes twice, an hour apart; and begins: 02:30 never comes.
    ["2026-10-25T02:30:01+02:00", "2026-10-25T00:30:00Z"],
    ["2026-10-25T02:30:01+01:00", "2026-10-25T01:30:00Z"],
    ["2027-03-28T03:00:00+02:00", "2027-03-28T01:00:00Z"],
    ["1999-12-31T23:59:59Z", "1999-12-31T23:45:00Z"],
  ])("puts a run of %s into the slot of %s", async (firedAt, slot) => {
    await store(run({ when: { firedAt, finishedAt: null } }));
    expect((await onlyRow()).scheduled_for).toBe(slot);
  });

  test("does so whatever the session's time zone is", async () => {
    await database.transaction(async (tx) => {
      await tx`set local time zone 'Asia/Kathmandu'`;
      await storeActivityRun(tx, run({ when: { firedAt: "2026-11-21T12:16:00Z", finishedAt: null } }));
    });
    expect((await onlyRow()).scheduled_for).toBe("2026-11-21T12:15:00Z");
  });

  test("gives a row of its own to each run that no schedule fired, and to each source of a slot", async () => {
    for (const source of ["manual", "manual", "git-hook", "api", "local-timer", "activity-core", "k8s-cronjob"])
      await store(run({ source }));
    const slots = (await rows()).map(({ scheduled_for, attempts }) => `${scheduled_for} ${attempts}`).sort();
    expect(slots).toEqual([...Array(3).fill("2026-11-21T12:00:00Z 1"), ...Array(4).fill("null 1")]);
  });

  test.each(["local-timer", "manual"])("stores a run of %s once, however often it is told to", async (source) => {
    const each = run({ source });
    await store(each);
    await store({ ...each, status: "failed", reason: "told twice" });
    expect(await onlyRow()).toMatchObject({ attempts: 1, status: "succeeded", reason: null });
  });

  test("counts a second firing of a slot, and takes the newer outcome with its report", async () => {
    const [first, second] = [
      run({ status: "failed", reason: "no database", when: { firedAt: after(1), finishedAt: after(2) } }),
      run({ when: { firedAt: after(60), finishedAt: after(90) } }),
    ];
    await store(first);
    await store(second);
    const both = {
      run_id: first.runId,
      attempts: 2,
      fired_at: after(1),
      finished_at: after(90),
      status: "succeeded",
      reason: null,
      report: { run_id: second.runId },
    };
    expect(await onlyRow()).toMatchObject(both);
    for (const again of [second, first]) await store(again);
    expect(await onlyRow()).toMatchObject(both);
    const third = run({ when: { firedAt: after(100), finishedAt: after(110) } });
    for (const each of [third, second, first, third]) await store(each);
    expect(await onlyRow()).toMatchObject({ ...both, attempts: 3, finished_at: after(110), report: third.report });
  });

  test("counts an older firing that comes late from a spool, and lets the newer outcome stand", async () => {
    const newer = run({ when: { firedAt: after(60), finishedAt: after(90) } });
    await store(newer);
    await store(run({ status: "failed", reason: "no database", when: { firedAt: after(1), finishedAt: after(2) } }));
    expect(await onlyRow()).toMatchObject({
      attempts: 2,
      fired_at: after(1),
      finished_at: after(90),
      status: "succeeded",
      report: { run_id: newer.runId },
    });
  });

  test("lets a skip replace nothing but a skip: its holder's outcome is the slot's", async () => {
    const skip = (seconds: number, reason: string) =>
      run({ status: "skipped", reason, when: { firedAt: after(seconds), finishedAt: after(seconds) } });
    const holder = run({ status: "failed", reason: "it broke", when: { firedAt: after(0), finishedAt: after(30) } });
    await store(skip(5, "held"));
    await store(skip(10, "still held"));
    expect(await onlyRow()).toMatchObject({ attempts: 2, status: "skipped", reason: "still held" });
    await store(holder);
    expect(await onlyRow()).toMatchObject({
      attempts: 3,
      status: "failed",
      reason: "it broke",
      finished_at: after(30),
    });
    await store(skip(40, "held once more"));
    expect(await onlyRow()).toMatchObject({ attempts: 4, status: "failed", report: { run_id: holder.runId } });
  });

  test("goes with the transaction that it is part of", async () => {
    await database.transaction((tx) => storeActivityRun(tx, run()), { rollBack: true });
    expect(await rows()).toEqual([]);
  });
});

describe("recordSweep()", () => {
  const report = (given: Partial<SweepReport> = {}): SweepReport => ({
    run_id: Bun.randomUUIDv7(),
    source: "k8s-cronjob",
    started_at: NOON,
    finished_at: after(30),
    duration_ms: 30_000,
    lock_skipped: false,
    lock_holder: null,
    automation_error: null,
    ...given,
  });
  const record = (each: SweepReport, at?: string) =>
    database.transaction((tx) => recordSweep(tx, at === undefined ? { report: each } : { report: each, at }));
  const holder = { source: "local-timer", host: "wsl", pid: 4711, since: NOON };

  test.each([
    ["a run that did its job", {}, "succeeded", null],
    ["a C-00", { automation_error: { message: "all remotes are away" } }, "failed", "all remotes are away"],
    [
      "a skip",
      { lock_skipped: true, lock_holder: holder },
      "skipped",
      `the lock is held by local-timer on wsl, pid 4711, since ${NOON}`,
    ],
    ["a skip without a known holder", { lock_skipped: true }, "skipped", "another run holds the lock"],
    [
      "a skip that has become a C-00",
      { lock_skipped: true, lock_holder: holder, automation_error: { message: "the third in a row" } },
      "failed",
      "the third in a row",
    ],
  ])("records %s", async (_, given, status, reason) => {
    const each = report(given);
    await record(each, each.finished_at);
    expect(await onlyRow()).toMatchObject({ status, reason, report: each, run_id: each.run_id });
  });

  test("dates a run that ends now by the database's clock, not by its host's", async () => {
    await record(report({ started_at: "2001-01-01T00:00:00Z", finished_at: "2001-01-01T00:00:30Z" }));
    const [dated] = await database.sql`
      select finished_at - fired_at = interval '30 s' as lasted, now() - finished_at < interval '1 min' as now,
        scheduled_for <= fired_at and fired_at < scheduled_for + interval '15 min' as in_slot
      from activity.activity_runs`;
    expect(dated).toEqual({ lasted: true, now: true, in_slot: true });
  });

  test("dates a run that had to wait by its own times", async () => {
    await record(report(), after(30));
    expect(await onlyRow()).toMatchObject({ fired_at: NOON, finished_at: after(30) });
  });
});

describe("recordUnendedSweep()", () => {
  const unended = (runId: string | null) =>
    database.transaction((tx) =>
      recordUnendedSweep(tx, { source: "local-timer", host: "wsl", pid: 4711, since: after(3), runId }),
    );

  test("records a run that was killed as failed, without an end", async () => {
    const runId = Bun.randomUUIDv7();
    await unended(runId);
    await unended(runId);
    expect(await onlyRow()).toEqual({
      run_id: runId,
      definition_id: SWEEP_DEFINITION_ID,
      scheduled_for: "2026-11-21T12:00:00Z",
      fired_at: after(3),
      finished_at: null,
      status: "failed",
      reason: "it never ended: pid 4711 on wsl was killed, or its host was lost",
      attempts: 1,
      report: null,
    });
  });

  test("says nothing of one that had ended, and was killed only before it gave the lock back", async () => {
    const ended = run();
    await store(ended);
    await unended(ended.runId);
    expect(await onlyRow()).toMatchObject({ attempts: 1, status: "succeeded" });
  });

  test("records one that left no id", async () => {
    await unended(null);
    expect(await onlyRow()).toMatchObject({ status: "failed", attempts: 1 });
  });
});
