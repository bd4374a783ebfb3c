// Orphaning on a real hub, with the leave that a fetched tip gives: a second sighting, never on a doubt, and undone when
// the file returns.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { temporaryFolder, workplanText } from "../../support/git_repo.ts";
import { freshHub, type TestHub } from "../../support/hub.ts";
import { elevenMinutesPass, fleetOf, gone, marks, pathOf, planId, planText, sweep } from "./remote_sweep.ts";

let hub: TestHub;
const folder = temporaryFolder();
beforeAll(async () => {
  hub = await freshHub();
});
afterAll(async () => {
  await hub.close();
  folder.remove();
});

/** Whether a fingerprint is kept that lets the next run skip the repository. */
async function isSettled(slug: string): Promise<boolean> {
  const rows = await hub.database.sql`
    select s.commit from repo_passes s join repos r on r.id = s.repo_id and r.change_counter = s.change_counter
    where r.slug = ${slug}`;
  return rows.length > 0;
}

describe("reconcileRepo()", () => {
  test("sights first, waits, marks at the second sighting with the tasks, and undoes it when the file returns", async () => {
    const { repo, slug } = await fleetOf(hub, folder.path, "OA", 4);
    const path = pathOf("OA", 2);
    const text = await Bun.file(`${repo.path}/${path}`).text();
    await repo.commit(gone("OA", 2));

    expect((await sweep(hub, slug)).actions.orphaned).toBe(0);
    expect(await marks(hub, slug)).toEqual({ orphaned: [], sighted: ["OA-WP-0002"] });
    expect((await sweep(hub, slug)).actions.orphaned).toBe(0);
    expect(await isSettled(slug)).toBe(false);

    await elevenMinutesPass(hub);
    const { actions, findings } = await sweep(hub, slug);
    expect(actions.orphaned).toBe(2);
    expect(findings).toEqual([]);
    expect(await marks(hub, slug)).toEqual({ orphaned: ["OA-WP-0002", "OA-WP-0002-T01"], sighted: [] });
    expect((await sweep(hub, slug)).actions.orphaned).toBe(0);

    await repo.commit({ [path]: text });
    await sweep(hub, slug);
    expect(await marks(hub, slug)).toEqual({ orphaned: [], sighted: [] });
  });

  test("marks a task at the second sighting of a workplan without its block, and undoes it", async () => {
    const { repo, slug } = await fleetOf(hub, folder.path, "OB", 1, 4);
    const path = pathOf("OB", 1);
    await repo.commit({ [path]: planText("OB-WP-0001", 4, [3]) });
    await sweep(hub, slug);
    await elevenMinutesPass(hub);
    expect((await sweep(hub, slug)).actions.orphaned).toBe(1);
    expect(await marks(hub, slug)).toEqual({ orphaned: ["OB-WP-0001-T03"], sighted: [] });
    const { actions, findings } = await sweep(hub, slug);
    expect({ orphaned: actions.orphaned, findings }).toEqual({ orphaned: 0, findings: [] });
    await repo.commit({ [path]: planText("OB-WP-0001", 4) });
    await sweep(hub, slug);
    expect(await marks(hub, slug)).toEqual({ orphaned: [], sighted: [] });
  });

  test("starts over when the file was back between two sightings", async () => {
    const { repo, slug } = await fleetOf(hub, folder.path, "OC", 4);
    const text = await Bun.file(`${repo.path}/${pathOf("OC", 1)}`).text();
    await repo.commit(gone("OC", 1));
    await sweep(hub, slug);
    await elevenMinutesPass(hub);
    await repo.commit({ [pathOf("OC", 1)]: text });
    await sweep(hub, slug);
    await repo.commit(gone("OC", 1));
    expect((await sweep(hub, slug)).actions.orphaned).toBe(0);
    expect(await marks(hub, slug)).toEqual({ orphaned: [], sighted: ["OC-WP-0001"] });
  });

  test("marks no workplan while a file that matches no row cannot be read, and goes on once it can", async () => {
    const { repo, slug } = await fleetOf(hub, folder.path, "OD", 4);
    await repo.commit(gone("OD", 1));
    await sweep(hub, slug);
    await elevenMinutesPass(hub);
    await repo.commit({ "workplans/new-name.md": "---\nid: [\n---\n" });
    const { actions, findings } = await sweep(hub, slug);
    expect(actions.orphaned).toBe(0);
    expect(findings.map(({ check }) => check)).toEqual(["C-01"]);
    await repo.commit({ "workplans/new-name.md": null });
    expect((await sweep(hub, slug)).actions.orphaned).toBe(2);
  });

  test("marks a workplan although another, whose row is known, cannot be read: that one keeps its last good values", async () => {
    const { repo, slug } = await fleetOf(hub, folder.path, "OE", 4);
    await repo.commit(gone("OE", 1));
    await sweep(hub, slug);
    await elevenMinutesPass(hub);
    await repo.commit({ [pathOf("OE", 2)]: "---\nid: OE-WP-0002\ntitle: [\n---\n" });
    expect((await sweep(hub, slug)).actions.orphaned).toBe(2);
    const rows = await hub.database.sql`
      select status, stale_source, orphaned_at from workstreams where workplan_id = 'OE-WP-0002'`;
    expect([...rows]).toEqual([{ status: "active", stale_source: true, orphaned_at: null }]);
  });

  test("marks no task of a workplan one of whose blocks cannot be read", async () => {
    const { repo, slug } = await fleetOf(hub, folder.path, "OF", 1, 4);
    await repo.commit({ [pathOf("OF", 1)]: planText("OF-WP-0001", 4, [3]) });
    await sweep(hub, slug);
    await elevenMinutesPass(hub);
    await repo.commit({
      [pathOf("OF", 1)]: planText("OF-WP-0001", 4, [3]).replace("status: todo", "status: todo\nstatus: todo"),
    });
    const { actions, findings } = await sweep(hub, slug);
    expect(actions.orphaned).toBe(0);
    expect(findings.map(({ check }) => check)).toEqual(["C-17"]);
  });

  test("marks nothing after a rewritten history", async () => {
    const { repo, slug } = await fleetOf(hub, folder.path, "OG", 4);
    await repo.commit(gone("OG", 1));
    await sweep(hub, slug);
    await elevenMinutesPass(hub);
    const { actions, findings } = await sweep(hub, slug, "rewritten");
    expect(actions.orphaned).toBe(0);
    expect(findings.map(({ check }) => check).toSorted()).toEqual(["C-06", "C-08"]);
  });

  test("does not mark a task that moved into another workplan in the run that marks its old one", async () => {
    const { repo, slug } = await fleetOf(hub, folder.path, "OH", 4);
    const [task] = await hub.database.sql<{ id: string }[]>`select id from tasks where task_id = 'OH-WP-0001-T01'`;
    const before = planText("OH-WP-0001", 1).replace(/(priority: medium\n)/, `$1state_hub_task_id: "${task?.id}"\n`);
    await repo.commit({ [pathOf("OH", 1)]: before });
    await sweep(hub, slug);
    await repo.commit(gone("OH", 1));
    await sweep(hub, slug);
    await elevenMinutesPass(hub);
    const tasks = [{ id: "OH-WP-0002-T01" }, { id: "OH-WP-0002-T02", hubId: task?.id ?? "" }];
    await repo.commit({ [pathOf("OH", 2)]: workplanText({ id: "OH-WP-0002", tasks }) });
    expect((await sweep(hub, slug)).actions.orphaned).toBe(1);
    expect(await marks(hub, slug)).toEqual({ orphaned: ["OH-WP-0001"], sighted: [] });
    const rows = await hub.database.sql`select task_id from tasks where id = ${task?.id ?? null}`;
    expect([...rows]).toEqual([{ task_id: "OH-WP-0002-T02" }]);
  });

  test("gives the file's value to a row that never had a base, and keeps the hub's", async () => {
    const { repo, slug } = await fleetOf(hub, folder.path, "OI", 1);
    await hub.database.sql`
      delete from sync_base where row_id in (select id from tasks where task_id = 'OI-WP-0001-T01')`;
    await hub.database.sql`update tasks set status = 'blocked' where task_id = 'OI-WP-0001-T01'`;
    await repo.commit();
    await sweep(hub, slug);
    const rows = await hub.database.sql`
      select t.status, c.field, c.base_value, c.file_value, c.hub_value from tasks t join conflicts c on c.row_id = t.id
      where t.task_id = ${`${planId("OI", 1)}-T01`}`;
    expect([...rows]).toEqual([
      { status: "todo", field: "status", base_value: null, file_value: "todo", hub_value: "blocked" },
    ]);
  });
});
