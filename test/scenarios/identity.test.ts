// Whose row is it? Files get copied, renamed, moved to another repository, pasted twice and cloned again; ids in them are
// a cache that can be missing, stale or stolen. Whatever happens: no second row for one thing, no silent winner, no id lost.
import { describe, expect, test } from "bun:test";
import { workplanText } from "../support/git_repo.ts";
import { hubId as id, inScene, type Row, summary } from "../support/scene.ts";

describe("an id in a file", () => {
  test("that nobody knows becomes the row's; none at all is minted and asked for", () =>
    inScene(async ({ hub, repo, rows }) => {
      const [plan, task] = [id(), id()];
      const text = workplanText({
        id: "A-WP-0001",
        hubId: plan.toUpperCase(),
        tasks: [{ id: "A-WP-0001-T01", hubId: task }, { id: "A-WP-0001-T02" }],
      });
      const made = await repo("a", { "workplans/A-WP-0001.md": text });
      summary(await hub.check({ path: made.path }));
      const [row] = await rows();
      expect(row).toMatchObject({ id: plan, tasks: { "A-WP-0001-T01": task } });
      const intents = await hub.database.sql`select subject, key, value from writeback_intents`;
      expect([...intents]).toEqual([
        { subject: "A-WP-0001-T02", key: "state_hub_task_id", value: row?.tasks["A-WP-0001-T02"] },
      ]);
    }));

  test("that is not the row's own is corrected: the hub's stands, and the file is to get it back", () =>
    inScene(async ({ hub, repo, all, rows }) => {
      const [ours, ourTask, theirs] = [id(), id(), id()];
      const plan = (hubId: string, taskHubId: string) =>
        workplanText({ id: "A-WP-0001", hubId, tasks: [{ id: "A-WP-0001-T01", hubId: taskHubId }] });
      const made = await repo("a", { "workplans/A-WP-0001.md": plan(ours, ourTask) });
      await hub.check({ path: made.path });
      await made.commit({ "workplans/A-WP-0001.md": plan(theirs, id()) });
      const seen = await all();
      expect(seen.findings).toEqual(["C-09 warning A-WP-0001", "C-09 warning A-WP-0001-T01"]);
      expect(seen.exit).toBe(0);
      expect(await rows()).toEqual([expect.objectContaining({ id: ours, tasks: { "A-WP-0001-T01": ourTask } })]);
      const intents = await hub.database.sql`
        select value, replaces from writeback_intents where key = 'state_hub_workstream_id' and done_at is null`;
      expect([...intents]).toEqual([{ value: ours, replaces: theirs }]);
      await made.commit({ "workplans/A-WP-0001.md": plan(ours, ourTask) });
      expect((await all()).findings).toEqual([]);
      const open = await hub.database
        .sql`select 1 from writeback_intents where done_at is null and cancelled_at is null`;
      expect(open.length).toBe(0);
    }));

  test("that is another row's freezes the file: nothing of it is applied, the other row keeps its own", () =>
    inScene(async ({ hub, repo, all, rows }) => {
      const [first, second] = [id(), id()];
      const one = workplanText({ id: "A-WP-0001", hubId: first });
      const made = await repo("a", {
        "workplans/A-WP-0001.md": one,
        "workplans/A-WP-0002.md": workplanText({ id: "A-WP-0002", hubId: second }),
      });
      await hub.check({ path: made.path });
      const before = await rows();
      await made.commit({
        "workplans/A-WP-0002.md": workplanText({ id: "A-WP-0002", hubId: first, status: "blocked" }),
      });
      const seen = await all();
      expect(seen).toMatchObject({ findings: ["C-09 error A-WP-0002"], exit: 1 });
      expect(await rows()).toEqual(before);
      const [row] = await hub.database.sql`select status from workstreams where id = ${second}`;
      expect(row?.status).toBe("active");
    }));

  test("swapped between two files freezes both", () =>
    inScene(async ({ hub, repo, all, rows }) => {
      const [first, second] = [id(), id()];
      const plan = (key: string, hubId: string) => workplanText({ id: key, hubId, tasks: [{ id: `${key}-T01` }] });
      const made = await repo("a", {
        "workplans/A-WP-0001.md": plan("A-WP-0001", first),
        "workplans/A-WP-0002.md": plan("A-WP-0002", second),
      });
      await hub.check({ path: made.path });
      const before = await rows();
      await made.commit({
        "workplans/A-WP-0001.md": plan("A-WP-0001", second),
        "workplans/A-WP-0002.md": plan("A-WP-0002", first),
      });
      expect(await all()).toMatchObject({ findings: ["C-09 error A-WP-0001", "C-09 error A-WP-0002"], exit: 1 });
      expect(await rows()).toEqual(before);
    }));

  test("pasted along with its block makes no second row; the first block goes on", () =>
    inScene(async ({ hub, repo, all, rows }) => {
      const task = id();
      const made = await repo("a", {
        "workplans/A-WP-0001.md": workplanText({ id: "A-WP-0001", tasks: [{ id: "A-WP-0001-T01", hubId: task }] }),
      });
      await hub.check({ path: made.path });
      const pasted = [
        { id: "A-WP-0001-T01", hubId: task, status: "done" },
        { id: "A-WP-0001-T02", hubId: task },
      ];
      await made.commit({ "workplans/A-WP-0001.md": workplanText({ id: "A-WP-0001", tasks: pasted }) });
      expect(await all()).toMatchObject({ findings: ["C-09 error A-WP-0001-T02"], exit: 1 });
      expect((await rows())[0]?.tasks).toEqual({ "A-WP-0001-T01": task });
      const [row] = await hub.database.sql`select status from tasks where id = ${task}`;
      expect(row?.status).toBe("done");
      await made.commit({
        "workplans/A-WP-0001.md": workplanText({
          id: "A-WP-0001",
          tasks: pasted.map(({ hubId, ...each }, at) => (at === 0 ? { ...each, hubId } : each)),
        }),
      });
      expect((await all()).exit).toBe(0);
      expect(Object.keys((await rows())[0]?.tasks ?? {})).toEqual(["A-WP-0001-T01", "A-WP-0001-T02"]);
    }));

  test("new and in two places at once belongs to neither", () =>
    inScene(async ({ hub, repo, rows }) => {
      const shared = id();
      const made = await repo("a", {
        "workplans/A-WP-0001.md": workplanText({ id: "A-WP-0001", hubId: shared }),
        "workplans/A-WP-0002.md": workplanText({ id: "A-WP-0002", hubId: shared }),
      });
      const seen = summary(await hub.check({ path: made.path }));
      expect(seen.findings).toEqual(["C-09 error A-WP-0001", "C-09 error A-WP-0002"]);
      expect(await rows()).toEqual([]);
    }));
});

describe("a workplan", () => {
  test("under a new id, with its cached hub id, is the same row, and so are its tasks", () =>
    inScene(async ({ hub, repo, all, rows }) => {
      const [plan, task] = [id(), id()];
      const text = (key: string) => workplanText({ id: key, hubId: plan, tasks: [{ id: `${key}-T01`, hubId: task }] });
      const made = await repo("a", { "workplans/A-WP-0001.md": text("A-WP-0001") });
      await hub.check({ path: made.path });
      await made.commit({ "workplans/A-WP-0001.md": null, "workplans/B-WP-0009.md": text("B-WP-0009") });
      expect((await all()).findings).toEqual([]);
      expect(await rows()).toEqual([
        expect.objectContaining({ id: plan, key: "B-WP-0009", tasks: { "B-WP-0009-T01": task } }),
      ]);
    }));

  test("in another file is the same row, with or without a hub id in it", () =>
    inScene(async ({ hub, repo, all, rows }) => {
      const text = workplanText({ id: "A-WP-0001", tasks: [{ id: "A-WP-0001-T01" }] });
      const made = await repo("a", { "workplans/A-WP-0001.md": text });
      await hub.check({ path: made.path });
      const [before] = await rows();
      await made.commit({ "workplans/A-WP-0001.md": null, "workplans/old/A-WP-0001-done.md": text });
      expect((await all()).findings).toEqual([]);
      expect(await rows()).toEqual([{ ...(before as Row), path: "workplans/old/A-WP-0001-done.md" }]);
      const paths = await hub.database
        .sql`select distinct path from writeback_intents where done_at is null and cancelled_at is null`;
      expect([...paths]).toEqual([{ path: "workplans/old/A-WP-0001-done.md" }]);
    }));

  for (const [from, to] of [
    ["alpha", "omega"],
    ["omega", "alpha"],
  ] as const) {
    test(`that moves from ${from} to ${to} in one run keeps its row, its tasks and its history`, () =>
      inScene(async ({ hub, repo, all, rows }) => {
        const [plan, task] = [id(), id()];
        const tasks = [{ id: "A-WP-0001-T01", hubId: task }, { id: "A-WP-0001-T02" }];
        const text = workplanText({ id: "A-WP-0001", hubId: plan, tasks });
        // A block that was dropped on the way: its row goes along all the same.
        const before = workplanText({ id: "A-WP-0001", hubId: plan, tasks: [...tasks, { id: "A-WP-0001-T03" }] });
        const other = { "workplans/K-WP-0001.md": workplanText({ id: "K-WP-0001" }) };
        const old = await repo(from, { "workplans/A-WP-0001.md": before, ...other });
        const next = await repo(to, { "README.md": "Soon.\n" });
        for (const { path } of [old, next]) await hub.check({ path });
        const [row] = await rows();
        await old.commit({ "workplans/A-WP-0001.md": null });
        await next.commit({ "workplans/A-WP-0001.md": text });
        expect((await all()).findings).toEqual(["C-13 warning A-WP-0001-T03"]);
        expect((await rows())[0]).toEqual({ ...(row as Row), repo: to });
        const [moved] = await hub.database.sql`
          select count(*)::int as n from tasks t join repos r on r.id = t.repo_id where r.slug = ${to}`;
        expect(moved?.n).toBe(3);
        const intents = await hub.database.sql`
          select r.slug, i.subject from writeback_intents i join repos r on r.id = i.repo_id
          where i.subject = 'A-WP-0001-T02' and i.done_at is null and i.cancelled_at is null`;
        expect([...intents]).toEqual([{ slug: to, subject: "A-WP-0001-T02" }]);
        expect((await all()).report.repos_processed).toEqual([]);
      }));
  }

  test("whose hub id was copied into another repository stays where it was", () =>
    inScene(async ({ hub, repo, rows }) => {
      const plan = id();
      const old = await repo("a", { "workplans/A-WP-0001.md": workplanText({ id: "A-WP-0001", hubId: plan }) });
      await hub.check({ path: old.path });
      const copy = await repo("b", { "workplans/B-WP-0001.md": workplanText({ id: "B-WP-0001", hubId: plan }) });
      expect(summary(await hub.check({ path: copy.path })).findings).toEqual(["C-09 error B-WP-0001"]);
      expect(await rows()).toEqual([expect.objectContaining({ id: plan, key: "A-WP-0001", repo: "a" })]);
    }));

  test("that lost its row's id through a failed write-back makes no second row, however often it is read", () =>
    inScene(async ({ hub, repo, all, rows }) => {
      const plan = (status: string) => workplanText({ id: "A-WP-0001", status, tasks: [{ id: "A-WP-0001-T01" }] });
      const made = await repo("a", { "workplans/A-WP-0001.md": plan("draft") });
      await hub.check({ path: made.path });
      const [before] = await rows();
      for (const status of ["active", "blocked", "active"]) {
        await made.commit({ "workplans/A-WP-0001.md": plan(status) });
        expect((await all()).report.repos_processed[0]?.actions).toMatchObject({ created: 0, pending_writeback: 2 });
      }
      expect(await rows()).toEqual([before as Row]);
    }));
});

describe("a task", () => {
  test("that moves to another workplan keeps its row, whichever file is read first", () =>
    inScene(async ({ hub, repo, all, rows }) => {
      const [up, down, plain] = [id(), id(), { id: "M-WP-0001-T09" }];
      const text = (key: string, tasks: { id: string; hubId?: string }[]) =>
        workplanText({ id: key, tasks: [...tasks] });
      const made = await repo("a", {
        "workplans/A-WP-0001.md": text("A-WP-0001", [{ id: "A-WP-0001-T01", hubId: up }, { id: "A-WP-0001-T02" }]),
        "workplans/M-WP-0001.md": text("M-WP-0001", [plain]),
        "workplans/Z-WP-0001.md": text("Z-WP-0001", [{ id: "Z-WP-0001-T01", hubId: down }, { id: "Z-WP-0001-T02" }]),
      });
      await hub.check({ path: made.path });
      await made.commit({
        "workplans/A-WP-0001.md": text("A-WP-0001", [{ id: "A-WP-0001-T02" }]),
        "workplans/M-WP-0001.md": text("M-WP-0001", [
          plain,
          { id: "M-WP-0001-T10", hubId: up },
          { id: "M-WP-0001-T11", hubId: down },
        ]),
        "workplans/Z-WP-0001.md": text("Z-WP-0001", [{ id: "Z-WP-0001-T02" }]),
      });
      expect((await all()).findings).toEqual([]);
      const [first, middle, last] = await rows();
      expect(middle?.tasks).toMatchObject({ "M-WP-0001-T10": up, "M-WP-0001-T11": down });
      expect([first, last].map((row) => Object.keys(row?.tasks ?? {}))).toEqual([["A-WP-0001-T02"], ["Z-WP-0001-T02"]]);
    }));

  test("with another workplan's prefix is applied and told", () =>
    inScene(async ({ hub, repo, rows }) => {
      const made = await repo("a", {
        "workplans/A-WP-0001.md": workplanText({ id: "A-WP-0001", tasks: [{ id: "OTHER-WP-0007-T01" }] }),
      });
      expect(summary(await hub.check({ path: made.path })).findings).toEqual(["C-04 warning OTHER-WP-0007-T01"]);
      expect(Object.keys((await rows())[0]?.tasks ?? {})).toEqual(["OTHER-WP-0007-T01"]);
    }));
});

describe("a hub", () => {
  test("that was lost and is rebuilt from files gives every row its old id", () =>
    inScene(async ({ repo }) => {
      const text = workplanText({
        id: "A-WP-0001",
        hubId: id(),
        tasks: [{ id: "A-WP-0001-T01", hubId: id() }],
      });
      const made = await repo("a", { "workplans/A-WP-0001.md": text });
      const copies: Row[][] = [];
      for (let round = 0; round < 2; round++) {
        await inScene(async ({ hub, rows }) => {
          await hub.check({ path: made.path });
          copies.push(await rows());
        });
      }
      expect(copies[0]).toHaveLength(1);
      expect(copies[1]).toEqual(copies[0] ?? []);
    }));
});
