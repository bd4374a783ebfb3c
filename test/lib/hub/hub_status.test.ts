// What `status` counts: the rows of repositories that are registered, and of many stored runs the last of each kind.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { removeRepo } from "../../../lib/consistency/repo_registry.ts";
import { hubStatus } from "../../../lib/hub/hub_status.ts";
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

describe("hubStatus()", () => {
  test("counts what belongs to registered repositories, and nothing of one that was removed", async () => {
    const { sql } = hub.database;
    const text = workplanText({ id: "ST-WP-0001", status: "active", tasks: [{ id: "ST-WP-0001-T01" }] });
    const files = { "workplans/ST-WP-0001.md": text, "workplans/broken.md": "---\nid: [\n---\n" };
    await hub.check({ path: (await makeRepo(folder.path, "counted", files)).path });
    await sql`insert into conflicts (repo_id, row_id, kind, field) select repo_id, id, 'workstream', 'status' from workstreams`;
    await sql`insert into held_plans (repo_id, digest, plan) select id, 'd', '{}' from repos`;
    await sql`update repos set missing_since = now()`;
    const before = await hubStatus(hub.database);
    expect(before).toMatchObject({
      counts: { repos: 1, workstreams: { active: 1 }, tasks: { todo: 1 }, orphaned: 0 },
      open_findings: { "C-01": 1 },
      unsettled_conflicts: 1,
      held_plans: 1,
      missing_repos: ["counted"],
    });
    expect(before.pending_writebacks.count).toBeGreaterThan(0);

    await sql`insert into workstreams (repo_id, workplan_id, path, title, status, orphaned_at) select id, 'ST-WP-0002', 'x', 'x', 'active', now() from repos`;
    expect((await hubStatus(hub.database)).counts.orphaned).toBe(1);
    await hub.database.transaction((tx) => removeRepo(tx, "counted"));
    expect(await hubStatus(hub.database)).toMatchObject({
      counts: { repos: 0, workstreams: {}, tasks: {}, orphaned: 0 },
      open_findings: {},
      waived_findings: 0,
      unsettled_conflicts: 0,
      held_plans: 0,
      pending_writebacks: { count: 0, oldest: null },
      missing_repos: [],
    });
  });

  test("gives the last run of each source and mode, and opens no older report", async () => {
    const { sql } = hub.database;
    await sql`delete from progress_events`;
    const runs: [string, string, string, string][] = [
      ["all", "local-timer", "2026-01-01T00:00:00Z", '{"exit_code": "of a version that nobody knows"}'],
      ["all", "local-timer", "2026-01-01T00:15:00Z", '{"exit_code": 1}'],
      ["all", "manual", "2026-01-01T00:05:00Z", '{"exit_code": 2}'],
      ["repo", "manual", "2026-01-01T00:20:00Z", '{"exit_code": 0}'],
    ];
    for (const [mode, source, at, detail] of runs)
      await sql`
        insert into progress_events (event_type, source, summary, detail, created_at)
        values (${`consistency_check_${mode}`}, ${source}, 'a run', ${detail}::text::jsonb, ${at}::text::timestamptz)`;
    expect(
      (await hubStatus(hub.database)).last_runs.map(({ mode, source, exit_code }) => [mode, source, exit_code]),
    ).toEqual([
      ["repo", "manual", 0],
      ["all", "local-timer", 1],
      ["all", "manual", 2],
    ]);
  });
});
