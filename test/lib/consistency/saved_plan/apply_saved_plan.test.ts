// Plans over local checkouts, made and applied: what is done is what was planned, and each way in which the world can move
// in between is named, with nothing written.
import { describe, expect, test } from "bun:test";
import { removeRepo } from "../../../../lib/consistency/repo_registry.ts";
import type { FleetResult } from "../../../../lib/consistency/run_ledger.ts";
import { type TestRepo, workplanText } from "../../../support/git_repo.ts";
import { rowVersions } from "../row_versions.ts";
import { heldRows, inPlanScene, type MadePlan, type PlanScene, sorted, twoWorkplans } from "./plan_scene.ts";

/** Applies a plan that must be refused with nothing written. @returns what has moved, as the report has it */
async function refusal(scene: PlanScene, apply: () => Promise<FleetResult>): Promise<string> {
  // Whoever may not write has had the lock all the same.
  const versions = () => rowVersions(scene.hub.database.sql, ["sweep_lease"]);
  const before = await versions();
  const { report, hint } = await apply();
  expect({ exit: report.exit_code, hint }).toEqual({ exit: 2, hint: expect.stringContaining(" --plan ") });
  expect(await versions()).toEqual(before);
  return report.automation_error?.message ?? "";
}

describe("makePlan()", () => {
  test("writes nothing but the plan", () =>
    inPlanScene(async (scene) => {
      await scene.repo("one");
      const before = await rowVersions(scene.hub.database.sql);
      const { plan } = await scene.plan();
      expect(plan).toMatchObject({
        host: "test-host",
        run: { scope: { all: true }, remote: false, write_back: false },
      });
      expect(await rowVersions(scene.hub.database.sql)).toEqual(before);
    }));

  test("names a repository that is not registered instead of planning an id for it", () =>
    inPlanScene(async (scene) => {
      const repo = await scene.repo("one");
      await scene.hub.database.sql`delete from repo_checkouts`;
      await expect(scene.plan({ path: repo.path })).rejects.toMatchObject({
        kind: "usage",
        hint: `scripts/state_hub.ts repo add ${repo.path}`,
      });
    }));

  test("keeps what a change makes of a row beside what it was", () =>
    inPlanScene(async (scene) => {
      const repo = await scene.repo("one");
      await scene.apply(await scene.plan());
      await repo.commit(twoWorkplans("one", "in_progress"));
      const { of } = await scene.plan({ slug: "one" });
      expect(of("one").rows.update_tasks).toEqual([
        {
          row: expect.objectContaining({ task_id: "ONE-WP-0001-T01", status: "in_progress" }),
          was: { status: "todo" },
        },
      ]);
      expect(of("one").versions).toHaveLength(4);
    }));
});

describe("applySavedPlan()", () => {
  test("writes the rows of the plan to the last byte, ids included, and leaves nothing to do", () =>
    inPlanScene(async (scene) => {
      await scene.repo("one");
      await scene.repo("two");
      const made = await scene.plan();
      const { report } = await scene.apply(made);
      expect(report).toMatchObject({ automation_error: null, exit_code: 0, dry_run: false, repos_total: 2 });
      for (const slug of ["one", "two"]) {
        const { id, minted, rows } = made.of(slug);
        expect(await heldRows(scene.hub, id)).toEqual({
          workstreams: sorted(rows.create_workstreams),
          tasks: sorted(rows.create_tasks),
          bases: sorted(rows.bases),
        } as never);
        expect(minted).toHaveLength(4);
      }
      expect((await scene.hub.check({ all: true })).report).toMatchObject({ skipped_clean: ["one", "two"] });
    }));

  test("does a plan with nothing in it", () =>
    inPlanScene(async (scene) => {
      await scene.repo("one");
      await scene.hub.check({ all: true });
      const made = await scene.plan();
      expect(made.plan.repos).toEqual([]);
      expect((await scene.apply(made)).report).toMatchObject({ automation_error: null, exit_code: 0, repos_total: 0 });
    }));

  test("refuses the second time, without harm", () =>
    inPlanScene(async (scene) => {
      await scene.repo("one");
      const made = await scene.plan();
      await scene.apply(made);
      const moved = await refusal(scene, () => scene.apply(made));
      expect(moved).toContain("the commit that was applied last to one from none to ");
      expect(moved).toContain(`${made.of("one").minted[0]} (ONE-WP-0001) of one is new`);
    }));

  test("refuses a plan of another hub, also of a copy of it, and of another host", () =>
    inPlanScene(async (scene) => {
      await scene.repo("one");
      const made = await scene.plan();
      const refused = async (apply: () => Promise<FleetResult>) => {
        const { report, hint } = await apply();
        expect({ exit: report.exit_code, hint }).toEqual({
          exit: 2,
          hint: "Apply it where it was made, or make one here",
        });
        return report.automation_error?.message;
      };
      expect(await refused(() => scene.apply(made, { host: "elsewhere" }))).toContain("this is elsewhere");
      // Every test's hub is a copy of one template, with its instance id.
      await inPlanScene(async (copy) => {
        await copy.repo("one");
        expect((await copy.plan()).plan.hub.instance_id).toBe(made.plan.hub.instance_id);
        expect(await refused(() => copy.apply(made))).toContain("this is the hub ");
      });
    }));

  test("leaves alone what was not in the plan, whatever has become of it", () =>
    inPlanScene(async (scene) => {
      const other = await scene.repo("other");
      await scene.hub.check({ all: true });
      await scene.repo("one");
      const made = await scene.plan();
      await other.commit(twoWorkplans("other", "in_progress"));
      const { id } =
        (await scene.hub.database.sql<{ id: string }[]>`select id from repos where slug = 'other'`)[0] ?? {};
      const before = await heldRows(scene.hub, id ?? "");
      expect((await scene.apply(made)).report).toMatchObject({ automation_error: null, repos_total: 1 });
      expect(await heldRows(scene.hub, id ?? "")).toEqual(before);
      expect((await scene.hub.check({ all: true })).report.repos_processed).toMatchObject([
        { slug: "other", actions: { updated: 1 } },
      ]);
    }));
});

describe("applySavedPlan(), of a repository that was read for its ids alone,", () => {
  const BROKEN = { "workplans/broken.md": "---\nid: [\n---\n" };
  const third = (text = "") => ({
    "workplans/ONE-WP-0003.md": workplanText({ id: "ONE-WP-0003" }) + text,
  });

  /** `other` is read in each run, because one of its files cannot be; `one` is to get a third workplan. */
  const inFleet = (work: (scene: PlanScene, made: MadePlan, other: TestRepo) => Promise<void>) =>
    inPlanScene(async (scene) => {
      const [one, other] = [
        await scene.repo("one"),
        await scene.repo("other", { ...twoWorkplans("other"), ...BROKEN }),
      ];
      await scene.hub.check({ all: true });
      await one.commit(third());
      const made = await scene.plan();
      expect([made.plan.repos, made.plan.also_read].map((list) => list.map(({ slug }) => slug))).toEqual([
        ["one"],
        ["other"],
      ]);
      await work(scene, made, other);
    });

  test("lets it move on, and writes nothing about it", () =>
    inFleet(async (scene, made, other) => {
      await other.commit(twoWorkplans("other", "in_progress"));
      const { report } = await scene.apply(made);
      expect(report).toMatchObject({ automation_error: null, repos_total: 1 });
      const rows = await scene.hub.database.sql`select 1 from tasks where status = 'in_progress'`;
      expect(rows).toHaveLength(0);
    }));

  test("refuses when it now claims an id of the plan, and names its commit as the cause", () =>
    inFleet(async (scene, made, other) => {
      await other.commit(third("Mine.\n"));
      const message = await refusal(scene, () => scene.apply(made));
      expect(message).toMatch(
        /since: the commit of other from .*; one: it would no longer create the workstream ONE-WP-0003/,
      );
    }));
});

describe("applySavedPlan() names, and writes nothing for,", () => {
  const moved = (
    name: string,
    move: (scene: PlanScene, repo: Awaited<ReturnType<PlanScene["repo"]>>) => Promise<unknown>,
    said: readonly (string | RegExp)[],
  ) =>
    test(name, () =>
      inPlanScene(async (scene) => {
        const repo = await scene.repo("one");
        await scene.hub.check({ all: true });
        await repo.commit(twoWorkplans("one", "in_progress"));
        const made = await scene.plan();
        await move(scene, repo);
        const message = await refusal(scene, () => scene.apply(made));
        for (const each of said) expect(message).toMatch(each);
      }),
    );

  moved("another commit", (_, repo) => repo.commit({ "README.md": "Later.\n" }), [
    /the commit of one from [0-9a-f]{12} to [0-9a-f]{12}/,
  ]);
  moved(
    "an amended commit: its file too",
    async (_, repo) => {
      repo.edit(twoWorkplans("one", "blocked"));
      await repo.git("commit", "--quiet", "--all", "--amend", "--no-edit");
    },
    [
      /the commit of one from [0-9a-f]{12} to [0-9a-f]{12}/,
      /the blob of workplans\/ONE-WP-0001\.md in one from [0-9a-f]{12} to [0-9a-f]{12}/,
      "one: it would update the task ONE-WP-0001-T01 otherwise",
    ],
  );
  moved(
    "a new workplan and one that is gone",
    (_, repo) => {
      const [path, text] = Object.entries(twoWorkplans("two"))[1] ?? [];
      return repo.commit({ [path ?? ""]: text ?? "", "workplans/ONE-WP-0002.md": null });
    },
    [
      "the file workplans/ONE-WP-0002.md of one is gone",
      "the file workplans/TWO-WP-0002.md of one is new",
      "one: it would create the workstream TWO-WP-0002, which the plan does not",
    ],
  );
  moved(
    "a row that somebody changed, though in nothing that counts",
    ({ hub }) => hub.database.sql`update tasks set created_at = now() where task_id = 'ONE-WP-0001-T02'`,
    [/1 thing has moved since: the version of row [0-9a-f-]{36} \(ONE-WP-0001-T02\) in one from 1 to 2/],
  );
  moved(
    "a row that somebody removed",
    async ({ hub }) => {
      await hub.database
        .sql`delete from sync_base where row_id in (select id from tasks where task_id = 'ONE-WP-0001-T02')`;
      await hub.database.sql`delete from tasks where task_id = 'ONE-WP-0001-T02'`;
    },
    [
      /the row [0-9a-f-]{36} \(ONE-WP-0001-T02\) of one is gone/,
      "one: it would create the task ONE-WP-0001-T02, which the plan does not",
    ],
  );
  moved(
    "a base that is another, which no version tells",
    ({ hub }) =>
      hub.database
        .sql`update sync_base set status = 'in_progress' where row_id in (select id from tasks where task_id = 'ONE-WP-0001-T01')`,
    ["one: it would no longer update the task ONE-WP-0001-T01"],
  );
  moved(
    "a repository that was removed",
    ({ hub }) => hub.database.transaction((tx) => removeRepo(tx, "one")),
    ["1 thing has moved since: the repository one is gone from the scope; one could not be read"].map((text) =>
      text.replace("1 thing has", "2 things have"),
    ),
  );
  moved("a repository that is new", (scene) => scene.repo("two"), ["the repository two is new in the scope"]);
  moved("a checkout that is gone", (_, repo) => Bun.$`mv ${repo.path} ${repo.path}-away`.quiet(), [
    "one could not be read",
  ]);
  moved(
    "a branch that is another",
    async (_, repo) => {
      await repo.git("branch", "--move", "main", "master");
    },
    ["the branch of one from main to master"],
  );
  moved("what another run has done", ({ hub }) => hub.check({ all: true }), [
    /the commit that was applied last to one from [0-9a-f]{12} to [0-9a-f]{12}/,
    "from 1 to 2",
  ]);
});
