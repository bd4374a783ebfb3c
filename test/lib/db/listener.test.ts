// Notices from real transactions, over a connection that is cut in between.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import postgres from "postgres";
import { type Database, openDatabase } from "../../../lib/db/connect.ts";
import { Listener } from "../../../lib/db/listener.ts";
import { Secret } from "../../../lib/secret.ts";
import { waitUntil } from "../../../lib/wait_until.ts";
import { freePort } from "../../support/free_port.ts";
import { type FreshDatabase, freshDatabase } from "../../support/postgres_server.ts";

let made: FreshDatabase;
let database: Database;
beforeAll(async () => {
  made = await freshDatabase();
  database = await openDatabase({ url: new Secret(made.url), applicationName: "listener-test", access: "read-write" });
});
afterAll(async () => {
  await database.close();
  await made.drop();
});

const heard = (count: () => number, wanted: number) =>
  waitUntil({ forWhat: `${wanted} notices`, deadlineMs: 10_000 }, () =>
    count() >= wanted ? { found: count() } : { seen: `${count()}` },
  );

describe("listen()", () => {
  test("calls back once when it listens, and for each committed notice; none of a rolled back one", async () => {
    let calls = 0;
    const listener = database.listen("test_channel", () => calls++);
    try {
      await heard(() => calls, 1);
      await database.sql`select pg_notify('test_channel', '')`;
      await heard(() => calls, 2);
      await database.transaction((tx) => tx`select pg_notify('test_channel', '')`, { rollBack: true });
      await database.sql`select pg_notify('test_channel', 'after')`;
      await heard(() => calls, 3);
      expect(calls).toBe(3);
    } finally {
      await listener.close();
    }
  });

  test("listens again after its connection was cut, and says so", async () => {
    let calls = 0;
    const listener = database.listen("test_cut", () => calls++);
    try {
      await heard(() => calls, 1);
      const cut = await database.sql`
        select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'listener-test listen'`;
      expect(cut.length).toBe(1);
      // Nobody asks that connection anything: its death is noticed when it closes, or when it is proven next.
      await heard(() => calls, 2);
      await database.sql`select pg_notify('test_cut', '')`;
      await heard(() => calls, 3);
    } finally {
      await listener.close();
    }
  });
});

describe("a server that is not there", () => {
  test("is tried less and less often", async () => {
    const tries: number[] = [];
    const port = await freePort("127.0.0.1");
    const open = (onclose: () => void) => {
      tries.push(performance.now());
      return postgres({ host: "127.0.0.1", port, max: 1, fetch_types: false, onclose });
    };
    const listener = new Listener(open, { channel: "nobody", onNotice: () => {}, answerWithinMs: 5_000 });
    try {
      await heard(() => tries.length, 5);
      const pauses = tries.slice(1).map((at, index) => at - (tries[index] ?? 0));
      // 100, 200, 400, 800 ms and what each try took.
      expect(pauses.map((pause, index) => pause >= 95 * 2 ** index)).toEqual([true, true, true, true]);
    } finally {
      await listener.close();
    }
  });
});

describe("close()", () => {
  test("is the end: who asks afterwards is refused, and no connection is made", async () => {
    const applicationName = "closed-test";
    const closed = await openDatabase({ url: new Secret(made.url), applicationName, access: "read-write" });
    await closed.close();
    await expect((async () => closed.sql`select 1`)()).rejects.toThrow("CONNECTION_ENDED");
    expect(await database.sql`select from pg_stat_activity where application_name = ${applicationName}`).toHaveLength(
      0,
    );
  });
});

describe("use", () => {
  test("counts readers that are busy, up to their number, and transactions that wait", async () => {
    const pool = await openDatabase({
      url: new Secret(made.url),
      applicationName: "pool-test",
      access: "read-write",
      readers: 2,
      writers: 1,
    });
    try {
      const lock = Promise.withResolvers<void>();
      const first = pool.transaction(async (tx) => {
        await tx`select pg_advisory_xact_lock(77)`;
        await lock.promise;
      });
      const reads = [1, 2, 3].map(() => pool.sql`select pg_sleep(0.2)`.then((rows) => rows.length));
      const second = pool.transaction((tx) => tx`select 1`);
      await waitUntil({ forWhat: "readers and writers to be busy", deadlineMs: 5_000 }, () => {
        const { readers, writers } = pool.use;
        const seen = JSON.stringify({ readers, writers });
        const full = readers.busy === 2 && readers.waiting === 1 && writers.busy === 1 && writers.waiting === 1;
        return full ? { found: seen } : { seen };
      });
      lock.resolve();
      await Promise.all([first, second, ...reads]);
      expect(pool.use).toEqual({
        readers: { size: 2, busy: 0, waiting: 0 },
        writers: { size: 1, busy: 0, waiting: 0 },
      });
    } finally {
      await pool.close();
    }
  });
});
