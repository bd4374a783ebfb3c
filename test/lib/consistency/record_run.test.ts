// What a run leaves about itself, in a real database: one event, however often it is told, and dated when it happened.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { recordSweep } from "../../../lib/activity/activity_run.ts";
import { type ActivityRecorder, type RunRecord, storeRun } from "../../../lib/consistency/record_run.ts";
import type { Report } from "../../../lib/consistency/report.ts";
import { freshHub, type TestHub } from "../../support/hub.ts";
import { failedSweep } from "./sweep/waiting_runs.ts";

let hub: TestHub;
beforeAll(async () => {
  hub = await freshHub();
});
afterAll(() => hub.close());
beforeEach(async () => {
  await hub.database.sql`delete from progress_events`;
  await hub.database.sql`delete from activity.activity_runs`;
});

const activity: ActivityRecorder = { ended: recordSweep, neverEnded: async () => {} };

function reportOf(given: Partial<Report> = {}): Report {
  return { ...failedSweep().report, automation_error: null, exit_code: 0, ...given };
}

function store(record: RunRecord, recorder: ActivityRecorder | null = activity): Promise<void> {
  return hub.database.transaction((tx) => storeRun(tx, record, recorder));
}

interface EventRow {
  readonly id: string;
  readonly event_type: string;
  readonly source: string;
  readonly summary: string;
  readonly detail: Report;
  readonly created_at: Date;
}

async function events(): Promise<EventRow[]> {
  const rows = await hub.database.sql<EventRow[]>`
    select id, event_type, source, summary, detail, created_at from progress_events order by id`;
  return [...rows];
}

async function activityRuns(): Promise<string[]> {
  const rows = await hub.database.sql<{ run_id: string; attempts: number }[]>`
    select run_id, attempts from activity.activity_runs order by run_id`;
  return rows.map(({ run_id, attempts }) => `${run_id} x ${attempts}`);
}

async function databaseClock(): Promise<Date> {
  const [row] = await hub.database.sql<{ now: Date }[]>`select clock_timestamp() as now`;
  return row?.now ?? new Date(0);
}

describe("storeRun()", () => {
  test("keeps the whole report under the run's id, dated by the database's clock", async () => {
    const report = reportOf({ skipped_clean: ["a", "b"], repos_total: 2, max_seconds: null });
    const before = await databaseClock();
    await store({ report });
    const [event, ...others] = await events();
    expect(others).toEqual([]);
    expect(event).toMatchObject({ id: report.run_id, source: "local-timer", summary: "exit 0", detail: report });
    expect(Number(event?.created_at)).toBeGreaterThanOrEqual(Number(before));
    expect(Number(event?.created_at)).toBeLessThanOrEqual(Number(await databaseClock()));
  });

  test("names the event after what the run went over, and leaves an activity run of a sweep of the remotes alone", async () => {
    const reports = (["repo", "all", "remote-all"] as const).map((mode) => reportOf({ mode }));
    for (const report of reports) await store({ report });
    expect((await events()).map(({ id, event_type }) => [id, event_type])).toEqual([
      [reports[0]?.run_id ?? "", "consistency_check_repo"],
      [reports[1]?.run_id ?? "", "consistency_check_all"],
      [reports[2]?.run_id ?? "", "consistency_sweep_remote_all"],
    ]);
    expect(await activityRuns()).toEqual([`${reports[2]?.run_id} x 1`]);
  });

  test("does nothing the second time: the first word about a run stands, and no attempt is counted", async () => {
    const first = failedSweep();
    await store(first);
    const retold: Report = { ...first.report, automation_error: null, exit_code: 0 };
    await store({ ...first, report: retold });
    await store({ report: retold });
    expect((await events()).map(({ id, detail }) => [id, detail.exit_code])).toEqual([[first.report.run_id, 2]]);
    expect(await activityRuns()).toEqual([`${first.report.run_id} x 1`]);
  });

  test("dates a run that had to wait by when it ended, in whatever zone that was written down", async () => {
    const at = ["2026-03-29T00:59:59.125Z", "2026-03-29T04:00:00.5+02:00"];
    for (const each of at) await store({ report: reportOf(), at: each });
    expect((await events()).map(({ created_at }) => created_at.toISOString())).toEqual([
      "2026-03-29T00:59:59.125Z",
      "2026-03-29T02:00:00.500Z",
    ]);
  });

  test("says in the summary how it ended and why, cut where a message is long", async () => {
    const error = (message: string) => ({ check: "C-00" as const, message, repo: null });
    await store({ report: reportOf({ lock_skipped: true }) });
    await store({ report: reportOf({ exit_code: 2, automation_error: error(`Could not connect${"!".repeat(999)}`) }) });
    await store({ report: reportOf({ exit_code: 1 }) });
    const [skipped, failed, findings] = await events();
    expect([skipped?.summary, findings?.summary]).toEqual(["exit 0: lock skipped", "exit 1"]);
    expect(failed?.summary).toBe(`exit 2: Could not connect${"!".repeat(183)}`);
    expect(failed?.detail.automation_error?.message).toHaveLength(17 + 999);
  });

  test("leaves neither row when the activity run can't be written, so that it is told again whole", async () => {
    const refuse = { ...activity, ended: () => Promise.reject(new Error("no room")) };
    const record = failedSweep();
    await expect(store(record, refuse)).rejects.toThrow("no room");
    expect([await events(), await activityRuns()]).toEqual([[], []]);
    await store(record);
    expect([(await events()).length, (await activityRuns()).length]).toEqual([1, 1]);
  });

  test("writes the event alone where nobody keeps activity runs", async () => {
    await store(failedSweep(), null);
    expect([(await events()).length, await activityRuns()]).toEqual([1, []]);
  });
});
