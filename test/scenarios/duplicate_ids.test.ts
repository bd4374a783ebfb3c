// One workplan id in two files, in one repository or in two: neither may win by being read first, the row keeps its last
// good values, and when one of them gives way the next plain run goes on by itself.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { type TestRepo, workplanText } from "../support/git_repo.ts";
import { hubId as id, inScene, notJustWritten, type Row, summary } from "../support/scene.ts";

describe("one workplan id in two files", () => {
  const one = (title: string, hubId?: string) =>
    workplanText({ id: "A-WP-0001", ...(hubId && { hubId }) }).replace("Plan A-WP-0001", title);

  test("that are both new creates neither, and both once one of them is renumbered", () =>
    inScene(async ({ hub, repo, all, rows }) => {
      const made = await repo("a", { "workplans/A-WP-0001-x.md": one("x"), "workplans/A-WP-0001-y.md": one("y") });
      const seen = summary(await hub.check({ path: made.path }));
      expect(seen).toMatchObject({ findings: ["C-05 error A-WP-0001", "C-05 error A-WP-0001"], exit: 1 });
      expect(seen.report.assessment_failures.map(({ path }) => path)).toEqual([
        "workplans/A-WP-0001-x.md",
        "workplans/A-WP-0001-y.md",
      ]);
      expect(await rows()).toEqual([]);
      await made.commit({
        "workplans/A-WP-0001-y.md": null,
        "workplans/A-WP-0002-y.md": workplanText({ id: "A-WP-0002" }),
      });
      expect(await all()).toMatchObject({ findings: [], exit: 0 });
      expect((await rows()).map(({ key }) => key)).toEqual(["A-WP-0001", "A-WP-0002"]);
    }));

  test("leaves the row its last good values until one file is gone", () =>
    inScene(async ({ hub, repo, all, rows }) => {
      const plan = id();
      const made = await repo("a", { "workplans/A-WP-0001.md": one("first", plan) });
      await hub.check({ path: made.path });
      const before = await rows();
      await made.commit({
        "workplans/A-WP-0001.md": one("changed", plan),
        "workplans/A-WP-0001-copy.md": one("copy", plan),
      });
      expect(await all()).toMatchObject({ findings: ["C-05 error A-WP-0001", "C-05 error A-WP-0001"], exit: 1 });
      expect(await rows()).toEqual(before);
      await made.commit({ "workplans/A-WP-0001-copy.md": null });
      expect(await all()).toMatchObject({ findings: [], exit: 0 });
      expect(await rows()).toEqual([{ ...(before[0] as Row), title: "changed" }]);
    }));

  // Whichever repository was read first, and whichever of the two gives way, the next plain run settles it.
  for (const [keeps, gives] of [
    ["alpha", "omega"],
    ["omega", "alpha"],
  ] as const) {
    test(`of two repositories creates neither; when ${gives} gives it up, ${keeps} gets its row without --full`, () =>
      inScene(async ({ hub, repo, all, rows }) => {
        const repos = new Map<string, TestRepo>();
        for (const name of ["alpha", "omega"]) {
          repos.set(name, await repo(name, { "README.md": "Soon.\n" }));
          await hub.check({ path: repos.get(name)?.path ?? "" });
        }
        for (const [name, made] of repos) await made.commit({ "workplans/A-WP-0001.md": one(name) });
        expect(await all()).toMatchObject({ findings: ["C-05 error A-WP-0001", "C-05 error A-WP-0001"], exit: 1 });
        // Looked at once more after the files have settled: what stays frozen must not be taken for done.
        for (const { path } of repos.values()) await notJustWritten(join(path, "workplans/A-WP-0001.md"));
        expect((await all()).exit).toBe(1);
        expect(await rows()).toEqual([]);
        await repos.get(gives)?.commit({ "workplans/A-WP-0001.md": null });
        expect(await all()).toMatchObject({ findings: [], exit: 0 });
        expect(await rows()).toEqual([expect.objectContaining({ repo: keeps, title: keeps })]);
      }));
  }

  test("of two repositories leaves the row that was there; when the newcomer goes, the row follows its file again", () =>
    inScene(async ({ hub, repo, all, rows }) => {
      const plan = id();
      const old = await repo("a", { "workplans/A-WP-0001.md": one("old", plan) });
      await hub.check({ path: old.path });
      const copy = await repo("b", { "workplans/A-WP-0001.md": one("copy", plan) });
      const seen = summary(await hub.check({ path: copy.path }));
      expect(seen).toMatchObject({ findings: ["C-05 error A-WP-0001"], exit: 1 });
      expect(seen.report.assessment_failures[0]?.observed).toBe("a:workplans/A-WP-0001.md, b:workplans/A-WP-0001.md");
      await old.commit({ "workplans/A-WP-0001.md": one("edited", plan) });
      expect((await all()).exit).toBe(1);
      expect(await rows()).toEqual([expect.objectContaining({ id: plan, repo: "a", title: "old" })]);
      await copy.commit({ "workplans/A-WP-0001.md": null });
      expect(await all()).toMatchObject({ findings: [], exit: 0 });
      expect(await rows()).toEqual([expect.objectContaining({ id: plan, repo: "a", title: "edited" })]);
    }));

  test("counts a file that cannot be read: the other one does not win by being sound", () =>
    inScene(async ({ hub, repo, rows }) => {
      const made = await repo("a", {
        "workplans/A-WP-0001.md": one("sound"),
        "workplans/A-WP-0001-b.md": one("broken").replace("status: active", "status: nonsense"),
      });
      const seen = summary(await hub.check({ path: made.path }));
      expect(seen.findings).toEqual(["C-03 error A-WP-0001", "C-05 error A-WP-0001", "C-05 error A-WP-0001"]);
      expect(await rows()).toEqual([]);
    }));
});
