// Sweeps that are stopped on their way: a gate that holds their pushes while a test does something to them, sweeps killed
// at points spread over their whole length, and what the next sweeps make of it.
import { expect } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createConnection, createServer, type Socket } from "node:net";
import { join } from "node:path";
import type { FleetResult } from "../../lib/consistency/run_ledger.ts";
import type { SessionLocks } from "../../lib/db/session_locks.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import { type Running, startCheck } from "./check_process.ts";
import { workplanText } from "./git_repo.ts";
import { type SweptFleet, type SweptRepo, sweptFleet } from "./swept_fleet.ts";

/** A sweep with write-back as a process of its own, by the timer. */
export function startSweep(
  { hub, home, userHome }: Pick<SweptFleet, "home" | "userHome"> & { hub: { url: string } },
  flags: readonly string[] = [],
  env: Record<string, string> = {},
): Running {
  const source = flags.includes("--source") ? [] : ["--source", "local-timer"];
  const args = ["--remote", "--all", "--json", ...source, ...flags];
  return startCheck(args, { DATABASE_URL: hub.url, STATE_HUB_HOME: home, HOME: userHome, ...env });
}

export interface Gate {
  /** Slugs in the order in which pushes of the sync arrived. */
  arrived(): string[];
  /** Resolves when so many pushes have arrived. */
  arrivals(count: number): Promise<void>;
  /** Those that wait wait on; whoever comes from now on is let through. */
  letOthersPass(): void;
  open(): void;
}

/** From now on the remotes let no push of the sync through until the gate is opened; a person's push passes. */
export function gateOn(folder: string, repos: readonly SweptRepo[]): Gate {
  const [noted, opened, ignored] = [join(folder, "arrived"), join(folder, "open"), join(folder, "ignored")];
  for (const { path, slug } of repos) {
    // A hook outlives the push that was killed: it ends with the folder of its test, and in any case.
    const text = `read -r _ new _
test "$(git log -1 --format=%an $new)" = Test && exit 0
test -e '${ignored}' && exit 0
echo ${slug} >> '${noted}'
for i in $(seq 3000); do test -e '${opened}' -o ! -d '${folder}' && exit 0; sleep 0.03; done`;
    writeFileSync(join(path, "hooks/pre-receive"), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  }
  const arrived = () => (existsSync(noted) ? readFileSync(noted, "utf8").trim().split("\n") : []);
  return {
    arrived,
    arrivals: (count) =>
      waitUntil({ forWhat: `${count} pushes to arrive`, deadlineMs: 30_000, intervalMs: 20 }, () =>
        arrived().length >= count ? { found: undefined } : { seen: arrived().join(" ") },
      ),
    letOthersPass: () => writeFileSync(ignored, ""),
    open: () => writeFileSync(opened, ""),
  };
}

/** Milliseconds until the fleet's lock could be had by somebody else, who gives it back. */
export async function lockFreeAfter(locks: SessionLocks): Promise<number> {
  const asked = performance.now();
  await waitUntil({ forWhat: "the fleet's lock", deadlineMs: 70_000, intervalMs: 20 }, async () =>
    (await locks.tryLock("state-hub:fleet"))
      ? { found: true }
      : { seen: JSON.stringify(await locks.holderOf("state-hub:fleet")) },
  );
  const freeAfter = performance.now() - asked;
  await locks.unlock("state-hub:fleet");
  return freeAfter;
}

/** A connection that asks who has the fleet's lock. To be closed. */
export function observer({ hub }: SweptFleet): Promise<SessionLocks> {
  return hub.database.sessionLocks({ source: "manual", host: "observer", pid: process.pid });
}

/** Ids of the commits of the sync on a remote's branch, the newest first. */
export async function syncCommits({ bare }: SweptRepo): Promise<string[]> {
  const ids = await bare.git("log", "--author=State Hub sync", "--format=%H", "main");
  return ids.trim().split("\n").filter(Boolean);
}

interface World {
  readonly fleet: SweptFleet;
  readonly repos: readonly SweptRepo[];
  readonly locks: SessionLocks;
  /** TMPDIR of the sweeps: what a killed one leaves there goes with the folder of the test. */
  readonly temporary: string;
  /** Commits of a person, by slug. */
  readonly ofPeople: Map<string, string[]>;
}

const STATUSES = ["in_progress", "blocked", "cancelled", "todo"];
const REPOS = 4;
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

const statusIn = (point: number) => STATUSES[point % STATUSES.length] ?? "";

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

/**
 * SIGKILL to a sweep and all that it started on this host. The remote's end of a push is another host's, also where the
 * remote is a folder: it sees its line go dead and comes to its end.
 */
function endThisHost(pid: number): void {
  const found = [pid];
  const parents = readdirSync("/proc").flatMap((name) =>
    /^\d+$/.test(name) ? [[Number(name), statusOf(name)] as const] : [],
  );
  for (const at of found) {
    for (const [child, { parent, command }] of parents)
      if (parent === at && !/receive-pack|upload-pack/.test(command.replace(/--(receive|upload)-pack=\S*/g, "")))
        found.push(child);
  }
  for (const each of found) {
    try {
      process.kill(each, "SIGKILL");
    } catch {
      // Came to its end meanwhile.
    }
  }
}

/** proc(5): field 4 of /proc/PID/stat is the parent; field 2, the name, is in parentheses and may hold any character. */
function statusOf(pid: string): { parent: number; command: string } {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
    return { parent: Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]), command };
  } catch {
    return { parent: 0, command: "" };
  }
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

interface Killed {
  readonly what: string;
  readonly point: number;
  readonly before: ReadonlyMap<string, number>;
  /** The run that never ended. */
  readonly abandoned: string | null;
  readonly pid: number;
}

/** Another source than the killed sweep's: both would share the row of one quarter of an hour. */
const AFTERWARDS = { source: "k8s-cronjob" } as const;

async function expectConverged(world: World, killed: Killed): Promise<void> {
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
      told: [expect.stringMatching(/\.lock is there|differ from HEAD|untracked/)],
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

/** What a killed git, or a killed sweep, leaves in a home and nobody needs. */
export function leftIn(home: string): string[] {
  const names = ["**/{*.lock,*.tmp,tmp_*,.tmp*,*.keep,fast_import_crash_*}", "mirrors/.making/*", "spool/**/*.json"];
  return names.flatMap((name) => [...new Bun.Glob(name).scanSync({ cwd: home, dot: true, onlyFiles: false })]);
}

export interface Proxy {
  /** The target's URL through the proxy; it stays the same. */
  readonly url: string;
  /** New connections go there; those that are open stay where they are. */
  moveTo(target: string): void;
  close(): void;
}

/** A proxy before a database, as a failover moves it: one address, whichever server is behind it. */
export async function proxyTo(first: string): Promise<Proxy> {
  let target = new URL(first);
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = createConnection(Number(target.port), target.hostname);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.pipe(to);
      from.on("close", () => to.destroy()).on("error", () => {});
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = Object.assign(new URL(first), { port: String((server.address() as { port: number }).port) });
  return {
    url: url.href,
    moveTo: (next) => {
      target = new URL(next);
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
