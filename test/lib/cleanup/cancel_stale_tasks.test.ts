// Which tasks a cleanup cancels, in a real database: those that no file stands behind and that have not moved, and nothing
// else; with an event and a report in the same transaction, at any number of rows, against a sweep at the same moment.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { cancelStaleTasks } from "../../../lib/cleanup/cancel_stale_tasks.ts";
import type { CleanupReport } from "../../../lib/cleanup/cleanup_report.ts";
import { previewCleanup } from "../../../lib/cleanup/preview.ts";
import type { Database } from "../../../lib/db/connect.ts";
import { freshHub, type TestHub } from "../../support/hub.ts";
import { emptyHub, fillHub, fillMany, statusesOf } from "./stale_scene.ts";

let hub: TestHub;
let database: Database;
beforeAll(async () => {
  hub = await freshHub();
  database = hub.database;
});
afterAll(() => hub.close());
beforeEach(() => emptyHub(database));

const terms = (days = 30) => ({ runId: Bun.randomUUIDv7(), source: "manual", days });
const preview = (days?: number) => previewCleanup(database.sql, terms(days));
const apply = (days?: number) => database.transaction((tx) => cancelStaleTasks(tx, terms(days)));
const named = ({ tasks }: CleanupReport) => tasks.map(({ task }) => task);

async function outbox(): Promise<Record<string, unknown>[]> {
  const rows = await database.sql<{ subject: string; attributes: Record<string, unknown> }[]>`
    select subject, attributes from outbox order by attributes->>'task'`;
  return rows.map(({ subject, attributes }) => ({ subject, ...attributes }));
}

describe("stale are tasks", () => {
  test("that are orphaned, or of an orphaned workstream, and are not over", async () => {
    const ids = await fillHub(database, [
      { task: "A-WP-0001-T01", unchanged: 40, orphaned: true },
      { task: "A-WP-0001-T02", unchanged: 40 },
      { task: "A-WP-0001-T03", unchanged: 40, orphaned: true, status: "done" },
      { task: "A-WP-0001-T04", unchanged: 40, orphaned: true, status: "cancelled" },
      { task: "A-WP-0001-T05", unchanged: 41, orphaned: true, status: "blocked" },
      { task: "B-WP-0001-T01", unchanged: 50, workplanOrphaned: true, status: "in_progress" },
    ]);
    expect(named(await preview())).toEqual(["B-WP-0001-T01", "A-WP-0001-T05", "A-WP-0001-T01"]);
    await apply();
    expect(await statusesOf(database, Object.values(ids))).toEqual({
      "A-WP-0001-T01": "cancelled",
      "A-WP-0001-T02": "todo",
      "A-WP-0001-T03": "done",
      "A-WP-0001-T04": "cancelled",
      "A-WP-0001-T05": "cancelled",
      "B-WP-0001-T01": "cancelled",
    });
    const [untouched] = await database.sql`select version::int from tasks where task_id = 'A-WP-0001-T04'`;
    expect(untouched?.version).toBe(1);
  });

  test("whose status is older than the days asked for; where it never changed, whose row is", async () => {
    await fillHub(database, [
      { task: "A-WP-0001-T01", unchanged: 29, orphaned: true },
      { task: "A-WP-0001-T02", unchanged: 31, orphaned: true },
      { task: "A-WP-0001-T03", unchanged: null, age: 29, orphaned: true },
      { task: "A-WP-0001-T04", unchanged: null, age: 32, orphaned: true },
    ]);
    expect(named(await preview())).toEqual(["A-WP-0001-T04", "A-WP-0001-T02"]);
    expect(named(await preview(28))).toHaveLength(4);
    expect(named(await preview(365))).toEqual([]);
  });

  test("of no repository that was removed", async () => {
    await fillHub(database, [{ task: "A-WP-0001-T01", unchanged: 40, orphaned: true }]);
    await database.sql`update repos set removed_at = now()`;
    expect((await preview()).counts.tasks).toBe(0);
    expect((await apply()).counts.tasks).toBe(0);
  });
});

describe("a preview", () => {
  test("changes nothing, and says what --apply then does", async () => {
    await fillHub(database, [
      { task: "A-WP-0001-T01", unchanged: 40, orphaned: true },
      { task: "B-WP-0001-T01", unchanged: 50, orphaned: true, status: "blocked" },
    ]);
    const seen = await preview();
    const [left] = await database.sql`
      select (select count(*)::int from progress_events) as events, (select count(*)::int from outbox) as told,
        (select count(*)::int from tasks where version > 1) as touched`;
    expect({ ...left }).toEqual({ events: 0, told: 0, touched: 0 });
    const done = await apply();
    const { run_id: _a, applied: before, as_of: _b, ...would } = seen;
    const { run_id: _c, applied: after, as_of: _d, ...did } = done;
    expect([before, after]).toEqual([false, true]);
    expect(did).toEqual(would);
    expect(did.counts).toEqual({ tasks: 2, by_status: { blocked: 1, todo: 1 }, by_repo: { a: 1, b: 1 } });
  });
});

describe("a cleanup", () => {
  test("tells of each task once, with its status before and since when", async () => {
    const ids = await fillHub(database, [
      { task: "A-WP-0001-T01", unchanged: 40, orphaned: true, status: "blocked" },
      { task: "A-WP-0001-T02", unchanged: 2, orphaned: true },
    ]);
    const { tasks } = await apply();
    expect(await outbox()).toEqual([
      expect.objectContaining({
        subject: "org.statehub.task.stale",
        task_id: ids["A-WP-0001-T01"],
        task: "A-WP-0001-T01",
        workplan_id: "A-WP-0001",
        repo: "a",
        from: "blocked",
        to: "cancelled",
        status_changed_at: tasks[0]?.since,
      }),
    ]);
    expect((await apply()).counts.tasks).toBe(0);
    expect(await outbox()).toHaveLength(1);
  });

  test("leaves a progress event with its report, also when there was nothing to cancel", async () => {
    await fillHub(database, [{ task: "A-WP-0001-T01", unchanged: 40, orphaned: true }]);
    const reports = [await apply(), await apply()];
    const kept = await database.sql<{ id: string; source: string; summary: string; detail: CleanupReport }[]>`
      select id, source, summary, detail from progress_events where event_type = 'cleanup_stale_tasks' order by created_at`;
    expect(kept.map(({ id, detail }) => ({ id, detail }))).toEqual(
      reports.map((detail) => ({ id: detail.run_id, detail })),
    );
    expect(kept.map(({ source, summary }) => `${source}: ${summary}`)).toEqual([
      "manual: 1 stale task cancelled, unchanged for 30 days",
      "manual: 0 stale tasks cancelled, unchanged for 30 days",
    ]);
  });

  test("is all or nothing: where its events cannot be noted, no task is cancelled", async () => {
    const ids = await fillHub(database, [{ task: "A-WP-0001-T01", unchanged: 40, orphaned: true }]);
    await database.sql`alter table progress_events add constraint closed check (event_type <> 'cleanup_stale_tasks')`;
    try {
      await expect(apply()).rejects.toThrow("closed");
    } finally {
      await database.sql`alter table progress_events drop constraint closed`;
    }
    expect(await statusesOf(database, Object.values(ids))).toEqual({ "A-WP-0001-T01": "todo" });
    expect(await outbox()).toEqual([]);
  });

  test("cancels more than a batch holds, lists the 200 that were unchanged for longest, and counts all", async () => {
    await fillMany(database, 5_000);
    await fillHub(database, [{ task: "OLD-WP-0001-T01", unchanged: 300, orphaned: true }]);
    const seen = await preview();
    const done = await apply();
    for (const report of [seen, done]) {
      expect(report).toMatchObject({ truncated: true, counts: { tasks: 5_001, by_status: { todo: 5_001 } } });
      expect(report.tasks).toHaveLength(200);
      expect(report.tasks[0]?.task).toBe("OLD-WP-0001-T01");
    }
    expect(named(done)).toEqual(named(seen));
    const [left] = await database.sql`
      select (select count(*)::int from tasks where status <> 'cancelled') as open, (select count(*)::int from outbox) as told`;
    expect({ ...left }).toEqual({ open: 0, told: 5_001 });
  }, 60_000);
});
