// A cleanup and a sweep at the same rows at the same moment, and a block that comes back later: the file has the last word
// on a task that it holds, whichever of the two came first.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { cancelStaleTasks } from "../../../lib/cleanup/cancel_stale_tasks.ts";
import { withWriter } from "../../../lib/consistency/writer.ts";
import { againAfterRace } from "../../../lib/db/again_after_race.ts";
import type { Database } from "../../../lib/db/connect.ts";
import { waitUntil } from "../../../lib/wait_until.ts";
import { openRepo, temporaryFolder } from "../../support/git_repo.ts";
import { freshHub, type TestHub } from "../../support/hub.ts";
import { elevenMinutesPass, fleetOf, pathOf, planText, sweep } from "../consistency/remote_sweep.ts";
import { emptyHub, fillHub, statusesOf } from "./stale_scene.ts";

let hub: TestHub;
let database: Database;
const folder = temporaryFolder();
beforeAll(async () => {
  hub = await freshHub();
  database = hub.database;
});
afterAll(async () => {
  await hub.close();
  folder.remove();
});
beforeEach(() => emptyHub(database));

const terms = { runId: "", source: "manual", days: 30 };
const cleanup = () =>
  againAfterRace(() => database.transaction((tx) => cancelStaleTasks(tx, { ...terms, runId: Bun.randomUUIDv7() })));

/** Until somebody waits for a lock that another transaction has. */
const somebodyWaits = () =>
  waitUntil({ forWhat: "a statement to wait for a lock", deadlineMs: 10_000 }, async () => {
    const [row] = await database.sql`
      select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    return row?.n > 0 ? { found: true } : { seen: "nobody waits" };
  });

describe("a sweep that brings a task back while a cleanup waits for it", () => {
  for (const table of ["tasks", "workstreams"] as const) {
    test(`keeps it as it is, when it is one of its ${table} that was orphaned`, async () => {
      const orphan = table === "tasks" ? { orphaned: true } : { workplanOrphaned: true };
      const ids = await fillHub(database, [{ task: "A-WP-0001-T01", unchanged: 40, ...orphan }]);
      let cleaned: ReturnType<typeof cleanup> | undefined;
      await withWriter(database, { dryRun: false, first: async () => {} }, ({ write }) =>
        write(async (tx) => {
          await tx`update ${tx(table)} set orphaned_at = null`;
          cleaned = cleanup();
          await somebodyWaits();
        }),
      );
      expect((await cleaned)?.counts.tasks).toBe(0);
      expect(await statusesOf(database, Object.values(ids))).toEqual({ "A-WP-0001-T01": "todo" });
      expect([...(await database.sql`select id from outbox`)]).toEqual([]);
    });
  }
});

test("a sweep that meets a row which a cleanup has just cancelled works it out again, and the file wins", async () => {
  const ids = await fillHub(database, [{ task: "A-WP-0001-T01", unchanged: 40, orphaned: true }]);
  const seen: string[] = [];
  await withWriter(database, { dryRun: false, first: async () => {} }, ({ write }) =>
    write(async (tx) => {
      const [row] = await tx<{ status: string }[]>`select status from tasks`;
      seen.push(row?.status ?? "");
      if (seen.length === 1) await cleanup();
      await tx`update tasks set orphaned_at = null, status = 'todo'`;
    }),
  );
  expect(seen).toEqual(["todo", "cancelled"]);
  expect(await statusesOf(database, Object.values(ids))).toEqual({ "A-WP-0001-T01": "todo" });
});

test("a sweep and a cleanup that wait for each other are both done, the one that PostgreSQL ends once more", async () => {
  const ids = await fillHub(database, [{ task: "A-WP-0001-T01", unchanged: 40, orphaned: true }]);
  let cleaned: ReturnType<typeof cleanup> | undefined;
  await withWriter(database, { dryRun: false, first: async () => {} }, ({ write }) =>
    write(async (tx) => {
      // Holds the repository's row, which a changed task counts up in the end.
      await tx`update workstreams set title = 'Another title'`;
      cleaned ??= cleanup();
      await somebodyWaits();
      await tx`update tasks set title = 'Another title'`;
    }),
  );
  expect((await cleaned)?.counts.tasks).toBe(1);
  expect(await statusesOf(database, Object.values(ids))).toEqual({ "A-WP-0001-T01": "cancelled" });
  expect([...(await database.sql`select id from outbox`)]).toHaveLength(1);
  expect([...(await database.sql`select id from tasks where title = 'Another title'`)]).toHaveLength(1);
});

test("two cleanups at once cancel and tell of each task once", async () => {
  await fillHub(
    database,
    Array.from({ length: 40 }, (_, n) => ({
      task: `A-WP-0001-T${String(n).padStart(2, "0")}`,
      unchanged: 40,
      orphaned: true,
    })),
  );
  const both = await Promise.all([cleanup(), cleanup()]);
  expect(both.map(({ counts }) => counts.tasks).sort()).toEqual([0, 40]);
  expect([...(await database.sql`select id from outbox`)]).toHaveLength(40);
});

test("a block that comes back after its task was cancelled brings the file's status, and nothing goes into the file", async () => {
  const { repo, slug } = await fleetOf(hub, folder.path, "BACK", 1, 3);
  const path = pathOf("BACK", 1);
  const whole = planText("BACK-WP-0001", 3);
  await openRepo(repo.path).commit({ [path]: planText("BACK-WP-0001", 2) });
  await sweep(hub, slug);
  await elevenMinutesPass(hub);
  await openRepo(repo.path).commit({ "README.md": "another commit" });
  await sweep(hub, slug);
  await database.sql`alter table tasks disable trigger user`;
  await database.sql`update tasks set status_changed_at = now() - interval '40 days'`;
  await database.sql`alter table tasks enable trigger user`;
  expect((await cleanup()).tasks.map(({ task }) => task)).toEqual(["BACK-WP-0001-T03"]);
  await openRepo(repo.path).commit({ [path]: whole });
  await sweep(hub, slug);
  const [back] = await database.sql`select status, orphaned_at from tasks where task_id = 'BACK-WP-0001-T03'`;
  expect({ ...back }).toEqual({ status: "todo", orphaned_at: null });
  const intents =
    await database.sql`select key, value from writeback_intents where key = 'status' and cancelled_at is null`;
  expect([...intents]).toEqual([]);
});
