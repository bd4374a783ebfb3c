// What a plan makes of rows over time, on a real hub: marks that come and go with what the file says, corrections and lost
// values that follow their row wherever it goes, and end with it.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { applyHeldPlan, showHeldPlan } from "../../../lib/consistency/held_plans.ts";
import { makeRepo, type TaskText, temporaryFolder, type WorkplanText, workplanText } from "../../support/git_repo.ts";
import { freshHub, type TestHub } from "../../support/hub.ts";
import { hubId, summary } from "../../support/scene.ts";
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

/** A registered repository `prefix` with one workplan, `PREFIX-WP-0001`. */
async function onePlan(prefix: string, about: Omit<WorkplanText, "id"> = {}) {
  const [slug, id, path] = [prefix.toLowerCase(), planId(prefix, 1), pathOf(prefix, 1)];
  const text = (changed: Partial<WorkplanText> = {}) => workplanText({ id, ...about, ...changed });
  const repo = await makeRepo(folder.path, slug, { [path]: text() });
  expect((await hub.check({ path: repo.path })).report.exit_code).toBe(0);
  const check = async (dryRun = false) => summary(await hub.check({ slug }, { dryRun }));
  return { repo, slug, id, path, text, check };
}

const tasksOf = (prefix: string, ...tasks: Partial<TaskText>[]) =>
  tasks.map((task, at) => ({ id: `${planId(prefix, 1)}-T0${at + 1}`, ...task }));

/** "KEY stale", "KEY missing" or "KEY" for each row of the repository. */
async function states(slug: string) {
  const rows = await hub.database.sql<{ state: string }[]>`
    with rows as (
      select workplan_id as key, repo_id, stale_source, missing_since from workstreams
      union all select task_id, repo_id, stale_source, missing_since from tasks
    )
    select concat_ws(' ', key, case when rows.stale_source then 'stale' end, case when rows.missing_since is not null then 'missing' end) as state
    from rows join repos r on r.id = rows.repo_id where r.slug = ${slug} order by 1`;
  return rows.map(({ state }) => state);
}

/** "SUBJECT KEY pending", oldest first. */
async function intents(slug: string) {
  const rows = await hub.database.sql<{ intent: string }[]>`
    select concat(i.subject, ' ', i.key, ' ', case when i.done_at is not null then 'done' when i.cancelled_at is not null then 'cancelled' else 'pending' end) as intent
    from writeback_intents i join repos r on r.id = i.repo_id where r.slug = ${slug} order by i.created_at, i.subject, i.key`;
  return rows.map(({ intent }) => intent);
}

/** Of a conflict: the repository that it is kept under, and whether it still needs a reader. */
async function conflicts(row: string) {
  const rows = await hub.database.sql<{ state: string }[]>`
    select concat(r.slug, case when c.settled_at is null then ' open' else ' settled' end) as state
    from conflicts c join repos r on r.id = c.repo_id left join workstreams w on w.id = c.row_id left join tasks t on t.id = c.row_id
    where coalesce(w.workplan_id, t.task_id) = ${row} order by c.created_at`;
  return rows.map(({ state }) => state);
}

async function setStatus(table: "workstreams" | "tasks", key: string, status: string) {
  const { sql } = hub.database;
  await sql`update ${sql(table)} set status = ${status} where ${sql(table === "tasks" ? "task_id" : "workplan_id")} = ${key}`;
}

describe("planRepo() on a correction that has arrived in its file", () => {
  test("takes what the hub said since for the hub's own move, and not for a conflict", async () => {
    const { repo, path, text, check } = await onePlan("ARR", { tasks: tasksOf("ARR", {}) });
    await setStatus("tasks", "ARR-WP-0001-T01", "in_progress");
    await check();
    // What a write-back of "in_progress" leaves when its run was killed, and the hub's next move.
    await hub.database
      .sql`update writeback_intents set sent_value = value, sent_at = now() where subject = 'ARR-WP-0001-T01'`;
    await repo.commit({ [path]: text({ tasks: tasksOf("ARR", { status: "in_progress" }) }) });
    await setStatus("tasks", "ARR-WP-0001-T01", "done");
    expect((await check()).findings).toEqual([]);
    expect(await conflicts("ARR-WP-0001-T01")).toEqual([]);
    const rows = await hub.database.sql`select status from tasks where task_id = 'ARR-WP-0001-T01'`;
    expect([...rows]).toEqual([{ status: "done" }]);
  });
});

describe("planRepo() on what was held as gone", () => {
  const apply = async (slug: string) => {
    const { id, digest } = await showHeldPlan(hub.database.sql, slug);
    return hub.database.transaction((tx) => applyHeldPlan(tx, id, digest), { isolation: "repeatable read" });
  };
  const refused = async (slug: string, observed: string) => {
    await expect(apply(slug)).rejects.toMatchObject({ observed: expect.stringContaining(observed) });
    expect((await marks(hub, slug)).orphaned).toEqual([]);
  };
  /** Six workplans, four of them deleted, and held. */
  const heldPlans = async (prefix: string) => {
    const { repo, slug } = await fleetOf(hub, folder.path, prefix, 6);
    await repo.commit(gone(prefix, 1, 2, 3, 4));
    await sweep(hub, slug);
    await elevenMinutesPass(hub);
    await sweep(hub, slug);
    expect((await marks(hub, slug)).sighted).toHaveLength(4);
    return { repo, slug };
  };

  test("lets blocks that are back but broken keep their rows", async () => {
    const { repo, slug } = await fleetOf(hub, folder.path, "PA", 1, 2);
    const path = pathOf("PA", 1);
    await repo.commit({ [path]: planText("PA-WP-0001", 0) });
    await sweep(hub, slug);
    await elevenMinutesPass(hub);
    await sweep(hub, slug);
    await repo.commit({ [path]: planText("PA-WP-0001", 2).replaceAll("status: todo", "status: odd") });
    await hub.check({ slug });
    await refused(slug, "2 of its files or blocks are back");
    expect(await states(slug)).toEqual(["PA-WP-0001", "PA-WP-0001-T01 stale", "PA-WP-0001-T02 stale"]);
  });

  test("lets a file that is back but broken keep its rows", async () => {
    const { repo, slug } = await heldPlans("PB");
    await repo.commit({ [pathOf("PB", 2)]: planText("PB-WP-0002", 1).replace("status: active", "status: odd") });
    await hub.check({ slug });
    await refused(slug, "1 of its files or blocks are back");
    expect((await marks(hub, slug)).sighted).toEqual(["PB-WP-0001", "PB-WP-0003", "PB-WP-0004"]);
  });

  test("lets a file that is back twice, and so frozen, keep its rows", async () => {
    const { repo, slug } = await heldPlans("PC");
    const text = planText("PC-WP-0002", 1);
    await repo.commit({ [pathOf("PC", 2)]: text, "workplans/again/PC-WP-0002.md": text });
    await hub.check({ slug });
    await refused(slug, "1 of its files or blocks are back");
    expect((await marks(hub, slug)).sighted).toEqual(["PC-WP-0001", "PC-WP-0003", "PC-WP-0004"]);
  });

  test("lets a file that is back under two new ids, each with its hub id, keep its rows", async () => {
    const { repo, slug } = await heldPlans("PD");
    const [row] = await hub.database.sql<{ id: string }[]>`select id from workstreams where workplan_id = 'PD-WP-0002'`;
    const text = (id: string) => workplanText({ id, hubId: row?.id ?? "" });
    await repo.commit({ [pathOf("PD", 7)]: text("PD-WP-0007"), [pathOf("PD", 8)]: text("PD-WP-0008") });
    expect(summary(await hub.check({ slug })).findings).toContain("C-09 error PD-WP-0007");
    await refused(slug, "1 of its files or blocks are back");
  });

  test("lets a block that is back under two new ids, each with its hub id, keep its row", async () => {
    const { repo, slug } = await fleetOf(hub, folder.path, "PP", 1, 2);
    const path = pathOf("PP", 1);
    await repo.commit({ [path]: planText("PP-WP-0001", 0) });
    await sweep(hub, slug);
    await elevenMinutesPass(hub);
    await sweep(hub, slug);
    const [row] = await hub.database.sql<{ id: string }[]>`select id from tasks where task_id = 'PP-WP-0001-T01'`;
    const tasks = ["PP-WP-0001-T07", "PP-WP-0001-T08"].map((id) => ({ id, hubId: row?.id ?? "" }));
    await repo.commit({ [path]: workplanText({ id: "PP-WP-0001", tasks }) });
    await hub.check({ slug });
    await refused(slug, "1 of its files or blocks are back");
    expect((await marks(hub, slug)).sighted).toEqual(["PP-WP-0001-T02"]);
  });

  test("lets a block that is back, but frozen, keep its row", async () => {
    const { repo, slug } = await fleetOf(hub, folder.path, "PE", 2, 2);
    const path = pathOf("PE", 1);
    await repo.commit({ [path]: planText("PE-WP-0001", 0) });
    await sweep(hub, slug);
    await elevenMinutesPass(hub);
    await sweep(hub, slug);
    const [other] = await hub.database.sql<{ id: string }[]>`select id from tasks where task_id = 'PE-WP-0002-T01'`;
    const frozen = [{ id: "PE-WP-0001-T01", hubId: other?.id ?? "" }];
    await repo.commit({ [path]: workplanText({ id: "PE-WP-0001", tasks: frozen }) });
    expect(summary(await hub.check({ slug })).findings).toContain("C-09 error PE-WP-0001-T01");
    await refused(slug, "1 of its files or blocks are back");
    expect((await marks(hub, slug)).sighted).toEqual(["PE-WP-0001-T02"]);
  });
});

describe("planRepo() on what cannot be read", () => {
  test("marks the row of a broken block as stale and not as missing, and of a deleted file as stale no more", async () => {
    const { repo, slug, path, text, check } = await onePlan("PF", { tasks: tasksOf("PF", {}, {}) });
    await repo.commit({ [path]: text({ tasks: tasksOf("PF", {}, { status: "odd" }) }) });
    await sweep(hub, slug);
    expect((await check()).findings).toEqual(["C-18 error PF-WP-0001-T02"]);
    expect(await states(slug)).toEqual(["PF-WP-0001", "PF-WP-0001-T01", "PF-WP-0001-T02 stale"]);
    await repo.commit({ [path]: text({ status: "odd" }) });
    await check();
    expect(await states(slug)).toEqual(["PF-WP-0001 stale", "PF-WP-0001-T01 stale", "PF-WP-0001-T02 stale"]);
    await repo.commit({ [path]: null });
    expect((await check()).findings).toEqual(["C-08 warning PF-WP-0001"]);
    expect(await states(slug)).toEqual(["PF-WP-0001", "PF-WP-0001-T01", "PF-WP-0001-T02"]);
  });

  test("keeps the rows of a workplan that no longer begins with its front matter, and tells it at its first line", async () => {
    const { repo, slug, id, path, text, check } = await onePlan("PG", { tasks: tasksOf("PG", {}) });
    await repo.commit({ [path]: `\n${text({ status: "cancelled" })}` });
    for (let run = 0; run < 2; run++) {
      const { report, findings } = await check();
      expect(findings).toEqual([`C-01 error ${id}`]);
      expect(report.assessment_failures[0]).toMatchObject({ path, line: 1, column: 1 });
    }
    // Nor is it gone to a sweep that may believe in absence.
    await sweep(hub, slug);
    expect(await states(slug)).toEqual([`${id} stale`, `${id}-T01 stale`]);
    expect([...(await hub.database.sql`select status from workstreams where workplan_id = ${id}`)]).toEqual([
      { status: "active" },
    ]);
    await repo.commit({ [path]: text({ status: "cancelled", tasks: [] }) });
    expect((await check()).findings).toEqual([`C-13 warning ${id}-T01`]);
    expect(await states(slug)).toEqual([id, `${id}-T01`]);
  });
});

describe("planRepo() on noted corrections", () => {
  test("lets that of a renumbered task follow it, and calls that of its id done", async () => {
    const { repo, slug, id, path, text, check } = await onePlan("PH", { hubId: hubId(), tasks: tasksOf("PH", {}) });
    expect(await intents(slug)).toEqual([`${id}-T01 state_hub_task_id pending`]);
    await setStatus("tasks", `${id}-T01`, "blocked");
    await check();
    const [row] = await hub.database.sql<{ id: string }[]>`select id from tasks where task_id = ${`${id}-T01`}`;
    await repo.commit({ [path]: text({ tasks: [{ id: `${id}-T05`, hubId: row?.id ?? "" }] }) });
    expect((await check()).findings).toEqual([]);
    expect(await intents(slug)).toEqual([`${id}-T01 state_hub_task_id done`, `${id}-T05 status pending`]);
  });

  test("cancels those of a file that is gone", async () => {
    const tasks = tasksOf("PI", { hubId: hubId(), status: "done", completed: "2026-01-03" });
    const { repo, slug, id, path, check } = await onePlan("PI", { tasks });
    await hub.database.sql`update tasks set status = 'todo', completed = null where task_id = ${`${id}-T01`}`;
    await check();
    const noted = [`${id} state_hub_workstream_id`, `${id}-T01 completed`, `${id}-T01 status`];
    expect(await intents(slug)).toEqual(noted.map((each) => `${each} pending`));
    await repo.commit({ [path]: null });
    await check();
    expect(await intents(slug)).toEqual(noted.map((each) => `${each} cancelled`));
  });

  test("cancels those of rows that somebody deleted, in the next run of their repository", async () => {
    const { slug, id, check } = await onePlan("PJ", { hubId: hubId(), tasks: tasksOf("PJ", {}) });
    await hub.database.sql`delete from tasks where task_id = ${`${id}-T01`}`;
    await check();
    const noted = `${id}-T01 state_hub_task_id`;
    expect(await intents(slug)).toEqual([`${noted} cancelled`, `${noted} pending`]);
  });

  test("counts a new one alone as work that was done, and a dry run says the same", async () => {
    const { repo, slug, id, path, text, check } = await onePlan("PK", { hubId: hubId() });
    expect(await intents(slug)).toEqual([]);
    const versions = () => hub.database.sql`select version from workstreams where workplan_id = ${id}`;
    const before = [...(await versions())];
    await repo.commit({ [path]: text().replace(/state_hub_workstream_id.*\n/, "") });
    for (const dryRun of [true, false]) {
      const { report } = await check(dryRun);
      expect(report).toMatchObject({
        skipped_clean: [],
        repos_processed: [{ slug, actions: { pending_writeback: 1 } }],
      });
    }
    expect([...(await versions())]).toEqual(before);
    expect(await intents(slug)).toEqual([`${id} state_hub_workstream_id pending`]);
    expect((await check()).report).toMatchObject({ skipped_clean: [slug], repos_processed: [] });
  });
});

describe("planRepo() on values that lost", () => {
  /** Hub and file have both changed the status. */
  const disputed = async (prefix: string, hubIds: Omit<WorkplanText, "id"> = {}) => {
    const made = await onePlan(prefix, hubIds);
    await setStatus("workstreams", made.id, "cancelled");
    await made.repo.commit({ [made.path]: made.text({ status: "blocked" }) });
    expect((await made.check()).findings).toEqual([`C-11 warning ${made.id}`]);
    expect(await conflicts(made.id)).toEqual([`${made.slug} open`]);
    return made;
  };

  test("settles a dispute when the file moves on", async () => {
    const { repo, id, slug, path, text, check } = await disputed("PL");
    await repo.commit({ [path]: text({ status: "draft" }) });
    expect((await check()).findings).toEqual([]);
    expect(await conflicts(id)).toEqual([`${slug} settled`]);
  });

  test("settles a dispute when the hub moves on", async () => {
    const { id, slug, check } = await disputed("PM");
    await setStatus("workstreams", id, "archived");
    expect((await check()).findings).toEqual([]);
    expect(await conflicts(id)).toEqual([`${slug} settled`]);
  });

  test("tells nobody of a dispute over an orphaned row, and tells it again when its file is back", async () => {
    const { repo, slug } = await fleetOf(hub, folder.path, "PN", 4);
    const [id, path] = [planId("PN", 1), pathOf("PN", 1)];
    await setStatus("workstreams", id, "cancelled");
    await setStatus("tasks", `${id}-T01`, "blocked");
    const text = planText(id, 1)
      .replace("status: active", "status: blocked")
      .replace("status: todo", "status: in_progress");
    await repo.commit({ [path]: text });
    const told = [`C-11 warning ${id}`, `C-14 warning ${id}-T01`];
    expect(summary(await hub.check({ slug })).findings).toEqual(told);
    await repo.commit({ [path]: null });
    await sweep(hub, slug);
    await elevenMinutesPass(hub);
    await sweep(hub, slug);
    expect((await marks(hub, slug)).orphaned).toEqual([id, `${id}-T01`]);
    expect(summary(await hub.check({ slug })).findings).toEqual([]);
    await repo.commit({ [path]: text });
    expect(summary(await hub.check({ slug })).findings).toEqual(told);
  });

  test("lets a dispute follow its row into another repository, where every run tells it alike", async () => {
    const { repo, id, path, text } = await disputed("PO", { hubId: hubId() });
    const next = await makeRepo(folder.path, "po-next", { "README.md": "Soon.\n" });
    await hub.check({ path: next.path });
    await repo.commit({ [path]: null });
    await next.commit({ [path]: text({ status: "blocked" }) });
    const mine = async (scope: Parameters<TestHub["check"]>[0]) =>
      (await hub.check(scope)).report.assessment_failures.filter((each) => each.subject === id);
    const [found, ...more] = await mine({ all: true });
    expect(more).toEqual([]);
    expect(found).toMatchObject({ check: "C-11", repo: "po-next" });
    for (const scope of [{ slug: "po-next" }, { all: true }, { slug: "po-next" }, { all: true }] as const)
      expect(await mine(scope)).toEqual(found ? [found] : []);
    expect(await mine({ slug: "po" })).toEqual([]);
    expect(await conflicts(id)).toEqual(["po-next open"]);
    const reopened = await hub.database
      .sql`select times_reopened from findings where subject = ${id} and closed_at is null`;
    expect([...reopened]).toEqual([{ times_reopened: 0 }]);
  });
});
