// Removals that are too many to believe: held, shown, and released by nothing but the digest that a person has read.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { applyHeldPlan, type HeldPlan, listHeldPlans, showHeldPlan } from "../../../lib/consistency/held_plans.ts";
import { temporaryFolder } from "../../support/git_repo.ts";
import { freshHub, type TestHub } from "../../support/hub.ts";
import { elevenMinutesPass, fleetOf, gone, marks, pathOf, planText, sweep } from "./remote_sweep.ts";

let hub: TestHub;
const folder = temporaryFolder();
beforeAll(async () => {
  hub = await freshHub();
});
afterAll(async () => {
  await hub.close();
  folder.remove();
});

/** A repository of six workplans, four of which were deleted: one more than the guard lets go in a day. */
async function heldFleet(prefix: string) {
  const { repo, slug } = await fleetOf(hub, folder.path, prefix, 6);
  await repo.commit(gone(prefix, 1, 2, 3, 4));
  await sweep(hub, slug);
  await elevenMinutesPass(hub);
  const result = await sweep(hub, slug);
  return { repo, slug, result };
}

function apply(plan: string, digest: string) {
  return hub.database.transaction((tx) => applyHeldPlan(tx, plan, digest), { isolation: "repeatable read" });
}

async function heldOf(slug: string): Promise<HeldPlan[]> {
  return (await listHeldPlans(hub.database.sql)).filter(({ repo }) => repo === slug);
}

describe("storeHeldPlan()", () => {
  test("keeps one plan with every row of it, marks nothing, and tells each workplan as held", async () => {
    const { repo, slug, result } = await heldFleet("HA");
    expect(result.actions.orphaned).toBe(0);
    expect(result.findings.map(({ check, subject, severity }) => ({ check, subject, severity }))).toEqual(
      [1, 2, 3, 4].map((n) => ({ check: "C-08", subject: `HA-WP-000${n}`, severity: "warning" as const })),
    );
    expect(result.findings[0]?.hint).toContain("held list");
    const [plan, ...more] = await heldOf(slug);
    expect(more).toEqual([]);
    expect(plan?.plan.workstreams.map(({ workplan_id }) => workplan_id)).toEqual(
      [1, 2, 3, 4].map((n) => `HA-WP-000${n}`),
    );
    expect(plan?.source_commit).toBe((await repo.git("rev-parse", "HEAD")).trim());
    expect((await marks(hub, slug)).orphaned).toEqual([]);
  });

  test("leaves a plan that says the same as it is, and replaces one that says something else", async () => {
    const { repo, slug } = await heldFleet("HB");
    const [first] = await heldOf(slug);
    await repo.commit();
    await sweep(hub, slug);
    expect(await heldOf(slug)).toEqual(first ? [first] : []);
    await repo.commit(gone("HB", 5));
    await sweep(hub, slug);
    await elevenMinutesPass(hub);
    await sweep(hub, slug);
    const [second, ...more] = await heldOf(slug);
    expect(more).toEqual([]);
    expect(second?.digest).not.toBe(first?.digest);
    expect(second?.plan.workstreams).toHaveLength(5);
    await expect(apply(slug, first?.digest ?? "")).rejects.toMatchObject({
      observed: expect.stringContaining("digest"),
    });
  });

  test("lets a plan go when enough files are back, and marks the rest as any other", async () => {
    const { repo, slug } = await heldFleet("HC");
    await repo.commit({ [pathOf("HC", 1)]: planText("HC-WP-0001", 1) });
    expect((await sweep(hub, slug)).actions.orphaned).toBe(6);
    expect(await heldOf(slug)).toEqual([]);
  });

  test("holds every workplan of a repository that is empty at once, and the only one of a repository", async () => {
    for (const [prefix, count] of [
      ["HD", 3],
      ["HE", 1],
    ] as const) {
      const { repo, slug } = await fleetOf(hub, folder.path, prefix, count);
      await repo.commit({ workplans: null, "README.md": "Empty.\n" });
      await sweep(hub, slug);
      await elevenMinutesPass(hub);
      expect((await sweep(hub, slug)).actions.orphaned).toBe(0);
      expect((await heldOf(slug)).map(({ plan }) => plan.workstreams.length)).toEqual([count]);
    }
  });

  test("holds the tasks of a workplan that lost all its blocks", async () => {
    const { repo, slug } = await fleetOf(hub, folder.path, "HF", 1, 2);
    await repo.commit({ [pathOf("HF", 1)]: planText("HF-WP-0001", 0) });
    await sweep(hub, slug);
    await elevenMinutesPass(hub);
    const { actions, findings } = await sweep(hub, slug);
    expect(actions.orphaned).toBe(0);
    expect(findings.map(({ check }) => check)).toEqual(["C-13", "C-13"]);
    const [plan] = await heldOf(slug);
    expect(plan?.plan.tasks.map(({ task_id }) => task_id)).toEqual(["HF-WP-0001-T01", "HF-WP-0001-T02"]);
  });
});

describe("applyHeldPlan()", () => {
  test("marks exactly what was shown, with the tasks, and can be done once", async () => {
    const { slug } = await heldFleet("HG");
    const plan = await showHeldPlan(hub.database.sql, slug);
    expect(await apply(plan.id, plan.digest)).toMatchObject({ workstreams: 4, tasks: 4 });
    const { orphaned } = await marks(hub, slug);
    expect(orphaned).toEqual([1, 2, 3, 4].flatMap((n) => [`HG-WP-000${n}`, `HG-WP-000${n}-T01`]));
    expect(await heldOf(slug)).toEqual([]);
    await expect(apply(plan.id, plan.digest)).rejects.toMatchObject({ kind: "usage" });
    const { actions, findings } = await sweep(hub, slug);
    expect({ orphaned: actions.orphaned, findings }).toEqual({ orphaned: 0, findings: [] });
  });

  test("refuses another digest, and marks nothing", async () => {
    const { slug } = await heldFleet("HH");
    const plan = await showHeldPlan(hub.database.sql, slug);
    const other = plan.digest.replace(/.$/, (last) => (last === "0" ? "1" : "0"));
    await expect(apply(plan.id, other)).rejects.toMatchObject({ hint: `scripts/state_hub.ts held show ${plan.id}` });
    expect((await marks(hub, slug)).orphaned).toEqual([]);
    expect(await heldOf(slug)).toHaveLength(1);
  });

  test("refuses when a file came back, though only a run that cannot orphan has seen it", async () => {
    const { repo, slug } = await heldFleet("HI");
    const plan = await showHeldPlan(hub.database.sql, slug);
    await repo.commit({ [pathOf("HI", 3)]: planText("HI-WP-0003", 1) });
    await hub.check({ path: repo.path });
    await expect(apply(slug, plan.digest)).rejects.toMatchObject({ observed: expect.stringContaining("back") });
    expect((await marks(hub, slug)).orphaned).toEqual([]);
  });
});

describe("showHeldPlan()", () => {
  test("refuses an id or slug for which nothing is held, naming where to look", async () => {
    await expect(showHeldPlan(hub.database.sql, "nobody")).rejects.toMatchObject({
      kind: "usage",
      hint: "scripts/state_hub.ts held list",
    });
  });
});
