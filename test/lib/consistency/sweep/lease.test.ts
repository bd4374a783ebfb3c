// Two sweeps and one lease, on a real server: the one that was frozen or cut off must not write beside its successor.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  holdLease,
  keepLease,
  type Lease,
  type LeaseTerms,
  proveLease,
  readLease,
  releaseLease,
  takeLease,
} from "../../../../lib/consistency/sweep/lease.ts";
import type { Reader, Transaction } from "../../../../lib/db/handles.ts";
import type { SessionLocks } from "../../../../lib/db/session_locks.ts";
import { describeFailure, OpsFailure } from "../../../../lib/failure.ts";
import { waitUntil } from "../../../../lib/wait_until.ts";
import { freshHub, type TestHub } from "../../../support/hub.ts";
import { startLockProcess } from "../../../support/lock_process.ts";

const WATCHDOG = 30_000;
const LOCK = "state-hub:fleet";
let hub: TestHub;
const opened: SessionLocks[] = [];

beforeEach(async () => {
  hub = await freshHub();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
  await hub.close();
});

interface Sweep {
  readonly locks: SessionLocks;
  readonly lease: Lease;
}

async function openLocks(pid: number): Promise<SessionLocks> {
  const locks = await hub.database.sessionLocks({ source: "manual", host: `host-${pid}`, pid });
  opened.push(locks);
  return locks;
}

function termsOf(pid: number): LeaseTerms {
  return { source: "local-timer", host: `host-${pid}`, pid, runId: Bun.randomUUIDv7(), maxSeconds: 300 };
}

/** A sweep that has the lock and the lease. */
async function startSweep(pid: number): Promise<Sweep> {
  const locks = await openLocks(pid);
  expect(await locks.tryLock(LOCK)).toBe(true);
  return { locks, lease: await takeLease(locks, termsOf(pid)) };
}

/** What befalls a sweep that is frozen: its lock goes, and it does not know. */
async function loseLock({ locks }: Sweep): Promise<void> {
  const pid = await backendOf(locks.sql);
  await hub.database.sql`select pg_terminate_backend(${pid})`;
  await waitUntil({ forWhat: "the lock to be free", deadlineMs: WATCHDOG }, async () => {
    const left = await hub.database.sql`select 1 from pg_locks where locktype = 'advisory' and pid = ${pid}`;
    return left.length === 0 ? { found: true } : { seen: "held" };
  });
}

async function backendOf(sql: Reader): Promise<number> {
  const [row] = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`;
  return row?.pid ?? 0;
}

function waitsForLock(pid: number): Promise<true> {
  return waitUntil({ forWhat: `backend ${pid} to wait for a row`, deadlineMs: WATCHDOG }, async () => {
    const [row] = await hub.database.sql<{ waits: string }[]>`
      select wait_event_type as waits from pg_stat_activity where pid = ${pid}`;
    return row?.waits === "Lock" ? { found: true as const } : { seen: String(row?.waits) };
  });
}

async function outcomeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "committed",
    (error: unknown) => (error instanceof OpsFailure ? describeFailure(error) : `no OpsFailure: ${error}`),
  );
}

const write = (tx: Transaction, slug: string) => tx`insert into domains (slug) values (${slug})`;
const written = async () =>
  (await hub.database.sql<{ slug: string }[]>`select slug from domains order by slug`).map(({ slug }) => slug);

describe("takeLease()", () => {
  test("makes the row when there is none, and counts the fence up from run to run", async () => {
    expect(await readLease(hub.database.sql)).toBeNull();
    const first = await startSweep(1);
    expect(first.lease).toEqual({ fence: 1, abandoned: null });
    await releaseLease(first.locks, first.lease);
    await first.locks.close();
    const second = await startSweep(2);
    expect(second.lease).toEqual({ fence: 2, abandoned: null });
    expect((await hub.database.sql`select 1 from sweep_lease`).length).toBe(1);
  });

  test("names the run before when that never gave the lease back", async () => {
    const locks = await openLocks(1);
    const terms = termsOf(1);
    await takeLease(locks, terms);
    const { abandoned } = await takeLease(locks, { ...termsOf(2), maxSeconds: null });
    const { source, host, pid, runId, maxSeconds } = terms;
    expect(abandoned).toMatchObject({ source, host, pid, runId, maxSeconds, released: false });
    expect(abandoned?.ageSeconds).toBeLessThan(WATCHDOG / 1000);
    expect(await readLease(hub.database.sql)).toMatchObject({ pid: 2, maxSeconds: null, released: false });
  });

  for (const isolation of ["read committed", "repeatable read"] as const) {
    test(
      `waits for an open write transaction of the run before, which still counts (${isolation})`,
      async () => {
        const first = await startSweep(1);
        const [held, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
        const writing = hub.database.transaction(
          async (tx) => {
            await holdLease(tx, first.lease.fence);
            held.resolve();
            await end.promise;
            await write(tx, "by-the-first");
          },
          { isolation },
        );
        await held.promise;
        await loseLock(first);
        const locks = await openLocks(2);
        expect(await locks.tryLock(LOCK)).toBe(true);
        const pid = await backendOf(locks.sql);
        let seenAtTakeover: string[] = [];
        const taking = takeLease(locks, termsOf(2)).then(async (lease) => {
          seenAtTakeover = await written();
          return lease;
        });
        await waitsForLock(pid);
        expect(await readLease(hub.database.sql)).toMatchObject({ pid: 1 });
        end.resolve();
        await writing;
        expect(await taking).toMatchObject({ fence: 2, abandoned: { pid: 1 } });
        expect(seenAtTakeover).toEqual(["by-the-first"]);
      },
      WATCHDOG,
    );
  }

  test(
    "gives up after its time, keeping its locks, when a write transaction does not end",
    async () => {
      const first = await startSweep(1);
      const [held, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const writing = hub.database.transaction(async (tx) => {
        await holdLease(tx, first.lease.fence);
        held.resolve();
        await end.promise;
      });
      await held.promise;
      await loseLock(first);
      const locks = await openLocks(2);
      await locks.tryLock(LOCK);
      await locks.sql`set lock_timeout = '50ms'`;
      const started = performance.now();
      const failure = await outcomeOf(takeLease(locks, termsOf(2), 300));
      // Several waits of 50 ms: in between its connection is free to prove its locks.
      expect(performance.now() - started).toBeGreaterThan(300);
      expect(failure).toContain("Could not take over from the sweep before: ");
      expect(failure).toContain("[55P03]");
      expect(locks.lost.aborted).toBe(false);
      expect(await readLease(hub.database.sql)).toMatchObject({ pid: 1 });
      end.resolve();
      await writing;
      expect(await takeLease(locks, termsOf(2))).toMatchObject({ fence: 2 });
    },
    WATCHDOG,
  );

  test(
    "follows a killed process within two seconds, its write transaction rolled back",
    async () => {
      const process = await startLockProcess(hub.url, { lock: LOCK, doing: "writing" });
      const locks = await openLocks(2);
      expect(await locks.tryLock(LOCK)).toBe(false);
      process.kill("SIGKILL");
      const started = performance.now();
      await waitUntil({ forWhat: "the lock", deadlineMs: WATCHDOG }, async () =>
        (await locks.tryLock(LOCK)) ? { found: true } : { seen: "held" },
      );
      const { fence, abandoned } = await takeLease(locks, termsOf(2));
      expect(performance.now() - started).toBeLessThan(2_000);
      expect({ fence, pid: abandoned?.pid, released: abandoned?.released }).toEqual({
        fence: 2,
        pid: process.pid,
        released: false,
      });
    },
    WATCHDOG,
  );

  test(
    "takes over from a frozen process once its connections are gone, and thawed it ends without a word into the hub",
    async () => {
      const frozen = await startLockProcess(hub.url, { lock: LOCK, doing: "writing" });
      frozen.kill("SIGSTOP");
      await hub.database.sql`select pg_terminate_backend(pid) from pg_stat_activity
        where application_name like ${`state-hub-lock % ${frozen.pid} %`}`;
      const locks = await openLocks(2);
      await waitUntil({ forWhat: "the lock", deadlineMs: WATCHDOG }, async () =>
        (await locks.tryLock(LOCK)) ? { found: true } : { seen: "held" },
      );
      const pid = await backendOf(locks.sql);
      const taking = takeLease(locks, termsOf(2));
      await waitsForLock(pid);
      // What tcp_user_timeout does for a host that is gone; a frozen process's kernel still answers for it.
      await hub.database.sql`select pg_terminate_backend(unnest(pg_blocking_pids(${pid})))`;
      expect(await taking).toMatchObject({ fence: 2, abandoned: { pid: frozen.pid } });
      frozen.kill("SIGCONT");
      expect(await frozen.exited).toBe(0);
      expect(frozen.said.join("; ")).toContain("lost Could not keep this run's locks");
    },
    WATCHDOG,
  );
});

describe("holdLease()", () => {
  for (const isolation of ["read committed", "repeatable read"] as const) {
    test(`refuses a transaction that began after the takeover, and names the successor (${isolation})`, async () => {
      const first = await startSweep(1);
      await loseLock(first);
      await startSweep(2);
      const late = hub.database.transaction(
        async (tx) => {
          await holdLease(tx, first.lease.fence);
          await write(tx, "by-a-ghost");
        },
        { isolation },
      );
      expect(await outcomeOf(late)).toMatch(/another sweep took over: local-timer on host-2, pid 2, since 20/);
      expect(await written()).toEqual([]);
    });

    test(`refuses a transaction whose snapshot is older than the takeover (${isolation})`, async () => {
      const first = await startSweep(1);
      const late = hub.database.transaction(
        async (tx) => {
          // In REPEATABLE READ the first statement decides what is seen: this is the moment between it and its lock.
          expect(await tx`select fence from sweep_lease`).toHaveLength(1);
          await loseLock(first);
          await startSweep(2);
          await holdLease(tx, first.lease.fence);
          await write(tx, "by-a-ghost");
        },
        { isolation },
      );
      expect(await outcomeOf(late)).toContain("another sweep took over");
      expect(await written()).toEqual([]);
    });

    test(
      `lets a transaction go on while heartbeats are committed before, beside and after it (${isolation})`,
      async () => {
        const { locks, lease } = await startSweep(1);
        const beat = async () => {
          const beaten = await locks.sql`update sweep_lease set heartbeat = now() where fence = 1 returning 1`;
          expect(beaten).toHaveLength(1);
        };
        await hub.database.transaction(
          async (tx) => {
            await tx`select fence from sweep_lease`;
            await beat();
            await holdLease(tx, lease.fence);
            await beat();
            await holdLease(tx, lease.fence);
            await write(tx, "beside-heartbeats");
            await beat();
          },
          { isolation },
        );
        expect(await written()).toEqual(["beside-heartbeats"]);
      },
      WATCHDOG,
    );
  }

  test("lets many transactions write side by side", async () => {
    const { lease } = await startSweep(1);
    const all = Array.from({ length: 20 }, (_, n) =>
      hub.database.transaction(async (tx) => {
        await holdLease(tx, lease.fence);
        await write(tx, `domain-${n}`);
      }),
    );
    await Promise.all(all);
    expect(await written()).toHaveLength(20);
  });

  test("would not hold if a successor only updated the fence: why it replaces the row", async () => {
    const { lease } = await startSweep(1);
    const seen = await hub.database.transaction(
      async (tx) => {
        await tx`select fence from sweep_lease`;
        await hub.database.sql`update sweep_lease set fence = fence + 1`;
        return (await tx`select fence from sweep_lease where fence = ${lease.fence} for key share`).length;
      },
      { isolation: "repeatable read" },
    );
    // PostgreSQL gives the old row, locked: when this fails, it has learnt otherwise.
    expect(seen).toBe(1);
  });
});

describe("keepLease()", () => {
  test("renews the heartbeat, also beside an open write transaction, until it is stopped", async () => {
    const { locks, lease } = await startSweep(1);
    const beatAfter = async (before: string | undefined) =>
      waitUntil({ forWhat: "a heartbeat", deadlineMs: WATCHDOG }, async () => {
        const heartbeat = (await readLease(hub.database.sql))?.heartbeat;
        return heartbeat !== before ? { found: heartbeat } : { seen: String(heartbeat) };
      });
    const first = await readLease(hub.database.sql);
    const keeping = keepLease(locks, lease, 10);
    await hub.database.transaction(async (tx) => {
      await holdLease(tx, lease.fence);
      await beatAfter(await beatAfter(first?.heartbeat));
    });
    keeping.stop();
    // On the same connection: what was sent before stop() has been answered.
    await locks.sql`select 1`;
    const last = await readLease(hub.database.sql);
    await locks.sql`select pg_sleep(0.1)`;
    expect(await readLease(hub.database.sql)).toMatchObject({ heartbeat: last?.heartbeat, since: first?.since });
    expect(locks.lost.aborted).toBe(false);
  });

  test("aborts the run when the row is another sweep's, or cannot be renewed", async () => {
    const reasons: string[] = [];
    for (const spoil of ["update sweep_lease set fence = fence + 1", "alter table sweep_lease rename to gone"]) {
      const locks = await openLocks(1);
      keepLease(locks, await takeLease(locks, termsOf(1)), 10);
      await hub.database.sql.unsafe(spoil);
      await waitUntil({ forWhat: "the loss", deadlineMs: WATCHDOG }, () =>
        locks.lost.aborted ? { found: true } : { seen: "nothing" },
      );
      reasons.push(describeFailure(locks.lost.reason));
    }
    expect(reasons).toEqual([
      expect.stringContaining("another sweep took over"),
      expect.stringMatching(/the sweep's lease could not be renewed; because: relation "sweep_lease" does not exist/),
    ]);
  });

  test("a heartbeat that was under way when it was stopped aborts nothing, whatever becomes of it", async () => {
    const { locks, lease } = await startSweep(1);
    const pid = await backendOf(locks.sql);
    await hub.database.transaction(async (tx) => {
      await tx`delete from sweep_lease`;
      const keeping = keepLease(locks, lease, 1);
      await waitsForLock(pid);
      keeping.stop();
    });
    // On the same connection: the heartbeat has been answered, and another one had its time.
    await locks.sql`select pg_sleep(0.1)`;
    expect(locks.lost.aborted).toBe(false);
  });
});

describe("proveLease()", () => {
  test("passes while the connection and the fence stand, and only then", async () => {
    const first = await startSweep(1);
    await proveLease(first.locks, first.lease.fence);
    expect(await outcomeOf(proveLease(first.locks, 7))).toContain("another sweep took over: local-timer on host-1");
    await loseLock(first);
    await startSweep(2);
    // Its own connection is gone: it is not asked anew over another one, where the answer would mean nothing.
    expect(await outcomeOf(proveLease(first.locks, 2))).toMatch(/connection to PostgreSQL closed/);
  });
});

describe("releaseLease()", () => {
  test("says that the sweep came to its end, and who it was stays readable", async () => {
    const { locks, lease } = await startSweep(1);
    await releaseLease(locks, lease);
    expect(await readLease(hub.database.sql)).toMatchObject({ pid: 1, released: true, maxSeconds: 300 });
  });

  test("does not touch a successor's lease", async () => {
    const { locks, lease } = await startSweep(1);
    await takeLease(locks, termsOf(2));
    expect(await outcomeOf(releaseLease(locks, lease))).toContain("another sweep took over: local-timer on host-2");
    expect(await readLease(hub.database.sql)).toMatchObject({ pid: 2, released: false });
  });
});
