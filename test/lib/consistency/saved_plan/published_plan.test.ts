// Plans over remotes, with write-back: the bytes that are pushed are those of the plan, and so is what the hub notes after.
import { describe, expect, test } from "bun:test";
import { hostname } from "node:os";
import type { RemoteOptions } from "../../../../lib/consistency/check_options.ts";
import { holdToPlan } from "../../../../lib/consistency/saved_plan/hold_to_plan.ts";
import { sealed } from "../../../../lib/consistency/saved_plan/plan_document.ts";
import { writePlanFile } from "../../../../lib/consistency/saved_plan/plan_file.ts";
import { planRecorder } from "../../../../lib/consistency/saved_plan/record_plan.ts";
import { workplanText } from "../../../support/git_repo.ts";
import { planOf, planPath, type SweptFleet, type SweptRepo, sweptFleet } from "../../../support/swept_fleet.ts";
import { rowVersions } from "../row_versions.ts";
import { disturbedBefore, heldRows, type MadePlan, type PlanScene, plansOver, sorted } from "./plan_scene.ts";

type Plans = Pick<PlanScene, "plan" | "apply">;

async function inFleet(work: (fleet: SweptFleet, plans: Plans) => Promise<void>, more: Partial<RemoteOptions> = {}) {
  const fleet = await sweptFleet();
  const remotes = { home: fleet.home, writeBack: true, atOnce: 8, perHost: 8, hubKey: "test", ...more };
  try {
    await work(fleet, plansOver(fleet.hub.url, fleet.folder, { host: hostname(), remotes }));
  } finally {
    await fleet.close();
  }
}

const tipOf = async ({ bare }: SweptRepo) => (await bare.git("rev-parse", "main")).trim();
const textAt = ({ bare }: SweptRepo, path: string) => bare.git("show", `main:${path}`);
const blobAt = async ({ bare }: SweptRepo, path: string) => (await bare.git("rev-parse", `main:${path}`)).trim();

/** The text that a plan's lines make of the one that was there. */
function edited(text: string, { lines }: MadePlan["plan"]["repos"][number]["edits"][number]): string {
  const old = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const made: string[] = [];
  for (const { line, was, becomes } of lines) {
    while (made.length < line - 1) made.push(old.shift() ?? "");
    if (was !== null) expect(old.shift()).toBe(was);
    made.push(becomes);
  }
  return [...made, ...old].join("");
}

/** ALPHA-WP-0001 with so many tasks. */
function text(count: number): string {
  const tasks = Array.from({ length: count }, (_, at) => ({ id: `ALPHA-WP-0001-T0${at + 1}` }));
  return workplanText({ id: "ALPHA-WP-0001", tasks });
}

describe("applySavedPlan() of a plan over remotes", () => {
  test("pushes exactly the planned bytes, notes exactly the planned rows, and leaves nothing to do", () =>
    inFleet(async (fleet, { plan, apply }) => {
      const repo = await fleet.add("alpha");
      const [before, versions] = [await tipOf(repo), await rowVersions(fleet.hub.database.sql)];
      const made = await plan();
      expect([await tipOf(repo), await rowVersions(fleet.hub.database.sql)]).toEqual([before, versions]);
      const { report } = await apply(made);
      expect(report).toMatchObject({ automation_error: null, exit_code: 0, mode: "remote-all" });
      const { id, rows, edits } = made.of("alpha");
      const [edit] = edits;
      expect(edits).toHaveLength(1);
      expect(await blobAt(repo, planPath("alpha"))).toBe(edit?.blob_after ?? "");
      expect(await textAt(repo, planPath("alpha"))).toBe(edited(planOf("alpha"), edit ?? ({ lines: [] } as never)));
      expect((await repo.bare.git("log", "--format=%P", "-1", "main")).trim()).toBe(before);
      expect(await heldRows(fleet.hub, id)).toMatchObject({ workstreams: sorted(rows.create_workstreams) });
      expect((await repo.checkout.git("rev-parse", "HEAD")).trim()).toBe(await tipOf(repo));
      const { report: next } = await fleet.sweep();
      expect(next).toMatchObject({ skipped_clean: ["alpha"], repos_processed: [] });
    }));

  test("notes after the push what the plan says, and nothing more", () =>
    inFleet(async (fleet, { plan, apply }) => {
      await fleet.add("alpha");
      const made = await plan();
      const after = made.of("alpha").after_push;
      expect(after?.rows.end_corrections.map(({ key, done }) => [key, done])).toEqual(
        [
          ["state_hub_task_id", true],
          ["state_hub_workstream_id", true],
        ].toSorted() as never,
      );
      await apply(made);
      const rows = await fleet.hub.database.sql`
        select row_id, key from writeback_intents where done_at is not null order by key`;
      const planned = after?.rows.end_corrections.map(({ row_id, key }) => ({ row_id, key }));
      expect(rows.map((row) => ({ ...row }))).toEqual(
        planned?.toSorted((a, b) => (String(a.key) < String(b.key) ? -1 : 1)) as never,
      );
    }));

  test("takes a status that the hub moved into the file, by the line", () =>
    inFleet(async (fleet, { plan, apply }) => {
      const repo = await fleet.add("alpha");
      await fleet.sweep();
      await fleet.hub.database.sql`update tasks set status = 'done', completed = '2026-03-04'`;
      const made = await plan();
      const { lines } = made.of("alpha").edits[0] ?? { lines: [] };
      expect(lines.map(({ was, becomes }) => [was, becomes])).toEqual([
        ["status: todo\n", "status: done\n"],
        [null, 'completed: "2026-03-04"\n'],
      ]);
      expect((await apply(made)).report.automation_error).toBeNull();
      expect(await blobAt(repo, planPath("alpha"))).toBe(made.of("alpha").edits[0]?.blob_after ?? "");
      expect((await fleet.sweep()).report.repos_processed).toEqual([]);
    }));

  test("also publishes what was noted earlier and never published", () =>
    inFleet(async (fleet, { plan, apply }) => {
      const repo = await fleet.add("alpha");
      await fleet.sweep({}, { writeBack: false });
      const made = await plan();
      expect(made.of("alpha").rows.note_corrections).toEqual([]);
      expect((await apply(made)).report.automation_error).toBeNull();
      expect(await blobAt(repo, planPath("alpha"))).toBe(made.of("alpha").edits[0]?.blob_after ?? "");
    }));

  test("of a repository without a remote commits to it", () =>
    inFleet(async (fleet, { plan, apply }) => {
      const repo = await fleet.add("alpha");
      await repo.checkout.git("remote", "remove", "origin");
      await fleet.hub.database.sql`update repos set remote_url = null`;
      const made = await plan();
      expect(made.of("alpha").source).toBe(repo.checkout.path);
      expect((await apply(made)).report.automation_error).toBeNull();
      const blob = (await repo.checkout.git("rev-parse", `main:${planPath("alpha")}`)).trim();
      expect(blob).toBe(made.of("alpha").edits[0]?.blob_after ?? "");
    }));

  test("made without write-back pushes nothing", () =>
    inFleet(
      async (fleet, { plan, apply }) => {
        const repo = await fleet.add("alpha");
        const before = await tipOf(repo);
        const made = await plan();
        expect(made.of("alpha")).toMatchObject({ edits: [], after_push: null });
        expect((await apply(made)).report.automation_error).toBeNull();
        expect(await tipOf(repo)).toBe(before);
      },
      { writeBack: false },
    ));

  test("touches no other repository, whatever has become of it", () =>
    inFleet(async (fleet, { plan, apply }) => {
      const other = await fleet.add("other");
      await fleet.sweep();
      const repo = await fleet.add("alpha");
      const made = await plan();
      const text = (await textAt(other, planPath("other"))).replace("status: todo", "status: done");
      await other.clone.git("pull", "--quiet", "--ff-only", "origin", "main");
      await other.push({
        [planPath("other")]: text,
        "workplans/OTHER-WP-0002.md": workplanText({ id: "OTHER-WP-0002" }),
      });
      const tip = await tipOf(other);
      expect((await apply(made)).report).toMatchObject({ automation_error: null, repos_total: 1 });
      expect(await tipOf(other)).toBe(tip);
      expect(await tipOf(repo)).not.toBe(made.of("alpha").commit);
      const rows = await fleet.hub.database.sql`select 1 from workstreams where workplan_id = 'OTHER-WP-0002'`;
      expect(rows).toHaveLength(0);
    }));

  test("sights and orphans by the clock of the run that writes", () =>
    inFleet(async (fleet, { plan, apply }) => {
      const repo = await fleet.add("alpha", { files: { "workplans/ALPHA-WP-0001.md": text(3) } });
      await fleet.sweep({}, { writeBack: false });
      await repo.push({ "workplans/ALPHA-WP-0001.md": text(2) });
      const sighting = await plan();
      expect(sighting.of("alpha").rows.update_tasks).toMatchObject([
        { row: { task_id: "ALPHA-WP-0001-T03", missing_since: "now", missing_at_commit: "this commit" } },
      ]);
      expect((await apply(sighting)).report.automation_error).toBeNull();
      await fleet.passTime(11);
      const orphan = await plan();
      expect(orphan.of("alpha").rows.orphan_tasks).toMatchObject([{ task_id: "ALPHA-WP-0001-T03" }]);
      expect((await apply(orphan)).report.automation_error).toBeNull();
      const rows = await fleet.hub.database.sql`select task_id from tasks where orphaned_at is not null`;
      expect(rows.map(({ task_id }) => task_id)).toEqual(["ALPHA-WP-0001-T03"]);
    }));

  test("refuses when a second sighting has come of age since: time moves too", () =>
    inFleet(async (fleet, { plan, apply }) => {
      const repo = await fleet.add("alpha", { files: { "workplans/ALPHA-WP-0001.md": text(3) } });
      await fleet.sweep({}, { writeBack: false });
      await repo.push({ "workplans/ALPHA-WP-0001.md": text(2) });
      await fleet.sweep({}, { writeBack: false });
      await fleet.passTime(9);
      await repo.push({ "workplans/ALPHA-WP-0001.md": text(2).replace("Do ALPHA-WP-0001-T01", "Do it") });
      const made = await plan();
      await fleet.hub.database.sql`alter table tasks disable trigger user`;
      await fleet.passTime(2);
      const { report } = await apply(made);
      expect(report.automation_error?.message).toContain(
        "alpha: it would orphan the task ALPHA-WP-0001-T03, which the plan does not",
      );
    }));

  test("names a remote that moved, and one that does not answer", () =>
    inFleet(async (fleet, { plan, apply }) => {
      const [repo, gone] = [await fleet.add("alpha"), await fleet.add("gone")];
      const made = await plan();
      await repo.push({ "README.md": "Later.\n" });
      const tip = await tipOf(repo);
      await Bun.$`mv ${gone.path} ${gone.path}-away`.quiet();
      const { report } = await apply(made);
      expect(report).toMatchObject({ exit_code: 2, repos_processed: [] });
      expect(report.automation_error?.message).toMatch(
        /the commit of alpha from [0-9a-f]{12} to [0-9a-f]{12}; gone could not be read/,
      );
      expect(await tipOf(repo)).toBe(tip);
      expect(await fleet.hub.database.sql`select 1 from workstreams`).toHaveLength(0);
    }));

  test("publishes no other bytes than the plan's, and then writes no row either", () =>
    inFleet(async (fleet, { plan, apply }) => {
      const repo = await fleet.add("alpha");
      const made = await plan();
      const { digest: _, ...body } = structuredClone(made.plan);
      const [edit] = body.repos[0]?.edits ?? [];
      if (edit) edit.blob_after = "0".repeat(40);
      const other = sealed(body);
      writePlanFile(made.file, other);
      const refused = await apply(made);
      expect(refused.report.automation_error?.message).toContain(
        `it would edit ${planPath("alpha")} otherwise (blob_after)`,
      );
      // The same where the rehearsal saw nothing: what is compared last is compared in the transaction of the rows.
      const recorder = planRecorder({ host: hostname(), run: other.run, saved: other });
      const work = { applies: true, rehearse: () => recorder, perform: () => holdToPlan(other, "again") };
      const { report } = await fleet.sweep({ source: "manual", full: true, plan: work });
      expect(report.automation_error).toMatchObject({
        repo: "alpha",
        message: expect.stringContaining(`it would edit ${planPath("alpha")} otherwise (blob_after)`),
      });
      expect(await textAt(repo, planPath("alpha"))).toBe(planOf("alpha"));
      expect(await fleet.hub.database.sql`select 1 from workstreams`).toHaveLength(0);
    }));

  test("stops before it notes the push when a row moved meanwhile, and the next sweep settles it", () =>
    inFleet(async (fleet, { plan, apply }) => {
      const repo = await fleet.add("alpha");
      await fleet.sweep();
      await repo.clone.git("pull", "--quiet", "--ff-only", "origin", "main");
      await fleet.hub.database.sql`update workstreams set status = 'blocked'`;
      const made = await plan();
      const connect = disturbedBefore(
        fleet.hub.url,
        2,
        () => fleet.hub.database.sql`update tasks set status = 'in_progress'`,
      );
      const { report } = await apply(made, { connect });
      expect(report.automation_error?.message).toMatch(/to the hub after alpha was published: .*from 2 to 3/);
      expect(await blobAt(repo, planPath("alpha"))).toBe(made.of("alpha").edits[0]?.blob_after ?? "");
      expect((await fleet.sweep()).report).toMatchObject({ automation_error: null });
      expect(await textAt(repo, planPath("alpha"))).toMatch(/status: blocked.*status: in_progress/s);
      expect((await fleet.sweep()).report.repos_processed).toEqual([]);
    }));

  test("says so when somebody pushed between the rows and the push: the rows stand, the corrections wait", () =>
    inFleet(async (fleet, { plan, apply }) => {
      const repo = await fleet.add("alpha");
      const made = await plan();
      // The first transaction makes the domain and topic, the second writes the rows; then comes the push.
      const connect = disturbedBefore(fleet.hub.url, 2, () => repo.push({ "README.md": "Faster.\n" }));
      const { report } = await apply(made, { connect });
      expect(report.automation_error?.message).toContain("of alpha not all was written or published");
      expect(await textAt(repo, planPath("alpha"))).toBe(planOf("alpha"));
      const { id, rows } = made.of("alpha");
      expect((await heldRows(fleet.hub, id)).tasks).toEqual(sorted(rows.create_tasks));
      expect((await fleet.sweep()).report.repos_processed).toMatchObject([
        { actions: { created: 0, written_back: 2 } },
      ]);
    }));
});
