// Activity runs in a real database: the slot that a run belongs to, what became of it, and what a second firing changes.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { CLEANUP } from "../../../lib/activity/activity.ts";
import {
  type ActivityRun,
  recordSweep,
  recordUnendedSweep,
  SWEEP_DEFINITION_ID,
  type SweepReport,
  storeActivityRun,
} from "../../../lib/activity/activity_run.ts";
import { recordCleanup } from "../../../lib/activity/record_cleanup.ts";
import type { Database } from "../../../lib/db/connect.ts";
import { run as runProgram } from "../../../lib/process/run.ts";
import { freshHub, type TestHub } from "../../support/hub.ts";
import { systemProgram } from "../../support/system_program.ts";

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

describe("storeActivityRun(), with a definition in the hub", () => {
  const sync = (trigger: unknown) => database.sql`
    insert into activity.activity_definitions (id, name, definition, digest)
    values (${SWEEP_DEFINITION_ID}, 'the sweep', ${JSON.stringify({ trigger })}::text::jsonb, '')
    on conflict (id) do update set definition = excluded.definition`;
  const note = async () => {
    const [row] = await database.sql`select context_snapshot ->> 'schedule_note' as note from activity.activity_runs`;
    return row?.note as string | null;
  };
  beforeEach(async () => {
    await database.sql`delete from activity.activity_definitions`;
  });
  afterAll(async () => {
    await database.sql`delete from activity.activity_definitions`;
  });
  const fired = { firedAt: "2026-11-21T12:16:07.999Z", finishedAt: null };

  test.each([
    ["*/5 * * * *", "2026-11-21T12:15:00Z"],
    ["*/4 * * * * *", "2026-11-21T12:16:04Z"],
    ["30 3 * * *", "2026-11-21T03:30:00Z"],
  ])("files a run by the hub's own schedule: %s", async (cron, slot) => {
    await sync({ cron });
    await store(run({ when: fired }));
    expect([(await onlyRow()).scheduled_for, await note()]).toEqual([slot, null]);
  });

  test("files it by the toolkit's own where the hub's cannot be read, and says so", async () => {
    await sync({ cron: "every quarter" });
    await store(run({ when: fired }));
    expect((await onlyRow()).scheduled_for).toBe("2026-11-21T12:15:00Z");
    expect(await note()).toContain("its schedule in the hub cannot be read");
  });

  test("gives no slot where the hub's definition has no schedule, and none to an activity nobody knows", async () => {
    await sync({ event: "org.statehub.repo.registered" });
    await store(run({ when: fired }));
    expect([(await onlyRow()).scheduled_for, await note()]).toEqual([
      null,
      "its definition in the hub has no schedule",
    ]);
    await database.sql`delete from activity.activity_runs`;
    await store(run({ of: { definitionId: Bun.randomUUIDv7(), reportKey: "x" }, when: fired }));
    expect((await onlyRow()).scheduled_for).toBeNull();
    expect(await note()).toContain("Could not find the activity's definition");
  });
});

describe("recordCleanup()", () => {
  test("leaves the cleanup's own row, with its report under its own key, in the slot of its night", async () => {
    const runId = Bun.randomUUIDv7();
    const report = { run_id: runId, source: "local-timer", days: 30 };
    for (const lastedMs of [1_000, 2_000]) await database.transaction((tx) => recordCleanup(tx, { report, lastedMs }));
    const [row, ...more] = await database.sql`
      select definition_id, source, status, attempts, context_snapshot -> 'stale_task_cleanup' as report,
        context_snapshot ? 'consistency_sweep_remote_all' as is_sweep,
        scheduled_for = date_trunc('day', fired_at - interval '3 h') + interval '3 h' as at_three
      from activity.activity_runs`;
    const source = { source: "local-timer", status: "succeeded", attempts: 1 };
    expect(row).toEqual({ ...source, definition_id: CLEANUP.definitionId, report, is_sweep: false, at_three: true });
    expect(more).toEqual([]);
  });
});

describe("the view that people ask", () => {
  test("answers the query of the runbook as it stands, in psql", async () => {
    const each = run();
    await store(each);
    const query = `select run_id, fired_at, scheduled_for, context_snapshot->'consistency_sweep_remote_all' as sweep_result from activity_runs where definition_id = '7c4e9a12-8f3b-4d5e-9c6a-1b2d3e4f5a6b' order by fired_at desc limit 5;`;
    const psql = systemProgram("psql");
    if (psql === null) throw new Error("npm test installs psql, or says how");
    const url = new URL(hub.url);
    const env = { PGPASSWORD: decodeURIComponent(url.password), PGTZ: "UTC", PATH: process.env.PATH ?? "" };
    url.password = "";
    const { stdout, exitCode } = await runProgram([psql, "--no-psqlrc", "-At", "-c", query, url.href], {
      env,
      deadlineMs: 20_000,
    });
    expect({ exitCode, stdout: stdout.trim().split("|") }).toEqual({
      exitCode: 0,
      stdout: [
        each.runId,
        "2026-11-21 12:00:00+00",
        "2026-11-21 12:00:00+00",
        JSON.stringify(each.report).replace(":", ": "),
      ],
    });
  });

  test("finds the slots of a window by the index that keeps them apart", async () => {
    const plan = await database.transaction(async (tx) => {
      await tx`
        insert into activity.activity_runs (definition_id, source, scheduled_for, fired_at, status)
        select ${SWEEP_DEFINITION_ID}, s, t, t, 'succeeded' from unnest(array['local-timer', 'k8s-cronjob']) s,
          generate_series(timestamptz '2020-01-01 00:00Z', '2020-07-01 00:00Z', '15 min') t`;
      await tx`analyze activity.activity_runs`;
      const rows = await tx<{ "QUERY PLAN": string }[]>`
        explain select status from activity_runs where definition_id = ${SWEEP_DEFINITION_ID} and source = 'local-timer'
          and scheduled_for >= '2020-03-01 00:00Z' and scheduled_for < '2020-03-04 00:00Z'`;
      return rows.map((row) => row["QUERY PLAN"]).join("\n");
    });
    await database.sql`delete from activity.activity_runs`;
    expect(plan).toContain("activity_runs_definition_id_scheduled_for_source_key");
    expect(plan).not.toContain("Seq Scan");
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

  test("stores a run without a report under its activity, in the slot of the time that is given", async () => {
    const unreported = {
      run_id: Bun.randomUUIDv7(),
      definition_id: CLEANUP.definitionId,
      source: "local-timer",
      fired_at: "2026-11-21T03:00:00.800Z",
      finished_at: "2026-11-21T03:00:01.000Z",
      status: "skipped",
      reason: "state-hub.health: the database is away",
    } as const;
    for (let n = 0; n < 2; n++) await database.transaction((tx) => recordSweep(tx, { unreported }));
    expect(await onlyRow()).toMatchObject({
      definition_id: CLEANUP.definitionId,
      scheduled_for: "2026-11-21T03:00:00Z",
      status: "skipped",
      reason: unreported.reason,
      attempts: 1,
    });
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
