// The flags of the main job where a plan is made or applied: what contradicts is refused, what agrees is not needed.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { newPlan, type PlanBody, sealed } from "../../../../lib/consistency/saved_plan/plan_document.ts";
import { writePlanFile } from "../../../../lib/consistency/saved_plan/plan_file.ts";
import { askedRun, type RunFlags } from "../../../../lib/consistency/saved_plan/plan_flags.ts";
import { makeRepo, type TestRepo, temporaryFolder } from "../../../support/git_repo.ts";

const folder = temporaryFolder();
const NONE: RunFlags = { all: false, remote: false, full: false, "dry-run": false };
let repo: TestRepo;
beforeAll(async () => {
  repo = await makeRepo(folder.path, "a-repo");
});
afterAll(() => folder.remove());

function planOf(name: string, run: Partial<PlanBody["run"]>): string {
  const file = join(folder.path, `${name}.json`);
  const hub = { instance_id: Bun.randomUUIDv7(), system_identifier: "1", database: "hub" };
  const terms = { scope: { all: true as const }, remote: false, full: false, write_back: false, ...run };
  const rest = { in_scope: [], vocabulary: [], repos: [], also_read: [], host: "here", checker: "c" };
  writePlanFile(file, sealed(newPlan({ made_at: "2026-03-04T05:06:07.000Z", hub, run: terms, ...rest })));
  return file;
}

const refused = (flags: Partial<RunFlags>, observed: string) =>
  expect(askedRun({ ...NONE, ...flags })).rejects.toMatchObject({ kind: "usage", observed });

describe("askedRun()", () => {
  test("takes one repository or all of them, and neither only where a plan says it", async () => {
    expect(await askedRun({ ...NONE, repo: "./here" })).toMatchObject({ scope: { path: "./here" }, plan: null });
    expect(await askedRun({ ...NONE, repo: "here", plan: "p" })).toMatchObject({ scope: { slug: "here" }, plan: null });
    await refused({}, "neither --repo nor --all");
    await refused({ repo: "x", all: true }, "--repo and --all together");
    expect(await askedRun({ ...NONE, apply: planOf("bare", {}) })).toMatchObject({
      scope: { all: true },
      remote: false,
    });
  });

  test("refuses --apply beside --plan, --dry-run and --full", async () => {
    const apply = planOf("beside", {});
    await refused({ apply, plan: "p" }, "--plan and --apply together");
    await refused({ apply, "dry-run": true }, "--dry-run and --apply together");
    await refused({ apply, full: true }, "--full and --apply together");
  });

  test("takes flags that say what the plan says, and no others", async () => {
    const remote = planOf("remote", { remote: true, write_back: true });
    const asked = { scope: { all: true }, remote: true, writeBack: true };
    for (const more of [{}, { remote: true }, { all: true, remote: true }, { remote: true, "write-back": true }])
      expect(await askedRun({ ...NONE, ...more, apply: remote })).toMatchObject(asked);
    await refused({ apply: remote, all: true }, "--all without --remote");
    await refused({ apply: remote, repo: "x", remote: true }, "--repo x");
    await refused({ apply: remote, "write-back": false }, "--no-write-back");
    await refused({ apply: planOf("local", {}), remote: true }, "--remote");
    await refused({ apply: planOf("slug", { scope: { slug: "x" } }), all: true }, "--all");
  });

  test("knows a path by its checkout, from wherever it is named", async () => {
    repo.edit({ "deep/er/file": "" });
    const apply = planOf("path", { scope: { path: repo.path } });
    for (const path of [repo.path, join(repo.path, "deep/er"), `${repo.path}/deep/..`])
      expect(await askedRun({ ...NONE, apply, repo: path })).toMatchObject({ scope: { path: repo.path } });
    await refused({ apply, repo: folder.path }, `--repo ${folder.path}`);
  });
});
