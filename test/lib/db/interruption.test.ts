// A run that is told to stop while it waits in the database, against a real server: it hears so within two seconds, nothing
// of its transaction stays, and no connection is left there.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "bun:test";
import postgres from "postgres";
import { Database } from "../../../lib/db/connect.ts";
import type { Reader, Transaction } from "../../../lib/db/handles.ts";
import { OpsFailure } from "../../../lib/failure.ts";
import { Secret } from "../../../lib/secret.ts";
import { waitUntil } from "../../../lib/wait_until.ts";
import { type FreshDatabase, freshDatabase } from "../../support/postgres_server.ts";

const WATCHDOG = 20_000;
/** A second of patience, and what a busy machine adds. */
const SOON_MS = 2_500;
/** The one that ended the other takes its leave. */
const LEFT_MS = 500;
const NAME = "is told to stop";
const STOPPED = new OpsFailure("Stopped by SIGTERM");

let fresh: FreshDatabase;
/** Holds the lock, and looks. */
let holder: postgres.Sql;
let observer: postgres.Sql;
let database: Database;
let stop: AbortController;

beforeAll(async () => {
  fresh = await freshDatabase();
  [holder, observer] = [1, 2].map(() => postgres(fresh.url, { max: 1, onnotice: () => {} })) as [
    postgres.Sql,
    postgres.Sql,
  ];
  await observer`create table seen (n integer not null)`;
  await observer`create table locked (n integer)`;
});
afterAll(async () => {
  await Promise.all([holder, observer].map((each) => each.end({ timeout: 1 })));
  await fresh.drop();
});
beforeEach(async () => {
  await observer`truncate seen`;
  stop = new AbortController();
  const url = new Secret(fresh.url);
  database = new Database({ url, applicationName: NAME, access: "read-write", signal: stop.signal });
});
afterEach(() => database.close());

const rows = async () => (await observer<{ n: number }[]>`select n from seen order by n`).map(({ n }) => n);

/** Of the run: what the server has of it now. */
const backends = () =>
  observer<{ state: string; waits: string; query: string }[]>`
    select state, coalesce(wait_event_type, '') as waits, query from pg_stat_activity where application_name = ${NAME}`;

async function whileLocked(work: () => Promise<void>): Promise<void> {
  await holder.begin(async (tx) => {
    await tx`lock table locked in access exclusive mode`;
    await work();
  });
}

function seenThat(forWhat: string, is: (one: { state: string; waits: string; query: string }) => boolean) {
  return waitUntil({ forWhat, deadlineMs: WATCHDOG }, async () => {
    const all = await backends();
    return all.some(is) ? { found: true as const } : { seen: JSON.stringify(all) };
  });
}
/** Far sooner than a server notices by itself that a client has left. */
const nothingLeft = () =>
  waitUntil({ forWhat: "the last session to leave", deadlineMs: LEFT_MS }, async () => {
    const left = await backends();
    return left.length === 0 ? { found: true } : { seen: JSON.stringify(left) };
  });
const waitsForLock = () => seenThat("a statement that waits", ({ waits }) => waits === "Lock");

/** Tells the run to stop. @returns what the work rejected with, and that it did so soon */
async function stopped(work: Promise<unknown>): Promise<unknown> {
  const began = performance.now();
  stop.abort(STOPPED);
  const failure = await work.then(
    () => "it was done",
    (error: unknown) => error,
  );
  expect(performance.now() - began).toBeLessThan(SOON_MS);
  return failure;
}

const waitIn = async (reader: Reader) => void (await reader`select n from locked`);

test(
  "a statement that waits for a lock is given up, and its connection is gone from the server by then",
  () =>
    whileLocked(async () => {
      const waiting = waitIn(database.sql);
      waiting.catch(() => {});
      await waitsForLock();
      expect(await stopped(waiting)).toBe(STOPPED);
      await nothingLeft();
    }),
  WATCHDOG,
);

const CARELESS: readonly { what: string; work: (tx: Transaction, said: unknown[]) => Promise<void> }[] = [
  {
    what: "goes on past the failed statement",
    work: async (tx, said) => {
      await waitIn(tx).catch((error) => said.push(error));
      await tx`insert into seen values (2)`.catch((error) => said.push(error));
    },
  },
  {
    what: "waits within a savepoint, and goes on past it",
    work: async (tx, said) => {
      await tx.savepoint((inner) => waitIn(inner)).catch((error) => said.push(error));
      await tx.unsafe("insert into seen values (2)").catch((error) => said.push(error));
    },
  },
];
test.each(CARELESS)(
  "of a transaction that $what, nothing stays: each later statement is refused, inside and after it",
  async ({ work }) => {
    const said: unknown[] = [];
    const ended = Promise.withResolvers<void>();
    await whileLocked(async () => {
      const transaction = database.transaction(async (tx) => {
        await tx`insert into seen values (1)`;
        await work(tx, said).catch((error) => said.push(error));
        ended.resolve();
      });
      transaction.catch(() => {});
      await waitsForLock();
      expect(await stopped(transaction)).toBe(STOPPED);
      await nothingLeft();
    });
    await ended.promise;
    expect({ said, rows: await rows() }).toEqual({ said: [STOPPED, STOPPED], rows: [] });
  },
  WATCHDOG,
);

test(
  "after the signal, what waits for nobody is answered as ever, and what waits is given up as well",
  async () => {
    stop.abort(STOPPED);
    await database.transaction(async (tx) => void (await tx`insert into seen values (1)`));
    await whileLocked(async () => {
      expect(await stopped(waitIn(database.sql))).toBe(STOPPED);
    });
    await database.sql`insert into seen values (2)`;
    expect(await rows()).toEqual([1, 2]);
  },
  WATCHDOG,
);

test(
  "a COMMIT under way is waited for: whoever stopped it knows what came of it",
  async () => {
    await observer.unsafe(`
      create function slowly() returns trigger language plpgsql as $$ begin perform pg_sleep(1.8); return null; end $$;
      create constraint trigger slowly after insert on seen deferrable initially deferred
        for each row execute function slowly();`);
    try {
      const transaction = database.transaction(async (tx) => void (await tx`insert into seen values (1)`));
      await seenThat("a COMMIT under way", ({ state, query }) => state === "active" && /^commit/i.test(query));
      stop.abort(STOPPED);
      await transaction;
      expect(await rows()).toEqual([1]);
    } finally {
      await observer.unsafe("drop function slowly() cascade");
    }
  },
  WATCHDOG,
);
