// Files that are gone from remotes, through whole sweeps and hours: a row is marked when its file was missed twice, ten
// minutes apart and on one line of commits, and never because a remote was away, rewritten, or read in part.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { applyHeldPlan, listHeldPlans } from "../../lib/consistency/held_plans.ts";
import { addRepo, removeRepo } from "../../lib/consistency/repo_registry.ts";
import type { FleetResult } from "../../lib/consistency/run_ledger.ts";
import { forEachAtMost } from "../../lib/pool.ts";
import { gone, marks, pathOf, planId, planText } from "../lib/consistency/remote_sweep.ts";
import type { Files } from "../support/git_repo.ts";
import { type SweptFleet, type SweptRepo, sweptFleet } from "../support/swept_fleet.ts";

const WATCHDOG = 60_000;
/** How many workplans each repository begins with, and how many tasks each of them has. */
const SIZES: Readonly<Record<string, readonly [plans: number, tasks: number]>> = {
  late: [4, 1],
  tasks: [1, 6],
  more: [4, 1],
  forced: [4, 1],
  crossed: [4, 1],
  many: [6, 1],
  whole: [2, 1],
  flaky: [4, 1],
  removed: [4, 1],
  unread: [4, 1],
  giver: [3, 1],
  taker: [1, 1],
};

const prefixOf = (slug: string) => slug.toUpperCase();
const NONE = { orphaned: [], sighted: [] };
/** The first workplan of a repository with its one task. */
const firstOf = (slug: string) => [planId(prefixOf(slug), 1), `${planId(prefixOf(slug), 1)}-T01`];

type Marks = Awaited<ReturnType<typeof marks>>;
interface Stage extends FleetResult {
  readonly marks: Readonly<Record<string, Marks>>;
}

let fleet: SweptFleet;
const repos = new Map<string, SweptRepo>();
let stages: Record<"first" | "sighted" | "early" | "due" | "later", Stage>;
let rowsBefore: Record<string, string>;

const repo = (slug: string) => repos.get(slug) as SweptRepo;

async function sweep(source: "manual" | "local-timer" = "local-timer"): Promise<Stage> {
  const result = await fleet.sweep({ source });
  expect(result.report).toMatchObject({ exit_code: 0, automation_error: null, skipped_budget: [] });
  const all: Record<string, Marks> = {};
  for (const slug of Object.keys(SIZES)) all[slug] = await marks(fleet.hub, slug);
  return { ...result, marks: all };
}

/** As somebody elsewhere who has the newest state. */
async function push(slug: string, files: Files): Promise<void> {
  const { clone } = repo(slug);
  await clone.git("pull", "--quiet", "--rebase", "origin", "main");
  await repo(slug).push(files);
}

/** The branch loses its last commit and gets another one in its place. */
async function rewrite(slug: string, files: Files): Promise<void> {
  const { clone } = repo(slug);
  await clone.git("pull", "--quiet", "--rebase", "origin", "main");
  await clone.git("reset", "--quiet", "--soft", "HEAD~1");
  await repo(slug).push(files, "--force");
}

const textIn = (slug: string, path: string) => readFileSync(join(repo(slug).clone.path, path), "utf8");

/** Row ids by workplan and task id. */
async function rowIds(): Promise<Record<string, string>> {
  const rows = await fleet.hub.database.sql<{ key: string; id: string }[]>`
    select workplan_id as key, id from workstreams union all select task_id, id from tasks`;
  return Object.fromEntries(rows.map(({ key, id }) => [key, id]));
}

beforeAll(async () => {
  fleet = await sweptFleet();
  await forEachAtMost(Object.entries(SIZES), 4, async ([slug, [plans, tasks]]) => {
    const numbers = Array.from({ length: plans }, (_, at) => at + 1);
    const prefix = prefixOf(slug);
    const files = Object.fromEntries(numbers.map((n) => [pathOf(prefix, n), planText(planId(prefix, n), tasks)]));
    repos.set(slug, await fleet.add(slug, { files, checkout: false }));
  });
  const first = await sweep();
  rowsBefore = await rowIds();

  for (const slug of ["late", "more", "crossed", "flaky", "removed"]) await push(slug, gone(prefixOf(slug), 1));
  await rewrite("forced", gone("FORCED", 1));
  await push("tasks", { [pathOf("TASKS", 1)]: planText(planId("TASKS", 1), 6, [2]) });
  await push("many", gone("MANY", 1, 2, 3, 4));
  await push("whole", gone("WHOLE", 1, 2));
  await push("unread", { ...gone("UNREAD", 1), "workplans/draft.md": "---\nid: [\n---\n" });
  await moveAndRename();
  const sighted = await sweep();

  await fleet.passTime(9);
  await push("more", { "notes.txt": "a later commit\n", ...{ "workplans/notes.md": "no workplan\n" } });
  await rewrite("crossed", { ...gone("CROSSED", 1), "notes.txt": "another history\n" });
  renameSync(repo("flaky").path, `${repo("flaky").path}.away`);
  await fleet.hub.database.transaction((tx) => removeRepo(tx, "removed"));
  const early = await sweep();

  await fleet.passTime(2);
  const due = await sweep();

  renameSync(`${repo("flaky").path}.away`, repo("flaky").path);
  const request = { path: repo("removed").checkout.path, host: "elsewhere", slug: "removed", domain: null };
  await fleet.hub.database.transaction((tx) => addRepo(tx, { ...request, remoteUrl: repo("removed").path }));
  await fleet.passTime(16);
  stages = { first, sighted, early, due, later: await sweep("manual") };
}, WATCHDOG);
afterAll(() => fleet.close());

/** In one tick: a workplan goes to another repository, and another one of the same gets a new id and name. */
async function moveAndRename(): Promise<void> {
  await repo("giver").clone.git("pull", "--quiet", "--rebase", "origin", "main");
  const [moved, renamed] = [textIn("giver", pathOf("GIVER", 1)), textIn("giver", pathOf("GIVER", 2))];
  await push("taker", { [pathOf("GIVER", 1)]: moved });
  const other = renamed.replaceAll(planId("GIVER", 2), planId("GIVER", 9));
  await push("giver", { ...gone("GIVER", 1, 2), [pathOf("GIVER", 9)]: other });
}

describe("a file that is gone from its remote", () => {
  test("is sighted once, and nothing is marked before ten minutes are over", () => {
    for (const stage of [stages.sighted, stages.early])
      for (const slug of ["late", "more"])
        expect({ slug, ...stage.marks[slug] }).toEqual({ slug, orphaned: [], sighted: firstOf(slug).slice(0, 1) });
  });

  test("is marked at the second sighting, with its tasks; at the same commit and at a later one", () => {
    for (const slug of ["late", "more"])
      expect({ slug, ...stages.due.marks[slug] }).toEqual({ slug, orphaned: firstOf(slug), sighted: [] });
    expect(stages.due.report.repos_processed.find(({ slug }) => slug === "late")?.actions.orphaned).toBe(2);
  });

  test("is marked in the same way when it is a block of a workplan", () => {
    const id = `${planId("TASKS", 1)}-T02`;
    expect(stages.early.marks.tasks).toEqual({ orphaned: [], sighted: [id] });
    expect(stages.due.marks.tasks).toEqual({ orphaned: [id], sighted: [] });
  });

  test("keeps its rows with all their ids", async () => {
    const now = await rowIds();
    for (const slug of ["late", "more", "flaky", "removed"])
      for (const key of firstOf(slug)) expect(now[key]).toBe(rowsBefore[key] as string);
  });
});

describe("nothing is marked", () => {
  test("in the run that met a forced push: its new history must be seen twice, too", () => {
    expect(stages.sighted.marks.forced?.orphaned).toEqual([]);
    expect(stages.sighted.report.assessment_failures).toContainEqual(
      expect.objectContaining({ check: "C-06", repo: "forced", severity: "warning" }),
    );
    expect(stages.early.marks.forced?.orphaned).toEqual([]);
    expect(stages.later.marks.forced?.orphaned).toEqual(firstOf("forced"));
  });

  test("after a forced push that came between the sightings: what the old history lacked says nothing of the new one", () => {
    expect(stages.sighted.marks.crossed?.sighted).toEqual(firstOf("crossed").slice(0, 1));
    expect(stages.early.marks.crossed?.orphaned).toEqual([]);
    expect(stages.due.marks.crossed?.orphaned).toEqual([]);
    expect(stages.later.marks.crossed?.orphaned).toEqual(firstOf("crossed"));
  });

  test("while the remote is away; when it is back the second sighting counts", () => {
    for (const stage of [stages.early, stages.due])
      expect(stage.marks.flaky).toEqual({ orphaned: [], sighted: firstOf("flaky").slice(0, 1) });
    expect(stages.early.report.skipped_missing).toContain("flaky");
    expect(stages.later.marks.flaky?.orphaned).toEqual(firstOf("flaky"));
  });

  test("while the repository is removed; added again it goes on with the rows that it had", () => {
    for (const stage of [stages.early, stages.due])
      expect(stage.marks.removed).toEqual({ orphaned: [], sighted: firstOf("removed").slice(0, 1) });
    expect(stages.due.report.repos_total).toBe(Object.keys(SIZES).length - 1);
    expect(stages.later.marks.removed?.orphaned).toEqual(firstOf("removed"));
  });

  test("beside a file that can't be read and may be the one; mended, both sightings are still to come", async () => {
    for (const stage of Object.values(stages)) expect(stage.marks.unread).toEqual(NONE);
    await push("unread", { "workplans/draft.md": null });
    expect((await sweep()).marks.unread).toEqual({ orphaned: [], sighted: firstOf("unread").slice(0, 1) });
    await fleet.passTime(11);
    expect((await sweep()).marks.unread?.orphaned).toEqual(firstOf("unread"));
  });

  test("of a workplan that moved to another repository, and of one that was renamed, in one tick", async () => {
    for (const stage of Object.values(stages)) expect([stage.marks.giver, stage.marks.taker]).toEqual([NONE, NONE]);
    const rows = await fleet.hub.database.sql`
      select w.id, w.workplan_id as key, r.slug from workstreams w join repos r on r.id = w.repo_id
      where w.workplan_id like 'GIVER%' order by 2`;
    expect([...rows]).toEqual([
      { id: rowsBefore[planId("GIVER", 1)], key: planId("GIVER", 1), slug: "taker" },
      { id: rowsBefore[planId("GIVER", 3)], key: planId("GIVER", 3), slug: "giver" },
      { id: rowsBefore[planId("GIVER", 2)], key: planId("GIVER", 9), slug: "giver" },
    ]);
  });
});

describe("too much that is gone at once", () => {
  test("is held: four of six in a day, and all of two", async () => {
    for (const slug of ["many", "whole"]) {
      expect(stages.due.marks[slug]?.orphaned).toEqual([]);
      const told = stages.due.report.assessment_failures.filter((each) => each.repo === slug && each.check === "C-08");
      expect(told).toHaveLength(slug === "many" ? 4 : 2);
    }
    const held = await listHeldPlans(fleet.hub.database.sql);
    expect(held.map((plan) => [plan.repo, plan.plan.workstreams.length]).sort()).toEqual([
      ["many", 4],
      ["whole", 2],
    ]);
  });

  test("is released by what held show printed, as the scripts do it, and by nothing else", async () => {
    const env = { DATABASE_URL: fleet.hub.url, STATE_HUB_HOME: fleet.home, HOME: fleet.userHome };
    const script = join(import.meta.dir, "../../scripts/state_hub.ts");
    const held = (...args: string[]) =>
      Bun.spawn([process.execPath, script, "held", ...args, "--json"], {
        env: { ...process.env, ...env },
        stderr: "pipe",
      });
    const shown = held("show", "many");
    const document = JSON.stringify(await new Response(shown.stdout).json());
    const digest = /[0-9a-f]{64}/.exec(document)?.[0] ?? "";
    expect(document).toContain(planId("MANY", 4));
    const wrong = held("apply", "many", "--digest", digest.replaceAll(/[0-9]/g, "0"));
    expect(await wrong.exited).toBe(64);
    expect((await sweep()).marks.many?.orphaned).toEqual([]);
    const applied = held("apply", "many", "--digest", digest);
    expect(await applied.exited).toBe(0);
    const ids = [1, 2, 3, 4].flatMap((n) => [planId("MANY", n), `${planId("MANY", n)}-T01`]);
    const after = await sweep();
    expect(after.marks.many?.orphaned).toEqual(ids);
    expect(after.report.assessment_failures.filter((each) => each.repo === "many")).toEqual([]);
  });

  test("is released no more when a file came back; and is held no more then", async () => {
    const [plan] = (await listHeldPlans(fleet.hub.database.sql)).filter((each) => each.repo === "whole");
    await push("whole", { [pathOf("WHOLE", 1)]: planText(planId("WHOLE", 1), 1) });
    const after = await sweep();
    expect(after.marks.whole).toEqual({ orphaned: [planId("WHOLE", 2), `${planId("WHOLE", 2)}-T01`], sighted: [] });
    expect((await listHeldPlans(fleet.hub.database.sql)).filter((each) => each.repo === "whole")).toEqual([]);
    const apply = fleet.hub.database.transaction((tx) => applyHeldPlan(tx, plan?.id ?? "", plan?.digest ?? ""));
    expect(await apply.catch((error: unknown) => String(error))).toContain("held plan");
  });
});

test("a file that is back takes the mark away from its row and its tasks, and keeps their ids", async () => {
  const slug = "late";
  await push(slug, { [pathOf("LATE", 1)]: planText(planId("LATE", 1), 1) });
  expect((await sweep()).marks.late).toEqual(NONE);
  const now = await rowIds();
  for (const key of firstOf(slug)) expect(now[key]).toBe(rowsBefore[key] as string);
  expect(await repo(slug).bare.git("show", `main:${pathOf("LATE", 1)}`)).toContain(
    rowsBefore[planId("LATE", 1)] as string,
  );
  const { report } = await sweep();
  expect(report.skipped_clean).toContain(slug);
});
