// What must hold after a sweep that was killed and one that was not: files in the remotes and rows in the hub agree, each
// value was written once, whatever people pushed is there, and nothing is left lying about.
import { expect } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { FleetResult } from "../../lib/consistency/run_ledger.ts";
import type { SessionLocks } from "../../lib/db/session_locks.ts";
import { leftIn, syncCommits } from "./held_pushes.ts";
import type { SweptFleet, SweptRepo } from "./swept_fleet.ts";

export interface World {
  readonly fleet: SweptFleet;
  readonly repos: readonly SweptRepo[];
  readonly locks: SessionLocks;
  /** TMPDIR of the sweeps: what a killed one leaves there goes with the folder of the test. */
  readonly temporary: string;
  /** Commits of a person, by slug. */
  readonly ofPeople: Map<string, string[]>;
}

/** Repositories, each with two workplans of two tasks. */
export const REPOS = 4;
const STATUSES = ["in_progress", "blocked", "cancelled", "todo"];

/** What the hub says of every first task in this round; of every second one nobody says anything. */
export const statusIn = (point: number) => STATUSES[point % STATUSES.length] ?? "";

export interface Killed {
  readonly what: string;
  readonly point: number;
  readonly before: ReadonlyMap<string, number>;
  /** The run that never ended. */
  readonly abandoned: string | null;
  readonly pid: number;
}

/** Another source than the killed sweep's: both would share the row of one quarter of an hour. */
const AFTERWARDS = { source: "k8s-cronjob" } as const;

/** One more sweep, and all is as if there had been no killed one. */
export async function expectConverged(world: World, killed: Killed): Promise<void> {
  const { what, abandoned, pid } = killed;
  const { fleet } = world;
  const next = await fleet.sweep(AFTERWARDS);
  const { exit_code, automation_error, skipped_missing, skipped_budget } = next.report;
  expect({ what, exit_code, automation_error, skipped_missing, skipped_budget }).toEqual({
    what,
    exit_code: 0,
    automation_error: null,
    skipped_missing: [],
    skipped_budget: [],
  });
  const told = next.remarks.filter((remark) => remark.includes(`pid ${pid}, `) && remark.includes("never ended"));
  expect({ what, told: told.length }).toEqual({ what, told: abandoned === null ? 0 : 1 });
  if (abandoned !== null) await expectToldAsFailed(world, what, abandoned);
  // The last push of a killed sweep can still be on its way when the next sweep reads the remote.
  if (next.remarks.some((remark) => remark.includes("corrections wait"))) await fleet.sweep(AFTERWARDS);
  await expectWrittenOnce(world, killed);
  for (const repo of world.repos) await expectAgreement(world, repo, killed);
  await mendCheckouts(world, next, killed);
  await expectQuiet(world, what);
  for (const repo of world.repos)
    expect({ what, repo: repo.slug, behind: await isBehind(repo) }).toEqual({ what, repo: repo.slug, behind: false });
}

async function expectToldAsFailed({ fleet }: World, what: string, runId: string): Promise<void> {
  const runs = await fleet.hub.database.sql`
    select status, reason from activity.activity_runs
    where run_id = ${runId}::uuid or context_snapshot -> 'run_ids' @> to_jsonb(${runId}::text)`;
  expect({ what, runs: [...runs] }).toEqual({
    what,
    runs: [{ status: "failed", reason: expect.stringContaining("it never ended") }],
  });
}

/** One commit in each remote, one correction of each task, and all of them done. */
async function expectWrittenOnce(world: World, { what, point, before }: Killed): Promise<void> {
  for (const repo of world.repos) {
    const commits = (await syncCommits(repo)).length - (before.get(repo.slug) ?? 0);
    expect({ what, repo: repo.slug, commits }).toEqual({ what, repo: repo.slug, commits: 1 });
  }
  const counts = await world.fleet.hub.database.sql`
    select (select count(*)::int from workstreams) as workstreams, (select count(*)::int from tasks) as tasks,
      (select count(*)::int from writeback_intents where done_at is null and cancelled_at is null) as pending,
      (select count(*)::int from writeback_intents i where key = 'status' and created_at > now() - interval '24 hours'
        and value = ${statusIn(point)} and cancelled_at is null) as written`;
  const wanted = { workstreams: REPOS * 2, tasks: REPOS * 4, pending: 0, written: REPOS * 2 };
  expect({ what, counts: counts[0] }).toEqual({ what, counts: wanted });
}

/** Files, rows and bases say the same; whatever a person pushed is there. */
async function expectAgreement({ fleet, ofPeople }: World, repo: SweptRepo, { what, point }: Killed): Promise<void> {
  const { slug, bare } = repo;
  const rows = await fleet.hub.database.sql<
    { path: string; task: string; id: string; status: string; base: string; plan: string }[]
  >`
    select w.path, t.task_id as task, t.id, t.status, b.status as base, w.id as plan from tasks t
    join workstreams w on w.id = t.workstream_id join sync_base b on b.row_id = t.id where t.repo_id = ${repo.id}`;
  for (const { path, task, id, status, base, plan } of rows) {
    const text = await bare.git("show", `main:${path}`);
    const block = text.split("```").find((part) => part.includes(`id: ${task}\n`)) ?? "";
    const inFile = {
      status: /^status: (\w+)$/m.exec(block)?.[1],
      id: /^state_hub_task_id: "(.*)"$/m.exec(block)?.[1],
      plan: /^state_hub_workstream_id: "(.*)"$/m.exec(text)?.[1],
    };
    const wanted = task.endsWith("T01") ? statusIn(point) : "todo";
    expect({ what, task, ...inFile, hub: status, base }).toEqual({
      what,
      task,
      status: wanted,
      id,
      plan,
      hub: wanted,
      base: wanted,
    });
  }
  expect({ what, rows: rows.length }).toEqual({ what, rows: 4 });
  for (const commit of ofPeople.get(slug) ?? []) await bare.git("merge-base", "--is-ancestor", commit, "main");
}

async function isBehind({ checkout, clone, bare }: SweptRepo): Promise<boolean> {
  if (checkout === clone) return false;
  return (await checkout.git("rev-parse", "HEAD")) !== (await bare.git("rev-parse", "main"));
}

/**
 * Checkouts on this host have followed. A git that was killed in the middle of a fast-forward leaves its lock, or some of
 * the new files, which nobody can tell from a person's: then C-16 says so, and its owner does what it says.
 */
async function mendCheckouts({ repos }: World, next: FleetResult, { what }: Killed): Promise<void> {
  for (const repo of repos) {
    if (!(await isBehind(repo))) continue;
    const told = next.report.assessment_failures.filter((each) => each.check === "C-16" && each.repo === repo.slug);
    expect({ what, told: told.map(({ observed }) => observed) }).toEqual({
      what,
      told: [expect.stringMatching(/\.lock is there|HEAD|untracked/)],
    });
    const { checkout } = repo;
    for (const lock of new Bun.Glob("**/*.lock").scanSync({ cwd: join(checkout.path, ".git"), absolute: true }))
      rmSync(lock);
    await checkout.git("clean", "--quiet", "--force", "workplans");
    await checkout.git("reset", "--quiet", "--hard");
  }
}

/** Another sweep has nothing to do, and nothing is left lying about. */
async function expectQuiet({ fleet }: World, what: string): Promise<void> {
  const { report } = await fleet.sweep(AFTERWARDS);
  expect({ what, processed: report.repos_processed, clean: report.skipped_clean.length }).toEqual({
    what,
    processed: [],
    clean: REPOS,
  });
  expect({ what, left: leftIn(fleet.home) }).toEqual({ what, left: [] });
}
