// Runs beside each other on a real server: who may go over the fleet, who may write a repository, and that a run whose
// locks are gone finds out before it writes or sends anything.
import { afterEach, beforeEach, describe, expect, spyOn, test } from "bun:test";
import { RunLocks, type RunTermsForLocks } from "../../../lib/consistency/run_locks.ts";
import { takeLease } from "../../../lib/consistency/sweep/lease.ts";
import type { Transaction } from "../../../lib/db/handles.ts";
import { describeFailure, OpsFailure } from "../../../lib/failure.ts";
import { waitUntil } from "../../../lib/wait_until.ts";
import { freshHub, type TestHub } from "../../support/hub.ts";

const WATCHDOG = 30_000;
const REPO = Bun.randomUUIDv7();
const OTHER_REPO = Bun.randomUUIDv7();
let hub: TestHub;
const opened: { close(): Promise<void> }[] = [];
const { signal } = new AbortController();

beforeEach(async () => {
  hub = await freshHub();
});
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
  await hub.close();
});

function termsOf(host: string, more: Partial<RunTermsForLocks> = {}): RunTermsForLocks {
  return { source: "local-timer", host, runId: Bun.randomUUIDv7(), maxSeconds: 300, dryRun: false, ...more };
}

function runOn(host: string, more: Partial<RunTermsForLocks> = {}): RunLocks {
  const locks = new RunLocks(hub.database, termsOf(host, more));
  opened.push(locks);
  return locks;
}

/** The connections that runs have for their locks, by the host they name. */
async function connections(): Promise<{ pid: number; host: string; query: string; locks: number }[]> {
  const rows = await hub.database.sql<{ pid: number; host: string; query: string; locks: number }[]>`
    select pid, split_part(application_name, ' ', 4) as host, query,
      (select count(*)::int from pg_locks l where l.pid = a.pid and locktype = 'advisory') as locks
    from pg_stat_activity a
    where datname = current_database() and application_name like 'state-hub-lock %' order by backend_start`;
  return rows.map((row) => ({ ...row }));
}

/** As a network or an administrator ends it. Resolves when the run has heard. */
async function loseSession(host: string, locks: RunLocks): Promise<void> {
  const found = (await connections()).find((each) => each.host === host);
  await hub.database.sql`select pg_terminate_backend(${found?.pid ?? 0})`;
  await waitUntil({ forWhat: "the run to hear of it", deadlineMs: WATCHDOG }, () =>
    locks.lost.aborted ? { found: true } : { seen: "nothing" },
  );
  await freed(host);
}

function freed(host: string): Promise<true> {
  return waitUntil({ forWhat: `the locks of ${host} to be free`, deadlineMs: WATCHDOG }, async () => {
    const held = (await connections()).filter((each) => each.host === host);
    return held.length === 0 ? { found: true as const } : { seen: `${held.length} connections` };
  });
}

/** What another sweep does to one that is frozen: this connection lives on, and the lease is no longer its own. */
async function takeOver(host: string): Promise<void> {
  const session = await hub.database.sessionLocks({ source: "k8s-cronjob", host, pid: 1 });
  opened.push(session);
  await takeLease(session, { ...termsOf(host), source: "k8s-cronjob", pid: 1 });
}

async function outcomeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "done",
    (error: unknown) => (error instanceof OpsFailure ? describeFailure(error) : `no OpsFailure: ${error}`),
  );
}

const write = (locks: RunLocks, slug: string) =>
  hub.database.transaction(async (tx: Transaction) => {
    await locks.holdFence(tx);
    await tx`insert into domains (slug) values (${slug})`;
  });
const written = async () =>
  (await hub.database.sql<{ slug: string }[]>`select slug from domains`).map((row) => row.slug);

/** Work in a repository that goes on until it is told to end. */
async function workIn(locks: RunLocks, repoId: string): Promise<{ end(): Promise<unknown> }> {
  const [begun, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const working = locks.inRepo(repoId, signal, () => {
    begun.resolve();
    return end.promise;
  });
  await Promise.race([begun.promise, working]);
  return {
    end: () => {
      end.resolve();
      return working;
    },
  };
}

/** The run on that host has asked for a lock and was refused: all that it can do now is wait. */
function isRefused(host: string): Promise<true> {
  return waitUntil({ forWhat: `${host} to ask for the lock`, deadlineMs: WATCHDOG }, async () => {
    const found = (await connections()).find((each) => each.host === host);
    const asked = found?.query.includes("pg_try_advisory_lock") === true && found.locks === 0;
    return asked ? { found: true as const } : { seen: found?.query ?? "no connection" };
  });
}

describe("takeFleet() and fleetHolder()", () => {
  test("give the fleet to one of two runs, and tell the other who has it, since when and for how long", async () => {
    const terms = { maxSeconds: 120, runId: Bun.randomUUIDv7() };
    const [first, second] = [runOn("here", terms), runOn("there")];
    expect(await first.fleetHolder()).toEqual({ holder: null, lease: null });
    expect(await first.takeFleet()).toEqual({ abandoned: null });
    expect(await second.takeFleet()).toBe("held");
    const { holder, lease } = await second.fleetHolder();
    expect(holder).toMatchObject({ source: "local-timer", host: "here", pid: process.pid });
    expect(Date.now() - Date.parse(holder?.since ?? "")).toBeLessThan(WATCHDOG);
    expect(lease).toMatchObject({ host: "here", ...terms, released: false });
  });

  test("name the run before, which lost its connection and never gave the lease back", async () => {
    const runId = Bun.randomUUIDv7();
    const first = runOn("here", { runId });
    await first.takeFleet();
    await loseSession("here", first);
    expect(await runOn("there").takeFleet()).toEqual({
      abandoned: expect.objectContaining({ host: "here", runId, maxSeconds: 300, released: false }),
    });
  });

  test("take nothing for a dry run, not even a connection, whoever has the fleet", async () => {
    const dry = runOn("dry", { dryRun: true });
    expect(await dry.takeFleet()).toEqual({ abandoned: null });
    expect([await connections(), (await hub.database.sql`select 1 from sweep_lease`).length]).toEqual([[], 0]);
    expect(await runOn("here").takeFleet()).toEqual({ abandoned: null });
    expect(await dry.takeFleet()).toEqual({ abandoned: null });
    expect((await connections()).map(({ host }) => host)).toEqual(["here"]);
  });
});

describe("inRepo()", () => {
  test("keeps other runs out of the repository until the work is done, and out of no other one", async () => {
    const [first, second] = [runOn("here"), runOn("there")];
    const work = await workIn(first, REPO);
    expect(await second.inRepo(OTHER_REPO, signal, async () => "beside")).toEqual({ done: "beside" });
    const order: string[] = [];
    const waiting = second.inRepo(REPO, signal, async () => order.push("second"));
    await isRefused("there");
    order.push("first");
    await work.end();
    expect(await waiting).toEqual({ done: 2 });
    expect(order).toEqual(["first", "second"]);
  });

  test("says who has it when that lasts longer than a run needs, and does nothing there", async () => {
    const [first, second] = [runOn("here", { source: "git-hook" }), runOn("there")];
    const work = await workIn(first, REPO);
    const now = performance.now.bind(performance);
    let looks = 0;
    // Nobody waits for the seconds: each look at the clock comes six of them after the one before.
    const clock = spyOn(performance, "now").mockImplementation(() => now() + looks++ * 6_000);
    let entered = false;
    const enter = async () => {
      entered = true;
    };
    const found = await second.inRepo(REPO, signal, enter).finally(() => clock.mockRestore());
    expect(found).toEqual({
      heldBy: expect.objectContaining({ source: "git-hook", host: "here", pid: process.pid }),
    });
    expect(entered).toBe(false);
    await work.end();
    expect(await second.inRepo(REPO, signal, async () => "now")).toEqual({ done: "now" });
  });

  test("stops waiting with the run's reason, and is not given the lock after that", async () => {
    const [first, second, stop] = [runOn("here"), runOn("there"), new AbortController()];
    const work = await workIn(first, REPO);
    const waiting = outcomeOf(second.inRepo(REPO, stop.signal, async () => {}));
    await isRefused("there");
    stop.abort(new OpsFailure("Could not go on", { observed: "SIGTERM" }));
    expect(await waiting).toBe("Could not go on: SIGTERM");
    await work.end();
    expect((await connections()).map(({ locks }) => locks)).toEqual([0, 0]);
  });

  test("frees the repository when the work fails, and throws what it threw", async () => {
    const [first, second] = [runOn("here"), runOn("there")];
    const failing = first.inRepo(REPO, signal, () => Promise.reject(new OpsFailure("Could not read it")));
    expect(await outcomeOf(failing)).toBe("Could not read it");
    expect(await second.inRepo(REPO, AbortSignal.abort(), async () => "free")).toEqual({ done: "free" });
  });

  test("is told of by `lost` when the connection ends under the work, and covers up nothing that the work says", async () => {
    const first = runOn("here");
    const working = first.inRepo(REPO, signal, async () => {
      await loseSession("here", first);
      throw new OpsFailure("Could not push");
    });
    expect(await outcomeOf(working)).toBe("Could not push");
    expect(describeFailure(first.lost.reason)).toContain("the connection to PostgreSQL closed");
    const again = first.inRepo(REPO, first.lost, async () => {});
    expect(await outcomeOf(again)).toContain("Could not keep this run's locks");
    expect(await runOn("there").inRepo(REPO, AbortSignal.abort(), async () => "free")).toEqual({ done: "free" });
  });
});

describe("holdFence()", () => {
  test("lets a run write that has the fleet, and one that never wanted it", async () => {
    const [sweep, single] = [runOn("here"), runOn("there")];
    await sweep.takeFleet();
    await write(sweep, "of-the-sweep");
    await write(single, "of-another");
    expect((await written()).toSorted()).toEqual(["of-another", "of-the-sweep"]);
  });

  test("lets nothing be written once another sweep took over, and names it", async () => {
    const sweep = runOn("here");
    await sweep.takeFleet();
    await takeOver("there");
    expect(await outcomeOf(write(sweep, "too-late"))).toContain("another sweep took over: k8s-cronjob on there, pid 1");
    expect(await written()).toEqual([]);
  });
});

describe("prove()", () => {
  test("passes while the locks are held, with the fleet's and with a repository's alone", async () => {
    const [sweep, single] = [runOn("here"), runOn("there")];
    await sweep.takeFleet();
    await sweep.prove();
    expect(await single.inRepo(REPO, signal, () => single.prove())).toEqual({ done: undefined });
  });

  test("throws once the connection that had them is gone, and makes no other one", async () => {
    const [sweep, single] = [runOn("here"), runOn("there")];
    await sweep.takeFleet();
    await loseSession("here", sweep);
    expect(await outcomeOf(sweep.prove())).toContain("the connection to PostgreSQL closed");
    await single.inRepo(REPO, signal, async () => {
      await loseSession("there", single);
      expect(await outcomeOf(single.prove())).toContain("the connection to PostgreSQL closed");
    });
    expect(await connections()).toEqual([]);
  });

  test("throws when another sweep took over, although the connection stands", async () => {
    const sweep = runOn("here");
    await sweep.takeFleet();
    await takeOver("there");
    expect(await outcomeOf(sweep.prove())).toContain("another sweep took over");
    expect(sweep.lost.aborted).toBe(false);
  });
});

describe("close()", () => {
  test("gives the fleet and the lease back, and ends the connection without a word of loss", async () => {
    const [first, second] = [runOn("here"), runOn("there")];
    await first.takeFleet();
    await first.close();
    await freed("here");
    expect(await second.fleetHolder()).toEqual({
      holder: null,
      lease: expect.objectContaining({ host: "here", released: true }),
    });
    expect(await second.takeFleet()).toEqual({ abandoned: null });
    expect(first.lost.aborted).toBe(false);
  });

  test("does not give back what is another sweep's by now", async () => {
    const sweep = runOn("here");
    await sweep.takeFleet();
    await takeOver("there");
    await sweep.close();
    expect((await runOn("third").fleetHolder()).lease).toMatchObject({ host: "there", released: false });
  });

  test("is quiet about a run that opened nothing, and about one that lost its connection", async () => {
    await runOn("here").close();
    expect(await connections()).toEqual([]);
    const lost = runOn("here");
    await lost.takeFleet();
    await loseSession("here", lost);
    await lost.close();
    expect((await runOn("there").fleetHolder()).lease).toMatchObject({ host: "here", released: false });
  });
});
