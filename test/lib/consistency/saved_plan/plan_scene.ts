// A hub of its own with a few repositories, plans of runs over them, and what applying one came to: in this process, as the
// script does it.

import { mkdtempSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sweepRecorder } from "../../../../lib/activity/activity_run.ts";
import type { CheckOptions } from "../../../../lib/consistency/check_options.ts";
import { loadHubSnapshot } from "../../../../lib/consistency/hub_snapshot.ts";
import { addRepo } from "../../../../lib/consistency/repo_registry.ts";
import type { FleetResult } from "../../../../lib/consistency/run_ledger.ts";
import { applySavedPlan } from "../../../../lib/consistency/saved_plan/apply_saved_plan.ts";
import { makePlan } from "../../../../lib/consistency/saved_plan/make_plan.ts";
import type { PlannedRepoEntry, SavedPlan } from "../../../../lib/consistency/saved_plan/plan_document.ts";
import { readPlanFile } from "../../../../lib/consistency/saved_plan/plan_file.ts";
import { type Database, openDatabase } from "../../../../lib/db/connect.ts";
import { Secret } from "../../../../lib/secret.ts";
import { type Files, makeRepo, type TestRepo, temporaryFolder, workplanText } from "../../../support/git_repo.ts";
import { freshHub, TEST_HOST, type TestHub } from "../../../support/hub.ts";

export interface MadePlan {
  readonly file: string;
  readonly plan: SavedPlan;
  /** The plan for one repository. */
  of(slug: string): PlannedRepoEntry;
}

export interface PlanScene {
  readonly hub: TestHub;
  /** For files of a test's own; it goes with the scene. */
  readonly folder: string;
  /** A registered repository with two workplans, `SLUG-WP-0001` with two tasks and `SLUG-WP-0002`. */
  repo(slug: string, files?: Files): Promise<TestRepo>;
  plan(scope?: CheckOptions["scope"], options?: Partial<CheckOptions>): Promise<MadePlan>;
  apply(made: Pick<MadePlan, "file">, options?: Partial<CheckOptions>): Promise<FleetResult>;
}

export async function inPlanScene(work: (scene: PlanScene) => Promise<void>): Promise<void> {
  const [hub, folder] = [await freshHub(), temporaryFolder()];
  try {
    await work({
      hub,
      folder: folder.path,
      repo: async (slug, files = twoWorkplans(slug)) => {
        const repo = await makeRepo(folder.path, slug, files);
        await register(hub, repo.path, TEST_HOST);
        return repo;
      },
      ...plansOver(hub.url, folder.path, { host: TEST_HOST }),
    });
  } finally {
    await hub.close();
    folder.remove();
  }
}

/** @param terms what runs over this hub have in common: host, remotes */
export function plansOver(
  url: string,
  folder: string,
  terms: Partial<CheckOptions>,
): Pick<PlanScene, "plan" | "apply"> {
  const optionsOf = (scope: CheckOptions["scope"], more: Partial<CheckOptions>): CheckOptions => ({
    ...{ connect: () => connect(url), scope, source: "manual", host: TEST_HOST, strict: true, dryRun: false },
    ...{
      full: false,
      maxSeconds: null,
      remotes: null,
      activity: sweepRecorder,
    },
    ...{ signal: new AbortController().signal, progress: () => {} },
    ...terms,
    ...more,
  });
  return {
    plan: async (scope = { all: true }, more = {}) => {
      const file = join(mkdtempSync(join(folder, "plan-")), "plan.json");
      const { result, plan } = await makePlan(optionsOf(scope, more), file);
      if (plan === null) throw new Error(`no plan: ${result.report.automation_error?.message}`);
      return { file, plan: JSON.parse(readFileSync(file, "utf8")) as SavedPlan, of: (slug) => entryOf(plan, slug) };
    },
    apply: ({ file }, more = {}) => applySavedPlan(optionsOf({ all: true }, more), readPlanFile(file), file),
  };
}

function entryOf({ repos }: SavedPlan, slug: string): PlannedRepoEntry {
  const entry = repos.find((each) => each.slug === slug);
  if (entry === undefined) throw new Error(`the plan has no ${slug}`);
  return entry;
}

export async function register({ database }: TestHub, path: string, host: string): Promise<void> {
  const request = { path, host, slug: null, domain: null, remoteUrl: null };
  await database.transaction((tx) => addRepo(tx, request));
}

export function twoWorkplans(slug: string, status = "todo"): Files {
  const [first, second] = [1, 2].map((number) => `${slug.toUpperCase()}-WP-000${number}`);
  const tasks = [
    { id: `${first}-T01`, status },
    { id: `${first}-T02`, status: "done", completed: "2026-02-03" },
  ];
  return {
    [`workplans/${first}.md`]: workplanText({ id: first ?? "", tasks }),
    [`workplans/${second}.md`]: workplanText({ id: second ?? "", extra: [`depends_on: ["${first}"]`] }),
  };
}

/** What the hub holds about a repository, in the form of a plan's new rows. */
export async function heldRows({ database }: TestHub, repoId: string) {
  const { workstreams, tasks } = await loadHubSnapshot(database.sql, repoId);
  const bases = [...workstreams, ...tasks].map(({ id, base }) => ({ row_id: id, ...base }));
  return {
    workstreams: sorted(workstreams.map(({ base: _, ...row }) => row)),
    tasks: sorted(tasks.map(({ base: _, decided: __, ...row }) => row)),
    bases: sorted(bases),
  };
}

export function sorted(rows: readonly object[]): Record<string, unknown>[] {
  const id = (row: object) => String((row as { id?: string }).id ?? (row as { row_id?: string }).row_id);
  return rows.toSorted((a, b) => (id(a) < id(b) ? -1 : 1)).map((row) => ({ ...row }));
}

function connect(url: string): Promise<Database> {
  return openDatabase({ url: new Secret(url), applicationName: "state-hub-test", access: "read-write" });
}

/**
 * For runs that somebody gets in the way of, after they rehearsed and before they write.
 * @param move is awaited before the `nth` transaction that is not rolled back, from 1
 */
export function disturbedBefore(url: string, nth: number, move: () => Promise<unknown>): CheckOptions["connect"] {
  return async () => {
    const database = await connect(url);
    const undisturbed = database.transaction.bind(database);
    let begun = 0;
    database.transaction = async (work, options) => {
      if (options?.rollBack !== true && ++begun === nth) await move();
      return undisturbed(work, options);
    };
    return database;
  };
}
