// The main job on real repositories and a real database, as its users meet it first.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { waitUntil } from "../../../lib/wait_until.ts";
import { makeRepo, temporaryFolder, workplanText } from "../../support/git_repo.ts";
import { freshHub, type TestHub } from "../../support/hub.ts";

let hub: TestHub;
const folder = temporaryFolder();
beforeAll(async () => {
  hub = await freshHub();
});
afterAll(async () => {
  await hub.close();
  folder.remove();
});

describe("checkFleet()", () => {
  test("registers an unregistered path, creates its rows, and finds nothing to do the second time", async () => {
    const plan = workplanText({
      id: "ONE-WP-0001",
      tasks: [{ id: "ONE-WP-0001-T01" }, { id: "ONE-WP-0001-T02", status: "done" }],
    });
    const repo = await makeRepo(folder.path, "one", {
      "workplans/ONE-WP-0001.md": plan,
      "workplans/README.md": "# Index\n",
      "workplans/note.md": "A note.\n",
    });
    const first = await hub.check({ path: repo.path });
    expect(first.report.automation_error).toBeNull();
    expect(first.registered?.outcome).toBe("new");
    expect(first.report.repos_processed[0]).toMatchObject({
      slug: "one",
      workplans: { found: 1, parsed: 1, failed: 0, ignored: 1 },
      tasks: { found: 2, parsed: 2, failed: 0 },
      actions: { created: 3, updated: 0, orphaned: 0, written_back: 0, pending_writeback: 3 },
    });
    const second = await hub.check({ path: join(repo.path, "workplans") });
    expect(second.registered).toBeNull();
    expect(second.report).toMatchObject({ repos_processed: [], skipped_clean: ["one"], exit_code: 0 });
  });

  test("starts a dry run anew when the hub changed a row under it, and tells everything once", async () => {
    const plan = (status: string) => ({
      "workplans/RACE-WP-0001.md": workplanText({ id: "RACE-WP-0001", tasks: [{ id: "RACE-WP-0001-T01", status }] }),
    });
    const repo = await makeRepo(folder.path, "race", plan("todo"));
    await hub.check({ path: repo.path });
    await repo.commit(plan("in_progress"));
    const patched = Promise.withResolvers<void>();
    const dryRunWaits = Promise.withResolvers<void>();
    const patch = hub.database.transaction(async (tx) => {
      await tx`update tasks set priority = 'high' where task_id = 'RACE-WP-0001-T01'`;
      patched.resolve();
      await dryRunWaits.promise;
    });
    await patched.promise;
    const dryRun = hub.check({ all: true }, { dryRun: true });
    try {
      await waitUntil({ forWhat: "the dry run to wait for the row", deadlineMs: 20_000 }, async () => {
        const rows = await hub.database.sql`
          select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
        return rows.length > 0 ? { found: true } : { seen: "nobody waits" };
      });
    } finally {
      dryRunWaits.resolve();
    }
    await patch;
    const { report } = await dryRun;
    expect(report).toMatchObject({ automation_error: null, dry_run: true, repos_total: 2, skipped_clean: ["one"] });
    expect(report.repos_processed).toMatchObject([{ slug: "race", actions: { updated: 1 } }]);
    const rows = await hub.database.sql`select status, priority from tasks where task_id = 'RACE-WP-0001-T01'`;
    expect([...rows]).toEqual([{ status: "todo", priority: "high" }]);
  });
});
