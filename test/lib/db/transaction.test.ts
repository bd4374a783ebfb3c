// A transaction whose connection dies, against a real server: nothing of it may stay, and nothing may hang.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import postgres from "postgres";
import { Database } from "../../../lib/db/connect.ts";
import type { Reader, Transaction } from "../../../lib/db/handles.ts";
import { describeFailure, OpsFailure } from "../../../lib/failure.ts";
import { Secret } from "../../../lib/secret.ts";
import { waitUntil } from "../../../lib/wait_until.ts";
import { type FreshDatabase, freshDatabase } from "../../support/postgres_server.ts";

const WATCHDOG = 20_000;
let fresh: FreshDatabase;
/** Looks, and ends other backends: never part of what is tested. */
let observer: postgres.Sql;
let database: Database;

beforeAll(async () => {
  fresh = await freshDatabase();
  observer = postgres(fresh.url, { max: 1, onnotice: () => {} });
  await observer`create table seen (n integer not null)`;
  database = new Database({ url: new Secret(fresh.url), applicationName: "lanes", access: "read-write" });
});
afterAll(async () => {
  await database.close();
  await observer.end({ timeout: 1 });
  await fresh.drop();
});
beforeEach(async () => {
  await observer`truncate seen`;
});

const rows = async () => (await observer<{ n: number }[]>`select n from seen order by n`).map(({ n }) => n);

async function backendOf(sql: Reader): Promise<number> {
  const [row] = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`;
  return row?.pid ?? 0;
}

/** Ends a backend and waits until the server has forgotten it: its transaction is rolled back then. */
async function endBackend(pid: number): Promise<void> {
  await observer`select pg_terminate_backend(${pid})`;
  await waitUntil({ forWhat: `the end of backend ${pid}`, deadlineMs: WATCHDOG }, async () => {
    const left = await observer`select 1 from pg_stat_activity where pid = ${pid}`;
    return left.length === 0 ? { found: true } : { seen: "it is there" };
  });
}

/** The backend is at work on a statement: what follows meets it in flight. */
function busyWith(pid: number, text: string): Promise<true> {
  return waitUntil({ forWhat: text, deadlineMs: WATCHDOG }, async () => {
    const [row] = await observer<{ query: string; state: string }[]>`
      select query, state from pg_stat_activity where pid = ${pid}`;
    return row?.state === "active" && row.query.includes(text)
      ? { found: true as const }
      : { seen: `${row?.state}: ${row?.query}` };
  });
}

/** "ran", or why not: never throws, so that a block goes on past a failed statement, as careless code does. */
async function outcomeOf(statement: () => PromiseLike<unknown>): Promise<string> {
  try {
    await statement();
    return "ran";
  } catch (error) {
    return describeFailure(error);
  }
}

/** Runs a block, waits for its own end too, and gives what `transaction` threw. */
async function failureOf(work: (tx: Transaction, pid: number) => Promise<void>): Promise<unknown> {
  const ended = Promise.withResolvers<void>();
  const transaction = database.transaction(async (tx) => {
    try {
      await tx`insert into seen values (1)`;
      await work(tx, await backendOf(tx));
    } finally {
      ended.resolve();
    }
  });
  const failure = await transaction.then(
    () => "it was committed",
    (error: unknown) => error,
  );
  await ended.promise;
  return failure;
}

test(
  "the driver by itself runs the rest of a block outside of its transaction: why lib/db has a guard",
  async () => {
    const bare = postgres(fresh.url, { max: 1, onnotice: () => {} });
    const inside: string[] = [];
    const ended = Promise.withResolvers<void>();
    const transaction = bare.begin(async (tx) => {
      await tx`insert into seen values (1)`;
      const [backend] = await tx<{ pid: number }[]>`select pg_backend_pid() as pid`;
      // Somebody else's statements wait in the same client: they make it reconnect.
      const waiting = [bare`select 2`, bare`select 3`].map((other) => other.catch(() => {}));
      await endBackend(backend?.pid ?? 0);
      await Promise.race(waiting);
      inside.push(await outcomeOf(() => tx`insert into seen values (2)`));
      inside.push(await outcomeOf(() => tx`insert into seen values (3)`));
      ended.resolve();
    });
    expect(await transaction.catch((error: { code: string }) => error.code)).toBe("CONNECTION_CLOSED");
    await ended.promise;
    // When this fails after an upgrade, the driver has learnt it: look whether lane.ts can go.
    expect({ inside, rows: await rows() }).toEqual({ inside: ["ran", "ran"], rows: [2, 3] });
    await bare.end({ timeout: 1 });
  },
  WATCHDOG,
);

const REFUSED = /connection to PostgreSQL closed|CONNECTION_|ECONNRESET/;
const DEATHS: readonly { when: string; work: (tx: Transaction, pid: number, said: string[]) => Promise<void> }[] = [
  {
    when: "between two statements",
    work: async (tx, pid, said) => {
      await endBackend(pid);
      for (const n of [2, 3]) said.push(await outcomeOf(() => tx`insert into seen values (${n})`));
    },
  },
  {
    when: "while the client has other statements waiting",
    work: async (tx, pid, said) => {
      const waiting = [1, 2, 3].map(() => database.sql`select pg_sleep(0.01)`);
      await endBackend(pid);
      await Promise.all(waiting);
      said.push(await outcomeOf(() => tx`insert into seen values (2)`));
    },
  },
  {
    when: "during a statement",
    work: async (tx, pid, said) => {
      const sleeping = outcomeOf(() => tx`select pg_sleep(60)`);
      await busyWith(pid, "pg_sleep");
      await endBackend(pid);
      said.push(await sleeping, await outcomeOf(() => tx.unsafe("insert into seen values (2)")));
    },
  },
  {
    when: "during the first of several statements that were sent together",
    work: async (tx, pid, said) => {
      const sent = [outcomeOf(() => tx`select pg_sleep(60)`)];
      for (let n = 2; n < 8; n++) sent.push(outcomeOf(() => tx`insert into seen values (${n})`));
      await busyWith(pid, "pg_sleep");
      await endBackend(pid);
      said.push(...(await Promise.all(sent)));
    },
  },
  {
    when: "inside of a savepoint",
    work: async (tx, pid, said) => {
      await tx.savepoint(async (inner) => {
        await inner`insert into seen values (2)`;
        await endBackend(pid);
        for (const n of [3, 4]) said.push(await outcomeOf(() => inner`insert into seen values (${n})`));
      });
    },
  },
  {
    when: "inside of a savepoint whose failure the block swallows",
    work: async (tx, pid, said) => {
      const savepoint = tx.savepoint(async (inner) => {
        await endBackend(pid);
        await inner`insert into seen values (2)`;
      });
      said.push(await outcomeOf(() => savepoint), await outcomeOf(() => tx`insert into seen values (3)`));
    },
  },
  { when: "before COMMIT", work: async (_, pid) => endBackend(pid) },
];

describe("Database.transaction()", () => {
  for (const { when, work } of DEATHS) {
    test(
      `leaves nothing behind when the backend dies ${when}, says so, and the next one works`,
      async () => {
        const said: string[] = [];
        const failure = await failureOf((tx, pid) => work(tx, pid, said));
        expect(failure).toBeInstanceOf(OpsFailure);
        expect(describeFailure(failure)).toContain("the connection to PostgreSQL closed");
        for (const outcome of said) expect(outcome).toMatch(REFUSED);
        expect(await rows()).toEqual([]);
        await database.transaction((tx) => tx`insert into seen values (9)`);
        expect(await rows()).toEqual([9]);
      },
      WATCHDOG,
    );
  }

  test(
    "reports a COMMIT whose answer never came as a lost connection, whatever became of it",
    async () => {
      await observer`
        create function hold() returns trigger language plpgsql as 'begin perform pg_sleep(60); return null; end'`;
      await observer`create constraint trigger hold after insert on seen deferrable initially deferred
        for each row when (new.n = 77) execute function hold()`;
      let pid = 0;
      const transaction = outcomeOf(() =>
        database.transaction(async (tx) => {
          pid = await backendOf(tx);
          await tx`insert into seen values (77)`;
        }),
      );
      await waitUntil({ forWhat: "the transaction", deadlineMs: WATCHDOG }, () =>
        pid === 0 ? { seen: "none" } : { found: true },
      );
      await busyWith(pid, "commit");
      await endBackend(pid);
      expect(await transaction).toContain("the connection to PostgreSQL closed");
      expect(await rows()).toEqual([]);
    },
    WATCHDOG,
  );

  test("takes a new connection when the last one died unused", async () => {
    const pid = await database.transaction(backendOf);
    await endBackend(pid);
    // Longer on its way than the news of the end, which comes to this process by itself.
    await database.sql`select pg_sleep(0.1)`;
    expect(await database.transaction(backendOf)).not.toBe(pid);
  });

  test("rolls back when the work throws, and hands its error on as it is", async () => {
    const bug = new RangeError("a bug");
    const thrown = failureOf(async () => {
      throw bug;
    });
    expect(await thrown).toBe(bug);
    expect(await rows()).toEqual([]);
  });

  test("rolls back when a statement fails, also one whose error the work swallowed", async () => {
    const failure = await failureOf(async (tx) => {
      await tx`insert into seen values (null)`.catch(() => {});
    });
    expect(failure).toMatchObject({ code: "23502" });
    expect(await rows()).toEqual([]);
  });

  test("keeps the outer statements when a savepoint fails", async () => {
    await database.transaction(async (tx) => {
      await tx`insert into seen values (1)`;
      const inner = tx.savepoint(async (sp) => {
        await sp`insert into seen values (2)`;
        throw new Error("not this");
      });
      expect(await outcomeOf(() => inner)).toBe("not this");
      await tx.savepoint((sp) => sp`insert into seen values (3)`);
    });
    expect(await rows()).toEqual([1, 3]);
  });

  test("rollBack: runs everything, gives the result, and leaves nothing", async () => {
    const counted = await database.transaction(
      async (tx) => {
        await tx`insert into seen values (1)`;
        return (await tx`select n from seen`).length;
      },
      { rollBack: true },
    );
    expect({ counted, rows: await rows() }).toEqual({ counted: 1, rows: [] });
  });

  test(
    "runs at most four at once and loses none of fifty",
    async () => {
      let [now, most] = [0, 0];
      const all = Array.from({ length: 50 }, (_, n) =>
        database.transaction(async (tx) => {
          most = Math.max(most, ++now);
          await tx`insert into seen values (${n})`;
          now--;
        }),
      );
      await Promise.all(all);
      expect(await rows()).toEqual(Array.from({ length: 50 }, (_, n) => n));
      expect(most).toBeLessThanOrEqual(4);
    },
    WATCHDOG,
  );

  test("a handle kept after a committed block cannot write any more", async () => {
    let kept: Transaction | undefined;
    await database.transaction(async (tx) => {
      kept = tx;
      await tx`insert into seen values (1)`;
    });
    const late = await outcomeOf(() => (kept ? kept`insert into seen values (2)` : Promise.resolve()));
    expect(late).toContain("after the end of its transaction");
    expect(await rows()).toEqual([1]);
  });
});

test(
  "what waits for its turn when the handle is closed never runs",
  async () => {
    const one = new Database({
      url: new Secret(fresh.url),
      applicationName: "turns",
      access: "read-write",
      writers: 1,
    });
    const insert = (n: number) =>
      one.transaction(async (tx) => {
        await tx`insert into seen values (${n})`;
        await tx`select pg_sleep(0.1)`;
      });
    const work = [1, 2, 3].map(insert);
    const settled = Promise.allSettled(work);
    await one.close();
    const outcomes = (await settled).map((each) =>
      each.status === "fulfilled" ? "done" : describeFailure(each.reason),
    );
    const refused = expect.stringContaining("closed before this transaction's turn");
    expect({ outcomes, rows: await rows() }).toEqual({ outcomes: ["done", refused, refused], rows: [1] });
  },
  WATCHDOG,
);
