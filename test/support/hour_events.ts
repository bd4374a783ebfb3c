// What happens in an operator's hour between and during its sweeps: each event is chosen by a seeded generator, and notes
// what a person wrote, so that the end can ask for it.
import { expect } from "bun:test";
import { appendFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import type { FleetResult } from "../../lib/consistency/run_ledger.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import type { Files, TestRepo } from "./git_repo.ts";
import { startSweep } from "./held_pushes.ts";
import { type Hour, NOTES } from "./hours_end.ts";
import type { seededChoices } from "./seeded_choices.ts";
import type { SweptRepo } from "./swept_fleet.ts";

export interface Ways extends Hour {
  readonly choices: ReturnType<typeof seededChoices>;
  readonly podHome: string;
  written: number;
}

type Event = (world: Ways) => Promise<unknown>;

export const pathOf = (slug: string, number: number) => `workplans/${slug.toUpperCase()}-WP-900${number}.md`;

/** A new line of somebody's, that stands nowhere else. */
function newLine(world: Ways, slug: string): string {
  const line = `Line ${world.written++} of somebody in ${slug}`;
  world.lines.set(slug, [...(world.lines.get(slug) ?? []), line]);
  return line;
}

const TASK_STATUSES = ["todo", "in_progress", "blocked", "cancelled"];
const PLAN_STATUSES = ["active", "blocked", "draft"];

/** One `status:` of the file gets another value, and a new line stands at its end. */
function edited(world: Ways, slug: string, { path }: TestRepo, file: string): Files {
  const text = readFileSync(join(path, file), "utf8");
  const places = [...text.matchAll(/^status: .*$/gm)];
  const at = world.choices.below(places.length);
  const status = world.choices.of(at === 0 ? PLAN_STATUSES : TASK_STATUSES);
  const place = places[at];
  const start = place?.index ?? 0;
  const changed = `${text.slice(0, start)}status: ${status}${text.slice(start + (place?.[0].length ?? 0))}`;
  return { [file]: `${changed}\n${newLine(world, slug)}\n` };
}

export const isDown = ({ path }: SweptRepo) => !existsSync(path);

async function humanPushes(world: Ways): Promise<void> {
  const repo = world.choices.of(world.repos);
  if (isDown(repo)) return;
  await repo.clone.git("pull", "--quiet", "--ff-only", "origin", "main");
  await repo.push(edited(world, repo.slug, repo.clone, pathOf(repo.slug, 1)));
}

/** The person takes his own last commit back and pushes another one in its place. */
async function humanForces(world: Ways): Promise<void> {
  const repo = world.choices.of(world.repos);
  if (isDown(repo) || world.choices.below(3) > 0) return;
  const { clone, slug } = repo;
  await clone.git("pull", "--quiet", "--ff-only", "origin", "main");
  const last = await clone.git("log", "-1", "--format=%an%n%P", "--name-only");
  // Only what nobody else has gone on from, and that is his.
  if (!last.startsWith("Test\n") || !last.includes(pathOf(slug, 1)) || last.includes(pathOf(slug, 2))) return;
  const text = await clone.git("show", `HEAD:${pathOf(slug, 1)}`);
  const taken = text.trimEnd().split("\n").at(-1) ?? "";
  await clone.git("reset", "--quiet", "--hard", "HEAD~1");
  world.lines.set(
    slug,
    (world.lines.get(slug) ?? []).filter((line) => line !== taken),
  );
  await repo.push(edited(world, slug, clone, pathOf(slug, 1)), "--force");
}

async function humanSaves(world: Ways): Promise<void> {
  const { checkout, slug } = world.choices.of(world.repos.slice(0, 2));
  const file = join(checkout.path, NOTES);
  appendFileSync(file, `${newLine(world, slug)}\n`);
  world.unsaved.set(slug, readFileSync(file, "utf8"));
}

async function humanCommits(world: Ways): Promise<void> {
  const { checkout, slug } = world.choices.of(world.repos.slice(0, 2));
  await checkout.commit(edited(world, slug, checkout, pathOf(slug, 2)));
  world.unsaved.delete(slug);
}

/** What the installed hook starts after a commit: the local tip is applied before anybody has pushed it. */
async function hookRuns(world: Ways): Promise<void> {
  await humanCommits(world);
  await runHook(world, world.choices.of(world.repos.slice(0, 2)));
}

export async function runHook({ fleet }: Hour, { checkout }: SweptRepo): Promise<void> {
  const terms = { source: "git-hook", host: hostname(), strict: false } as const;
  const { report } = await fleet.hub.check({ path: checkout.path }, terms);
  expect(report.automation_error).toBeNull();
}

/** A rebase of what he has, in which his own words stand where both changed the same. */
export async function humanPublishes(world: Ways, repo = world.choices.of(world.repos.slice(0, 2))): Promise<void> {
  if (isDown(repo)) return;
  const { checkout, slug } = repo;
  await checkout.commit();
  world.unsaved.delete(slug);
  await checkout.git("pull", "--quiet", "--rebase", "--strategy-option=theirs", "origin", "main");
  await checkout.git("push", "--quiet", "origin", "HEAD:main");
}

async function hubMoves(world: Ways): Promise<void> {
  const { sql } = world.fleet.hub.database;
  const [status, plan] = [world.choices.of(TASK_STATUSES), world.choices.of(PLAN_STATUSES)];
  const [task, workstream] = [await anyRow(world, "tasks"), await anyRow(world, "workstreams")];
  if (world.choices.below(3) > 0) await sql`update tasks set status = ${status} where id = ${task}`;
  else await sql`update workstreams set status = ${plan} where id = ${workstream}`;
}

/** As the API does it: under the version that was read, the day with the status. */
async function apiEdits(world: Ways): Promise<void> {
  const id = await anyRow(world, "tasks");
  await world.fleet.hub.database.transaction(async (tx) => {
    const [row] = await tx<{ version: number }[]>`select version from tasks where id = ${id} for update`;
    if (row === undefined) return;
    await tx`
      update tasks set status = 'done', completed = '2026-05-06' where id = ${id} and version = ${row.version}`;
    await tx`insert into progress_events (event_type, source, summary) values ('task_done', 'api', 'done')`;
  });
}

async function anyRow({ fleet, choices }: Ways, table: "tasks" | "workstreams"): Promise<string | null> {
  const { sql } = fleet.hub.database;
  const key = table === "tasks" ? sql`task_id` : sql`workplan_id`;
  const rows = await sql<{ id: string }[]>`select id from ${sql(table)} where orphaned_at is null order by ${key}`;
  return rows.length === 0 ? null : choices.of(rows).id;
}

const REFUSES = `#!/bin/sh
read -r _ new _
test "$(git log -1 --format=%an $new)" = Test && exit 0
echo no corrections today >&2
exit 1
`;

async function remoteChanges(world: Ways): Promise<void> {
  const repo = world.choices.of(world.repos);
  const hook = join(repo.path, "hooks/pre-receive");
  if (isDown(repo)) renameSync(`${repo.path}.away`, repo.path);
  else if (existsSync(hook)) rmSync(hook);
  else if (world.choices.below(2) === 0) renameSync(repo.path, `${repo.path}.away`);
  else writeFileSync(hook, REFUSES, { mode: 0o755 });
}

export const EVENTS: readonly (readonly [string, Event])[] = [
  ["somebody pushes", humanPushes],
  ["somebody pushes", humanPushes],
  ["somebody saves in a checkout", humanSaves],
  ["somebody commits in a checkout", humanCommits],
  ["a hook's run of a local commit", hookRuns],
  ["somebody publishes what he has in a checkout", (world) => humanPublishes(world)],
  ["the hub moves", hubMoves],
  ["the hub moves", hubMoves],
  ["the API edits", apiEdits],
  ["a remote changes for the worse or better", remoteChanges],
  ["somebody forces a push", humanForces],
];

export function expectDone({ report }: FleetResult, world: Ways): void {
  const allAway = world.repos.every(isDown) || report.skipped_missing.length === report.repos_total;
  if (!allAway) expect(report).toMatchObject({ exit_code: 0, automation_error: null });
}

export const SWEEPS: readonly (readonly [string, Event])[] = [
  ["a sweep by the timer here", async (world) => expectDone(await world.fleet.sweep(), world)],
  [
    "a sweep by the job elsewhere",
    async (world) => {
      const terms = { source: "k8s-cronjob", host: "a-pod" } as const;
      expectDone(await world.fleet.sweep(terms, { home: world.podHome }), world);
    },
  ],
  [
    "both at the same time",
    async (world) => {
      const pod = world.fleet.sweep({ source: "k8s-cronjob", host: "a-pod" }, { home: world.podHome });
      for (const result of await Promise.all([world.fleet.sweep(), pod])) expectDone(result, world);
    },
  ],
];

/** Ends sessions of a sweep that is under way, as soon as there are any. */
async function endSessions({ fleet }: Ways, which: string): Promise<void> {
  const sweep = startSweep(fleet);
  let over = false;
  void sweep.ended.then(() => {
    over = true;
  });
  await waitUntil({ forWhat: "a session to end", deadlineMs: 30_000, intervalMs: 10 }, async () => {
    const ended = await fleet.hub.database.sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name like ${which} and pid <> pg_backend_pid()`;
    return over || ended.length > 0 ? { found: true } : { seen: "none yet" };
  });
  await sweep.ended;
}

export const BROKEN_SWEEPS: readonly (readonly [string, Event])[] = [
  [
    "a sweep is killed",
    async ({ fleet, choices }) => {
      const sweep = startSweep(fleet);
      // The moment is the thing under test: nothing is waited for.
      await Bun.sleep(200 + choices.below(700));
      sweep.kill("SIGKILL");
      await sweep.ended;
    },
  ],
  ["the session of the lock is ended", (world) => endSessions(world, "state-hub-lock%")],
  ["the database ends all sessions of a sweep", (world) => endSessions(world, "%consistency_check%")],
];
