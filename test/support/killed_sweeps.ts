// Sweeps with corrections to push that are killed at points spread over their whole length, while people push too. The
// quick suite tries a few points, the long one many.
import { expect } from "bun:test";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Running } from "./check_process.ts";
import { expectConverged, REPOS, statusIn, type World } from "./converged_sweeps.ts";
import { endThisHost } from "./end_host.ts";
import { workplanText } from "./git_repo.ts";
import { lockFreeAfter, observer, startSweep, syncCommits } from "./held_pushes.ts";
import { type SweptFleet, type SweptRepo, sweptFleet } from "./swept_fleet.ts";

/** What a sweep says when it has its lease: before, there is nothing that a kill could leave half done. */
const BEGUN = "Asking the remotes";

export interface KilledSweeps {
  /** Of so many sweeps that were killed while they had the lease. */
  readonly killedInside: number;
  /** Of these, how many had pushed something already. */
  readonly killedHalfWay: number;
}

/**
 * Kills a sweep in each of `points` equal parts of its length, and lets the next one go on. In each, every repository
 * needs a correction, and people push to some of them before, and to some between both sweeps.
 * @param isWhole whether the git processes that it started are killed with it
 */
export async function killSweeps(points: number, isWhole: (point: number) => boolean): Promise<KilledSweeps> {
  const fleet = await sweptFleet();
  const world = await makeWorld(fleet);
  let [killedInside, killedHalfWay] = [0, 0];
  try {
    const durationMs = await undisturbed(world);
    for (let point = 1; point <= points; point++) {
      const before = await begin(world, point);
      const delayMs = (durationMs * (point - Math.random())) / points;
      const what = `round ${point}, killed after ${Math.round(delayMs)} of ${Math.round(durationMs)} ms`;
      const pid = await killAfter(world, delayMs, isWhole(point));
      const lease = await leaseOf(world);
      const abandoned = lease.pid === pid && !lease.released ? lease.run_id : null;
      if (abandoned !== null) killedInside++;
      if (abandoned !== null && (await pushedSince(world, before)) % REPOS > 0) killedHalfWay++;
      if (point % 2 === 1) await personPushes(world, point, 2);
      await expectConverged(world, { what, point, before, abandoned, pid });
    }
    for (const { bare } of world.repos) await bare.git("fsck", "--strict");
    return { killedInside, killedHalfWay };
  } finally {
    await world.locks.close();
    await fleet.close();
  }
}

async function makeWorld(fleet: SweptFleet): Promise<World> {
  const repos: SweptRepo[] = [];
  for (let index = 0; index < REPOS; index++) {
    const slug = `k${index}`;
    repos.push(await fleet.add(slug, { files: filesOf(slug), checkout: index % 2 === 0 }));
  }
  const temporary = join(fleet.folder, "tmp");
  mkdirSync(temporary);
  return { fleet, repos, temporary, locks: await observer(fleet), ofPeople: new Map() };
}

const planIds = (slug: string) => ["0001", "0002"].map((number) => `${slug.toUpperCase()}-WP-${number}`);

function filesOf(slug: string): Record<string, string> {
  const files = planIds(slug).map((id) => {
    const tasks = ["T01", "T02"].map((task) => ({ id: `${id}-${task}` }));
    return [`workplans/${id}.md`, workplanText({ id, tasks })] as const;
  });
  return Object.fromEntries(files);
}

/** The first sweep, which gives every file its ids, and a usual one, which is timed. */
async function undisturbed(world: World): Promise<number> {
  expect((await sweepOf(world).ended).report()).toMatchObject({ exit_code: 0, automation_error: null });
  await begin(world, 0);
  const usual = sweepOf(world);
  await usual.said(BEGUN);
  const started = performance.now();
  expect((await usual.ended).report()).toMatchObject({ exit_code: 0, automation_error: null });
  return performance.now() - started;
}

function sweepOf({ fleet, temporary }: World): Running {
  return startSweep(fleet, [], { TMPDIR: temporary });
}

/** Somebody sets every first task in the hub, somebody else pushes. @returns how many corrections each remote has had */
async function begin(world: World, point: number): Promise<Map<string, number>> {
  await world.fleet.passTime(25 * 60);
  // Mirrors may be taken away when no sweep is going on: a kill then meets one in the making.
  if (point % 3 === 2) rmSync(join(world.fleet.home, "mirrors"), { recursive: true, force: true });
  const status = statusIn(point);
  await world.fleet.hub.database.sql`update tasks set status = ${status} where task_id like '%-T01'`;
  await personPushes(world, point, 3);
  return new Map(await Promise.all(world.repos.map(async (r) => [r.slug, (await syncCommits(r)).length] as const)));
}

async function personPushes({ repos, ofPeople }: World, point: number, every: number): Promise<void> {
  for (const [index, { slug, clone, push }] of repos.entries()) {
    if ((index + point) % every !== 0) continue;
    await clone.git("pull", "--quiet", "--rebase", "origin", "main");
    const [, second = ""] = planIds(slug);
    const path = `workplans/${second}.md`;
    const text = readFileSync(join(clone.path, path), "utf8");
    const commit = await push({ [path]: `${text}\nA person wrote this in round ${point}.\n` });
    ofPeople.set(slug, [...(ofPeople.get(slug) ?? []), commit]);
  }
}

/** @returns its process id */
async function killAfter(world: World, delayMs: number, whole: boolean): Promise<number> {
  const sweep = sweepOf(world);
  await sweep.said(BEGUN);
  // The moment is the thing under test: nothing is waited for.
  await Bun.sleep(delayMs);
  if (whole) endThisHost(sweep.pid);
  else sweep.kill("SIGKILL");
  expect(await lockFreeAfter(world.locks)).toBeLessThan(2_000);
  await sweep.ended;
  return sweep.pid;
}

interface LeaseRow {
  readonly pid: number;
  readonly run_id: string;
  readonly released: boolean;
}

async function leaseOf({ fleet }: World): Promise<LeaseRow> {
  const [row] = await fleet.hub.database.sql<LeaseRow[]>`
    select pid, run_id, released_at is not null as released from sweep_lease`;
  if (row === undefined) throw new Error("there was no sweep at all");
  return row;
}

async function pushedSince({ repos }: World, before: ReadonlyMap<string, number>): Promise<number> {
  let pushed = 0;
  for (const repo of repos) pushed += (await syncCommits(repo)).length - (before.get(repo.slug) ?? 0);
  return pushed;
}

// For files that were written when the gate still stood here.
export { gateOn, syncCommits } from "./held_pushes.ts";
