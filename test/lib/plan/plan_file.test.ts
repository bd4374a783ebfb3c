import { afterEach, expect, test } from "bun:test";
import { readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { movedFacts, sealed } from "../../../lib/plan/plan.ts";
import { readPlan, writePlan } from "../../../lib/plan/plan_file.ts";
import { temporaryFolder } from "../../support/git_repo.ts";

const folder = temporaryFolder();
const file = join(folder.path, "plans", "plan.json");
const plan = sealed({
  kind: "schedule-switch",
  id: "01a1fdf6-b261-7c97-9eca-251b17a203ef",
  made_at: "2026-11-21T12:00:00.000Z",
  host: "here",
  operator: "somebody",
  terms: { hours: 72 },
  facts: { owner: "timer" },
  steps: [{ id: "disable_timer", says: "It fires no more", commands: [["systemctl", "stop"]], undo: "start it" }],
});
const edited = (change: (plan: Record<string, unknown>) => void) => {
  rmSync(file, { force: true });
  writePlan(file, plan);
  const read = JSON.parse(readFileSync(file, "utf8"));
  change(read);
  writeFileSync(file, JSON.stringify(read));
};
afterEach(folder.remove);

test("writePlan() keeps a plan that readPlan() gives back, readable by its owner alone", () => {
  writePlan(file, plan);
  expect(readPlan(file, ["schedule-switch"])).toEqual(plan);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test("writePlan() takes the place of an earlier plan, and of nothing else", () => {
  writePlan(file, plan);
  writePlan(file, plan);
  writeFileSync(file, "my notes");
  expect(() => writePlan(file, plan)).toThrow("Could not write the plan");
  expect(readFileSync(file, "utf8")).toBe("my notes");
  const link = join(folder.path, "plans", "link.json");
  symlinkSync(file, link);
  expect(() => writePlan(link, plan)).toThrow("Could not write the plan");
});

test("readPlan() refuses a plan in which a word was changed, of another kind, of another version, and what is none", () => {
  const refused = () => {
    try {
      readPlan(file, ["schedule-switch"]);
      return "taken";
    } catch (error) {
      const { kind, observed } = error as { kind: string; observed: string };
      return `${kind}: ${observed}`;
    }
  };
  edited((each) => {
    each.facts = { owner: "cronjob" };
  });
  expect(refused()).toBe("automation: its digest is not that of what it says: it was changed after it was made");
  edited((each) => {
    each.schema_version = 2;
  });
  expect(refused()).toStartWith("usage: schema_version: ");
  edited((each) => {
    each.more = true;
  });
  expect(refused()).toStartWith("usage: the document: ");
  writeFileSync(file, "{");
  expect(refused()).toBe("usage: it is no JSON");
  expect(() => readPlan(join(folder.path, "none.json"), [])).toThrow("Could not read the plan");
});

test("readPlan() says what a plan of another kind is for", () => {
  const { schema_version: _, digest: __, ...body } = plan;
  writePlan(file, sealed({ ...body, kind: "schedule-rollback" }));
  expect(() => readPlan(file, ["schedule-switch"])).toThrow(
    expect.objectContaining({ observed: "it is a plan for schedule-rollback", expected: "a plan for schedule-switch" }),
  );
});

test("sealed() gives the same digest whatever the order of the keys", () => {
  const { schema_version: _, digest: __, ...body } = plan;
  const turned = Object.fromEntries(Object.entries(body).reverse()) as typeof body;
  expect(sealed(turned).digest).toBe(plan.digest);
  expect(sealed({ ...body, host: "there" }).digest).not.toBe(plan.digest);
});

test("movedFacts() names what came, what went and what changed, in the order of their names", () => {
  expect(movedFacts({ a: "1", b: "2", c: "3" }, { b: "2", c: "4", d: "5" })).toEqual([
    { fact: "a", was: "1", is: null },
    { fact: "c", was: "3", is: "4" },
    { fact: "d", was: null, is: "5" },
  ]);
});
