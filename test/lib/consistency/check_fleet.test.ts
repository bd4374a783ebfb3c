// The main job on real repositories and a real database, as its users meet it first.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
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
});
