// Somebody is faster than a plan that was rehearsed a moment ago: what is refused then, and what is done all the same.
import { describe, expect, test } from "bun:test";
import { disturbedBefore, inPlanScene, type PlanScene, twoWorkplans } from "./plan_scene.ts";

/** Two repositories that the hub knows, each with a commit that changes a task. */
async function changed(scene: PlanScene) {
  const repos = [await scene.repo("one"), await scene.repo("two")];
  await scene.hub.check({ all: true });
  for (const [index, slug] of ["one", "two"].entries()) await repos[index]?.commit(twoWorkplans(slug, "in_progress"));
  return { repos, made: await scene.plan() };
}

async function statuses({ database }: PlanScene["hub"]): Promise<Record<string, string>> {
  const rows = await database.sql<{ task_id: string; status: string }[]>`
    select task_id, status from tasks where task_id like '%T01' order by 1`;
  return Object.fromEntries(rows.map(({ task_id, status }) => [task_id, status]));
}

/** Where nothing can be awaited. */
function commitNow(path: string): void {
  const identity = ["-c", "user.name=Test", "-c", "user.email=test@example.invalid"];
  const argv = ["git", "-C", path, ...identity, "commit", "--quiet", "--allow-empty", "--message", "Meanwhile"];
  expect(Bun.spawnSync(argv).exitCode).toBe(0);
}

describe("holdToPlan()", () => {
  test("refuses a repository whose row moved after the rehearsal, writes nothing of it, and does the others", () =>
    inPlanScene(async (scene) => {
      const { made } = await changed(scene);
      const connect = disturbedBefore(
        scene.hub.url,
        1,
        () => scene.hub.database.sql`update tasks set priority = 'high' where task_id = 'ONE-WP-0001-T02'`,
      );
      const { report, remarks } = await scene.apply(made, { connect });
      expect(report).toMatchObject({ exit_code: 2, automation_error: { check: "C-00", repo: "one" } });
      expect(report.automation_error?.message).toMatch(/Could not apply the plan to one: .*T02\) in one from 1 to 2/);
      expect(remarks.join()).toContain("Could not apply the whole plan: of one not all was written");
      expect(await statuses(scene.hub)).toEqual({ "ONE-WP-0001-T01": "todo", "TWO-WP-0001-T01": "in_progress" });
      const again = await scene.plan();
      expect((await scene.apply(again)).report.automation_error).toBeNull();
      expect((await scene.hub.check({ all: true })).report.repos_processed).toEqual([]);
    }));

  test("writes nothing at all when a file moved after the rehearsal", () =>
    inPlanScene(async (scene) => {
      const { made, repos } = await changed(scene);
      let looks = 0;
      const progress = (message: string) => {
        if (message === "Looking at repositories" && ++looks === 2) commitNow(repos[1]?.path ?? "");
      };
      const { report } = await scene.apply(made, { progress });
      expect(looks).toBe(2);
      expect(report).toMatchObject({ exit_code: 2, repos_processed: [] });
      expect(report.automation_error?.message).toContain("the commit of two from ");
      expect(await statuses(scene.hub)).toEqual({ "ONE-WP-0001-T01": "todo", "TWO-WP-0001-T01": "todo" });
    }));
});
