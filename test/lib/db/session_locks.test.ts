// Locks that must end with whoever holds them: against a real server, real processes and a real pooler.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import postgres from "postgres";
import { type ConnectOptions, Database } from "../../../lib/db/connect.ts";
import type { SessionLocks } from "../../../lib/db/session_locks.ts";
import { describeFailure, OpsFailure } from "../../../lib/failure.ts";
import { Secret } from "../../../lib/secret.ts";
import { waitUntil } from "../../../lib/wait_until.ts";
import { freshHub, type TestHub } from "../../support/hub.ts";
import { type Doing, startLockProcess } from "../../support/lock_process.ts";
import { startPgbouncer } from "../../support/pgbouncer.ts";
import { relayTo } from "../../support/tcp_relay.ts";

const WATCHDOG = 30_000;
const QUICK = { everyMs: 100, answerWithinMs: 1_000 };
/** Nothing is proven within a test: what is noticed is noticed otherwise. */
const UNPROVEN = { everyMs: 2 * WATCHDOG, answerWithinMs: 2 * WATCHDOG };
const ME = { source: "manual", host: "here.example", pid: 4711 };
let hub: TestHub;
/** Looks, and ends other backends: never part of what is tested. */
let observer: postgres.Sql;
const opened: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  hub = await freshHub();
  observer = postgres(hub.url, { max: 1, onnotice: () => {} });
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
});
afterAll(async () => {
  await observer.end({ timeout: 1 });
  await hub.close();
});

function databaseAt(url: string, more: Partial<ConnectOptions> = {}): Database {
  const options = { url: new Secret(url), applicationName: "a test", access: "read-write" as const, ...more };
  const database = new Database(options);
  opened.push(database);
  return database;
}

async function open(url = hub.url, holder = ME, pace = QUICK): Promise<SessionLocks> {
  const locks = await databaseAt(url).sessionLocks(holder, pace);
  opened.push(locks);
  return locks;
}

async function failureOf(work: Promise<unknown>): Promise<OpsFailure> {
  const failure = await work.then(
    () => "it did not fail",
    (error: unknown) => error,
  );
  if (failure instanceof OpsFailure) return failure;
  throw new Error(`not an OpsFailure: ${failure}`);
}

async function backendOf(locks: SessionLocks): Promise<number> {
  const [row] = await locks.sql<{ pid: number }[]>`select pg_backend_pid() as pid`;
  return row?.pid ?? 0;
}

/** @returns the reason, and how many milliseconds it took */
async function lossOf(locks: SessionLocks): Promise<{ reason: OpsFailure; afterMs: number }> {
  const started = performance.now();
  await waitUntil({ forWhat: "the loss", deadlineMs: WATCHDOG }, () =>
    locks.lost.aborted ? { found: true } : { seen: "nothing" },
  );
  return { reason: locks.lost.reason as OpsFailure, afterMs: performance.now() - started };
}

/** Tries until it is free. @returns after how many milliseconds */
async function freedAfter(name: string, locks: SessionLocks): Promise<number> {
  const started = performance.now();
  await waitUntil({ forWhat: `the lock ${name}`, deadlineMs: WATCHDOG }, async () =>
    (await locks.tryLock(name)) ? { found: true } : { seen: JSON.stringify(await locks.holderOf(name)) },
  );
  return performance.now() - started;
}

describe("tryLock()", () => {
  test("gives a lock to one of two, and to the other when it is released", async () => {
    const [first, second] = [await open(), await open()];
    expect([await first.tryLock("a"), await second.tryLock("a")]).toEqual([true, false]);
    expect(await second.tryLock("b")).toBe(true);
    await first.unlock("a");
    expect(await second.tryLock("a")).toBe(true);
  });

  test("gives it to one of fifty that ask at once, over one connection or over two", async () => {
    const both = [await open(), await open()];
    const asked = Array.from({ length: 50 }, (_, n) => both[n % 2]?.tryLock("wanted"));
    expect((await Promise.all(asked)).filter(Boolean)).toHaveLength(1);
  });

  test("refuses what this very holder has already: PostgreSQL would give it twice", async () => {
    const locks = await open();
    expect([await locks.tryLock("a"), await locks.tryLock("a")]).toEqual([true, false]);
    await locks.unlock("a");
    expect(await (await open()).tryLock("a")).toBe(true);
  });

  test("does not cross databases", async () => {
    const other = await freshHub();
    const [here, there] = [await open(), await open(other.url)];
    expect([await here.tryLock("a"), await there.holderOf("a"), await there.tryLock("a")]).toEqual([true, null, true]);
    await there.close();
    await other.close();
  });
});

describe("unlock()", () => {
  test("throws for a lock that was not held, and for one that is another's", async () => {
    const [mine, another] = [await open(), await open()];
    await another.tryLock("a");
    for (const name of ["a", "never taken"]) {
      expect(describeFailure(await failureOf(mine.unlock(name)))).toContain("this run did not hold it");
    }
    expect(await mine.tryLock("a")).toBe(false);
  });
});

describe("holderOf()", () => {
  test("names source, host, pid and the time of whoever holds it, in the eyes of anybody", async () => {
    const [mine, another] = [await open(), await open()];
    const before = Date.now();
    await mine.tryLock("a");
    const holder = await another.holderOf("a");
    expect(holder).toMatchObject(ME);
    expect(Math.abs(before - Date.parse(holder?.since ?? ""))).toBeLessThan(WATCHDOG);
    expect(await mine.holderOf("a")).toEqual(holder);
  });

  test("is null when nobody holds it, nobody any more, or somebody who is not one of us", async () => {
    const locks = await open();
    await locks.tryLock("a");
    await locks.unlock("a");
    expect([await locks.holderOf("a"), await locks.holderOf("never taken")]).toEqual([null, null]);
    await observer`select pg_advisory_lock(hashtextextended('b', 0))`;
    expect([await locks.tryLock("b"), await locks.holderOf("b")]).toEqual([false, null]);
    await observer`select pg_advisory_unlock_all()`;
  });

  test("names a holder whose URL asks for another application_name, and another lock_timeout", async () => {
    const url = new URL(hub.url);
    url.searchParams.set("application_name", "somebody's tool");
    url.searchParams.set("lock_timeout", "3600000");
    const locks = await open(url.href);
    await locks.tryLock("a");
    expect(await locks.holderOf("a")).toMatchObject(ME);
    expect([...(await locks.sql`show lock_timeout`)]).toEqual([{ lock_timeout: "5s" }]);
  });

  test("is null for another role's lock when ours may not see when it began, and tryLock() is false all the same", async () => {
    const role = `guest_${Bun.randomUUIDv7().replaceAll("-", "")}`;
    await observer.unsafe(`create role ${role} login password 'guest'`);
    const mine = await open();
    await mine.tryLock("a");
    const url = Object.assign(new URL(hub.url), { username: role, password: "guest" }).href;
    const guest = await open(url);
    expect([await guest.tryLock("a"), await guest.holderOf("a")]).toEqual([false, null]);
    await guest.close();
    await observer.unsafe(`drop role ${role}`);
  });
});

describe("lost", () => {
  test("is aborted when the backend ends, and nothing can be done with these locks from then on", async () => {
    const [mine, another] = [await open(hub.url, ME, UNPROVEN), await open()];
    await mine.tryLock("a");
    const { sql } = mine;
    await observer`select pg_terminate_backend(${await backendOf(mine)})`;
    const { reason } = await lossOf(mine);
    expect(reason).toMatchObject({ kind: "automation", message: "Could not keep this run's locks" });
    expect(describeFailure(reason)).toContain("the connection to PostgreSQL closed");
    const late = [mine.tryLock("b"), mine.unlock("a"), mine.holderOf("a")];
    for (const each of late) expect(await failureOf(each)).toBe(reason);
    expect(() => mine.sql).toThrow(reason);
    expect(() => sql`select 1`).toThrow("Could not go on with the State Hub database");
    await freedAfter("a", another);
  });

  test("is aborted when the server is stopped in the middle of a statement, which fails", async () => {
    const mine = await open();
    await mine.tryLock("a");
    const pid = await backendOf(mine);
    const waiting = mine.sql`select pg_sleep(9)`.then(
      () => "it ran",
      () => "it failed",
    );
    await observer`select pg_terminate_backend(${pid})`;
    expect(await waiting).toBe("it failed");
    await lossOf(mine);
  });

  test(
    "is aborted when the server falls silent, without anybody asking it for anything",
    async () => {
      const relay = await relayTo(hub.url);
      const mine = await open(relay.url, ME, { everyMs: 100, answerWithinMs: 400 });
      await mine.tryLock("a");
      relay.swallow();
      const { reason, afterMs } = await lossOf(mine);
      expect(describeFailure(reason)).toContain("no answer from PostgreSQL for 0.4 s");
      expect(afterMs).toBeLessThan(5_000);
      relay.close();
    },
    WATCHDOG,
  );

  test("is aborted when the server no longer counts a lock as ours, though it answers", async () => {
    const mine = await open();
    await mine.tryLock("state-hub:kept");
    await mine.tryLock("state-hub:gone");
    await mine.sql`select pg_advisory_unlock(hashtextextended('state-hub:gone', 0))`;
    const { reason } = await lossOf(mine);
    expect(reason.observed).toBe("PostgreSQL no longer has state-hub:gone among its locks");
  });

  test("is not aborted by many proofs while locks come and go, nor by a statement that is refused", async () => {
    const mine = await open(hub.url, ME, { everyMs: 1, answerWithinMs: 5_000 });
    await mine.tryLock("kept");
    for (let n = 0; n < 300; n++) {
      expect(await mine.tryLock(`lock ${n}`)).toBe(true);
      await mine.unlock(`lock ${n}`);
    }
    await expect(Promise.resolve(mine.sql`select 1 / 0`)).rejects.toThrow("division by zero");
    expect(mine.lost.aborted).toBe(false);
    expect(await (await open()).tryLock("kept")).toBe(false);
  });

  test("giveUp() aborts it once, with the reason given, and frees the locks", async () => {
    const [mine, another] = [await open(), await open()];
    await mine.tryLock("a");
    mine.giveUp("the clock struck", new Error("twelve"));
    mine.giveUp("something else");
    expect(describeFailure(mine.lost.reason)).toContain("the clock struck; because: twelve");
    await freedAfter("a", another);
  });

  test("close() frees the locks without aborting it", async () => {
    const [mine, another] = [await open(), await open()];
    await mine.tryLock("a");
    await mine.close();
    await freedAfter("a", another);
    expect(mine.lost.aborted).toBe(false);
  });
});

describe("a killed process", () => {
  for (const doing of ["idle", "busy", "writing"] satisfies Doing[]) {
    test(
      `frees its locks within two seconds when it was ${doing}`,
      async () => {
        const mine = await open();
        const other = await startLockProcess(hub.url, { lock: "fleet", doing });
        expect(await mine.tryLock("fleet")).toBe(false);
        const holder = await mine.holderOf("fleet");
        expect(holder).toMatchObject({ source: "local-timer", host: "somewhere.example", pid: other.pid });
        other.kill("SIGKILL");
        expect(await freedAfter("fleet", mine)).toBeLessThan(2_000);
        await other.exited;
        await mine.unlock("fleet");
      },
      WATCHDOG,
    );
  }
});

describe("a process that is done", () => {
  const ends = [
    {
      after: "the loss of its locks",
      said: ["held", expect.stringContaining("lost Could not keep this run's locks"), "closed"],
    },
    { after: "close()", said: ["held", "closed"] },
  ];
  for (const { after, said } of ends) {
    test(
      `ends at once after ${after}: no timer keeps it alive`,
      async () => {
        const other = await startLockProcess(hub.url, { lock: "fleet", doing: "idle" });
        const started = performance.now();
        if (after === "close()") other.kill("SIGTERM");
        else {
          await observer`select pg_terminate_backend(pid) from pg_stat_activity
            where application_name = ${`state-hub-lock local-timer ${other.pid} somewhere.example`}`;
        }
        expect(await other.exited).toBe(0);
        // Proofs are 5 s apart.
        expect(performance.now() - started).toBeLessThan(4_000);
        expect(other.said).toEqual(said);
      },
      WATCHDOG,
    );
  }
});

describe("Database.sessionLocks()", () => {
  // Every parameter that a connection for locks is opened with, and that PgBouncer does not know by itself.
  const PARAMETERS = [
    ...["statement_timeout", "lock_timeout", "client_connection_check_interval", "idle_in_transaction_session_timeout"],
    ...["tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count", "tcp_user_timeout"],
  ];
  const poolers = [
    {
      what: "in transaction mode that refuses what it does not know",
      mode: "transaction",
      ignored: [],
      says: /unsupported startup parameter/,
    },
    {
      what: "in transaction mode that ignores it",
      mode: "transaction",
      ignored: PARAMETERS,
      says: /the connection is process \d+, but \d+ answers/,
    },
    {
      what: "in session mode",
      mode: "session",
      ignored: PARAMETERS,
      says: /the connection is process \d+, but \d+ answers/,
    },
  ] as const;
  for (const { what, mode, ignored, says } of poolers) {
    test(
      `refuses a pooler ${what}, and says where to point DATABASE_URL`,
      async () => {
        const pooler = await startPgbouncer(hub.url, { mode, ignored });
        const failure = await failureOf(open(pooler.url));
        expect(failure).toMatchObject({ kind: "automation", observed: expect.stringMatching(says) });
        expect(failure.hint).toContain("Point DATABASE_URL at the server's own host and port");
        expect(describeFailure(failure)).not.toContain(new URL(hub.url).password);
        await pooler.stop();
      },
      WATCHDOG,
    );
  }

  test("names a server that refuses, and no password", async () => {
    const wrong = Object.assign(new URL(hub.url), { password: "open-sesame" }).href;
    const failure = await failureOf(open(wrong));
    expect(failure).toMatchObject({ message: "Could not connect for the locks of this run" });
    expect(failure.hint).toContain("password is wrong");
    expect(describeFailure(failure)).not.toContain("open-sesame");
  });

  test("asks the server to notice a lost client, here and for each transaction", async () => {
    const settings = `select string_agg(concat_ws('=', name, setting), ' ' order by name) as noticed from pg_settings
      where name ~ '^tcp_(keepalives|user)|client_connection_check|^TimeZone$'`;
    const locks = await open();
    const database = databaseAt(hub.url);
    const asked = [
      ...(await locks.sql.unsafe<{ noticed: string }[]>(settings)),
      ...(await database.transaction((tx) => tx.unsafe<{ noticed: string }[]>(settings))),
    ];
    const wanted = [
      ...["TimeZone=UTC", "client_connection_check_interval=1000", "tcp_keepalives_count=3", "tcp_keepalives_idle=10"],
      ...["tcp_keepalives_interval=5", "tcp_user_timeout=30000"],
    ];
    expect(asked.map(({ noticed }) => noticed.split(" ").sort())).toEqual([wanted, wanted]);
  });

  test("keeps the promise of a read-only handle: it locks, and writes nothing", async () => {
    const locks = await databaseAt(hub.url, { access: "read-only" }).sessionLocks(ME, QUICK);
    opened.push(locks);
    expect(await locks.tryLock("a")).toBe(true);
    await expect(Promise.resolve(locks.sql`insert into domains (slug) values ('x')`)).rejects.toThrow("read-only");
  });
});
