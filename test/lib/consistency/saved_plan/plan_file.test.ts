// The plan on the disk: private, whole, in nobody's way, and never believed once it was touched.
import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { newPlan, type PlanBody, sealed } from "../../../../lib/consistency/saved_plan/plan_document.ts";
import { readPlanFile, requireRoomForPlan, writePlanFile } from "../../../../lib/consistency/saved_plan/plan_file.ts";
import { temporaryFolder } from "../../../support/git_repo.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

const body: PlanBody = newPlan({
  made_at: "2026-03-04T05:06:07.000Z",
  checker: "checker-1, schema-2",
  hub: { instance_id: Bun.randomUUIDv7(), system_identifier: "1", database: "hub" },
  host: "here",
  run: { scope: { all: true }, remote: false, full: false, write_back: false },
  in_scope: [{ id: Bun.randomUUIDv7(), slug: "one" }],
  vocabulary: [{ domain: "d", topic: "t" }],
  repos: [],
  also_read: [],
});
const plan = sealed(body);
const fresh = () => join(mkdtempSync(join(folder.path, "file-")), "plan.json");

describe("writePlanFile()", () => {
  test("gives back what it was given, readable by its owner alone, and leaves nothing beside it", () => {
    const file = fresh();
    writePlanFile(file, plan);
    expect(readPlanFile(file)).toEqual(plan);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(file, ".."))).toEqual(["plan.json"]);
  });

  test("replaces an earlier plan, and no other file", () => {
    const file = fresh();
    writePlanFile(file, plan);
    const later = sealed({ ...body, host: "there" });
    writePlanFile(file, later);
    expect(readPlanFile(file)).toEqual(later);
    for (const text of ["{}", "My notes.\n", '{"kind": "something"}']) {
      const mine = fresh();
      writeFileSync(mine, text);
      expect(() => writePlanFile(mine, plan)).toThrow(expect.objectContaining({ kind: "usage" }));
      expect(readFileSync(mine, "utf8")).toBe(text);
    }
  });

  test("refuses a folder, a symlink and a folder that is not there, before anything is worked out", () => {
    const file = fresh();
    mkdirSync(file);
    const link = `${file}-link`;
    symlinkSync(fresh(), link);
    for (const place of [file, link, join(file, "no", "such.json")])
      expect(() => requireRoomForPlan(place)).toThrow(expect.objectContaining({ kind: "usage" }));
  });
});

describe("readPlanFile()", () => {
  const tampered = (change: (plan: Record<string, unknown>) => void) => {
    const file = fresh();
    const copy = JSON.parse(JSON.stringify(plan)) as Record<string, unknown>;
    change(copy);
    writeFileSync(file, JSON.stringify(copy));
    return file;
  };

  test("refuses a plan that was changed after it was made, wherever that was", () => {
    const changes: ((plan: Record<string, unknown>) => void)[] = [
      (each) => Object.assign(each, { host: "there" }),
      (each) => Object.assign(each, { vocabulary: [] }),
      (each) => Object.assign(each, { digest: "0".repeat(64) }),
      (each) => Object.assign(each.run as object, { remote: true }),
    ];
    for (const change of changes) expect(() => readPlanFile(tampered(change))).toThrow("Could not apply the plan");
  });

  test("believes a plan whose keys come in another order: it says the same", () => {
    const file = fresh();
    writeFileSync(file, JSON.stringify(Object.fromEntries(Object.entries(plan).toReversed())));
    expect(readPlanFile(file)).toEqual(plan);
  });

  test("names what is no plan", () => {
    const usage = (file: string, observed: string) =>
      expect(() => readPlanFile(file)).toThrow(expect.objectContaining({ kind: "usage", observed }));
    usage(fresh(), "it cannot be read");
    usage(folder.path, "it cannot be read");
    const text = fresh();
    writeFileSync(text, "no JSON");
    usage(text, "it is no JSON");
    usage(
      tampered((each) => Object.assign(each, { schema_version: 2 })),
      "schema_version: Invalid input: expected 1",
    );
    expect(() => readPlanFile(tampered((each) => Object.assign(each, { more: 1 })))).toThrow("Could not read the plan");
  });
});
