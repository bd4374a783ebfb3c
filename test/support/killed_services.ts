// A hub that is killed at a random moment of a sweep, and its successor at the same address, round after round: what the
// rows, the client and the remotes say afterwards.
import { expect } from "bun:test";
import { hostname } from "node:os";
import { waitUntil } from "../../lib/wait_until.ts";
import { startCheck } from "./check_process.ts";
import { freePort } from "./free_port.ts";
import { syncCommits } from "./held_pushes.ts";
import { type ServedHub, servedHub } from "./served_hub.ts";
import { type ServedProcess, servedProcess } from "./served_process.ts";
import { type SweptFleet, type SweptRepo, sweptFleet } from "./swept_fleet.ts";

export interface KilledServices {
  readonly fleet: SweptFleet;
  readonly repos: readonly SweptRepo[];
  /** Lives on, and is asked about the dead. */
  readonly living: ServedHub;
  readonly port: number;
  /** How long an undisturbed sweep takes, in milliseconds. */
  durationMs: number;
  doomed: ServedProcess;
  close(): Promise<void>;
}

const REPOS = 6;

export async function killedServices(): Promise<KilledServices> {
  const fleet = await sweptFleet();
  const repos: SweptRepo[] = [];
  for (let index = 0; index < REPOS; index++) repos.push(await fleet.add(`s${index}`));
  const living = await servedHub({}, { hub: fleet.hub, home: fleet.home, host: hostname() });
  const port = await freePort("127.0.0.1");
  const world: KilledServices = {
    fleet,
    repos,
    living,
    port,
    durationMs: 0,
    doomed: await hubAt(fleet, port),
    close: async () => {
      world.doomed.kill("SIGKILL");
      await world.doomed.exited;
      await living.close();
      await fleet.close();
    },
  };
  return world;
}

function hubAt({ hub, home, userHome }: SweptFleet, port: number): Promise<ServedProcess> {
  return servedProcess({ env: { DATABASE_URL: hub.url, STATE_HUB_HOME: home, HOME: userHome }, port });
}

const askVia = (at: string) => startCheck(["--remote", "--all", "--json", "--via", at], {});

/** The first sweep gives every file its ids; the next one is a usual one, and is timed. */
export async function addAndSettle(world: KilledServices): Promise<void> {
  expect((await askVia(world.doomed.at).ended).report()).toMatchObject({ exit_code: 0, automation_error: null });
  await makeWork(world, 0);
  const started = performance.now();
  const report = await (await world.living.send("POST", "/consistency/sweep/remote-all", {})).json();
  expect(report).toMatchObject({ exit_code: 0, automation_error: null });
  world.durationMs = performance.now() - started;
}

/** Somebody sets every task in the hub: each file needs a correction. */
async function makeWork({ fleet }: KilledServices, round: number): Promise<void> {
  await fleet.passTime(25 * 60);
  await fleet.hub.database.sql`update tasks set status = ${round % 2 === 0 ? "blocked" : "in_progress"}`;
}

/** @returns what the row of the run says that its hub was killed in */
export async function endRound(world: KilledServices, round: number): Promise<string> {
  const { fleet, living, repos } = world;
  await makeWork(world, round);
  const before = await Promise.all(repos.map(async (repo) => (await syncCommits(repo)).length));
  const asking = askVia(world.doomed.at);
  await asking.said("The hub is at it");
  // The moment is the thing under test: nothing is waited for.
  await Bun.sleep(Math.random() * world.durationMs);
  world.doomed.kill("SIGKILL");
  await world.doomed.exited;
  world.doomed = await hubAt(fleet, world.port);
  const ran = await asking.ended;
  const status = await statusOfLast(world);
  expect({ round, code: ran.code, status }).toEqual({ round, code: status === "finished" ? 0 : 2, status });
  const next = await (await living.send("POST", "/consistency/sweep/remote-all", {})).json();
  expect({ round, next }).toMatchObject({ round, next: { exit_code: 0, automation_error: null, lock_skipped: false } });
  for (const [index, repo] of repos.entries()) {
    const written = (await syncCommits(repo)).length - (before[index] ?? 0);
    expect({ round, slug: repo.slug, written }).toEqual({ round, slug: repo.slug, written: 1 });
  }
  return status;
}

async function statusOfLast({ fleet, living }: KilledServices): Promise<string> {
  const [run] = await fleet.hub.database.sql<{ run_id: string }[]>`
    select run_id from consistency_runs order by requested_at desc limit 1`;
  return waitUntil({ forWhat: "what became of the run", deadlineMs: 15_000 }, async () => {
    const { status } = (await (await living.ask(`/consistency/sweep/runs/${run?.run_id}`)).json()) as {
      status: string;
    };
    return status === "running" ? { seen: status } : { found: status };
  });
}
