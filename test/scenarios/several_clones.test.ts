// One repository in several clones that are not at the same commit: what was applied once is never taken back by a clone
// that has not seen it, and between two that diverge nobody chooses by chance.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { addRepo } from "../../lib/consistency/repo_registry.ts";
import { openRepo, type TestRepo, workplanText } from "../support/git_repo.ts";
import { TEST_HOST, type TestHub } from "../support/hub.ts";
import { inScene, type Scene, summary } from "../support/scene.ts";

const PLAN = "workplans/A-WP-0001.md";
const plan = (status: string) => ({ [PLAN]: workplanText({ id: "A-WP-0001", status }) });

/** A remote whose workplan is a draft, and clones of it. */
async function clones(scene: Scene, ...names: string[]): Promise<TestRepo[]> {
  const remote = await scene.repo("remote", plan("draft"));
  return Promise.all(
    names.map(async (name) => {
      const path = join(remote.path, "..", name);
      await remote.git("clone", "--quiet", `file://${remote.path}`, path);
      return openRepo(path);
    }),
  );
}

async function statusOf({ database }: TestHub) {
  const rows = await database.sql<{ status: string }[]>`select status from workstreams`;
  return rows.map(({ status }) => status).join();
}

function register({ database }: TestHub, { path }: TestRepo) {
  const request = { path, host: TEST_HOST, slug: null, domain: null, remoteUrl: null };
  return database.transaction((tx) => addRepo(tx, request));
}

const whyNot = ({ report }: Awaited<ReturnType<TestHub["check"]>>) =>
  report.assessment_failures.map((each) => `${each.check} ${each.severity} ${each.observed}`);

/** Brings the second clone's commits to where the first can look at them, without merging. */
const fetchFrom = (repo: TestRepo, other: TestRepo) => repo.git("fetch", "--quiet", other.path);

describe("a clone that is behind", () => {
  for (const full of [false, true]) {
    test(`of the commit that was applied applies nothing${full ? ", even if everything is to be read" : ""}`, () =>
      inScene(async (scene) => {
        const { hub } = scene;
        const [ahead, behind] = (await clones(scene, "ahead", "behind")) as [TestRepo, TestRepo];
        await ahead.commit(plan("active"));
        await hub.check({ path: ahead.path });
        for (let run = 0; run < 2; run++) {
          const seen = await hub.check({ path: behind.path }, { full });
          expect(whyNot(seen)).toEqual([expect.stringMatching(/^C-06 error git cannot tell/)]);
          expect(seen.report.exit_code).toBe(1);
          expect(await statusOf(hub)).toBe("active");
        }
        await fetchFrom(behind, ahead);
        await behind.git("merge", "--quiet", "--ff-only", "FETCH_HEAD");
        expect(summary(await hub.check({ path: behind.path }, { full }))).toMatchObject({ findings: [], exit: 0 });
      }));
  }

  test("has its edits checked all the same, while its commits are not applied", () =>
    inScene(async (scene) => {
      const { hub } = scene;
      const [clone] = (await clones(scene, "clone")) as [TestRepo];
      await clone.commit(plan("active"));
      await hub.check({ path: clone.path });
      await clone.git("reset", "--quiet", "--hard", "HEAD~1");
      clone.edit(plan("odd"));
      const seen = summary(await hub.check({ path: clone.path }));
      expect(seen).toMatchObject({ findings: ["C-03 error A-WP-0001"], exit: 1 });
      expect(seen.remarks).toEqual([
        expect.stringContaining("its tip is older"),
        expect.stringContaining("1 uncommitted edit was checked but not applied"),
      ]);
      expect(await statusOf(hub)).toBe("active");
      const stored = await hub.database.sql`select 1 from findings`;
      expect(stored.length).toBe(0);
    }));
});

describe("two clones with commits that nobody has pushed", () => {
  test("and that know of each other: the one that was read second applies nothing", () =>
    inScene(async (scene) => {
      const { hub } = scene;
      const [first, second] = (await clones(scene, "first", "second")) as [TestRepo, TestRepo];
      await first.commit(plan("active"));
      await second.commit(plan("blocked"));
      await fetchFrom(second, first);
      await hub.check({ path: first.path });
      for (const full of [false, true]) {
        const seen = await hub.check({ path: second.path }, { full });
        expect(whyNot(seen)).toEqual([expect.stringMatching(/^C-06 error .* have diverged/)]);
        expect(await statusOf(hub)).toBe("active");
      }
      await second.git("merge", "--quiet", "--strategy=ours", "--message", "Both", "FETCH_HEAD");
      expect(summary(await hub.check({ path: second.path }))).toMatchObject({ findings: [], exit: 0 });
      expect(await statusOf(hub)).toBe("blocked");
    }));

  test("and that the remote has by now: a clone whose branch was left behind applies nothing", () =>
    inScene(async (scene) => {
      const { hub } = scene;
      const [first, second] = (await clones(scene, "first", "second")) as [TestRepo, TestRepo];
      await first.commit(plan("active"));
      await second.commit(plan("blocked"));
      await hub.check({ path: first.path });
      await first.git("push", "--quiet", "origin", "main:refs/heads/main-pushed");
      const remote = openRepo(join(first.path, "../remote"));
      await remote.git("merge", "--quiet", "--ff-only", "main-pushed");
      await second.git("fetch", "--quiet", "origin");
      // Nobody else's tip may count here: the remote's branch, as it was fetched, is proof enough.
      await hub.database.sql`delete from repo_checkouts where path = ${first.path}`;
      const seen = await hub.check({ path: second.path });
      expect(whyNot(seen)).toEqual([expect.stringMatching(/^C-06 error .* have diverged/)]);
      expect(await statusOf(hub)).toBe("active");
    }));

  for (const order of ["first", "last"] as const) {
    test(`the one that goes on from the applied commit is read, also when it was registered ${order}`, () =>
      inScene(async (scene) => {
        const { hub, all } = scene;
        const [ours, other] = (await clones(scene, "ours", "other")) as [TestRepo, TestRepo];
        for (const each of order === "first" ? [ours, other] : [other, ours]) await register(hub, each);
        await ours.commit(plan("active"));
        await hub.check({ path: ours.path });
        await other.commit(plan("cancelled"));
        await fetchFrom(other, ours);
        await all();
        expect(await statusOf(hub)).toBe("active");
        const head = await ours.commit(plan("finished"));
        const seen = await all();
        expect(seen).toMatchObject({ findings: [], exit: 0, report: { repos_processed: [{ head }] } });
        expect(await statusOf(hub)).toBe("finished");
      }));
  }

  test("of which neither is the one to go on from: nothing is applied, and both are named", () =>
    inScene(async (scene) => {
      const { hub } = scene;
      const made = (await clones(scene, "one", "two")) as [TestRepo, TestRepo];
      const [one, two] = made;
      for (const each of made) await register(hub, each);
      await one.commit(plan("active"));
      await two.commit(plan("blocked"));
      const named = [expect.stringMatching(/^C-06 error .*they diverge: .*\/one at .*\/two at /)];
      expect(whyNot(await hub.check({ all: true }))).toEqual(named);
      expect(await statusOf(hub)).toBe("");
      await one.git("reset", "--quiet", "--hard", "HEAD~1");
      await two.git("reset", "--quiet", "--hard", "HEAD~1");
      expect(summary(await hub.check({ all: true })).findings).toEqual([]);
      // Both contain what was applied now.
      await one.commit(plan("active"));
      await two.commit(plan("blocked"));
      expect(whyNot(await hub.check({ all: true }))).toEqual(named);
      expect(await statusOf(hub)).toBe("draft");
      await fetchFrom(one, two);
      await one.git("merge", "--quiet", "--strategy=ours", "--message", "Both", "FETCH_HEAD");
      expect(summary(await hub.check({ all: true }))).toMatchObject({ findings: [], exit: 0 });
      expect(await statusOf(hub)).toBe("active");
    }));
});
