import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import postgres from "postgres";
import { type ConnectOptions, type Database, openDatabase, serverDataDirectory } from "../../../lib/db/connect.ts";
import { databaseFailure } from "../../../lib/db/database_failure.ts";
import { describeFailure, type OpsFailure } from "../../../lib/failure.ts";
import { freePort } from "../../../lib/postgres/free_port.ts";
import { Secret } from "../../../lib/secret.ts";
import { waitUntil } from "../../../lib/wait_until.ts";
import { type FreshDatabase, freshDatabase, testServer } from "../../support/postgres_server.ts";
import { relayTo } from "../../support/tcp_relay.ts";

const WATCHDOG = 20_000;
let fresh: FreshDatabase;
let observer: postgres.Sql;
const opened: Database[] = [];

beforeAll(async () => {
  fresh = await freshDatabase();
  observer = postgres(fresh.url, { max: 1, onnotice: () => {} });
  await observer`create table kept (n integer)`;
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
});
afterAll(async () => {
  await observer.end({ timeout: 1 });
  await fresh.drop();
});

async function open(url: string, more: Partial<ConnectOptions> = {}): Promise<Database> {
  const options = { url: new Secret(url), applicationName: "a test", access: "read-write" as const, ...more };
  const database = await openDatabase(options);
  opened.push(database);
  return database;
}

/** @param change edits the URL of a database that exists */
function urlWith(change: (url: URL) => void): string {
  const url = new URL(fresh.url);
  change(url);
  return url.href;
}

async function failureOf(work: PromiseLike<unknown>): Promise<OpsFailure> {
  try {
    await work;
  } catch (error) {
    return databaseFailure("Could not do it", error);
  }
  throw new Error("it did not fail");
}

describe("openDatabase()", () => {
  const unusable: readonly { what: string; url: () => string; code: string; hint: string }[] = [
    {
      what: "a port where nobody listens",
      url: () => urlWith((url) => Object.assign(url, { port: String(freePort()) })),
      code: "ECONNREFUSED",
      hint: "start it",
    },
    {
      what: "a wrong password",
      url: () => urlWith((url) => Object.assign(url, { password: "open-sesame" })),
      code: "28P01",
      hint: "password is wrong",
    },
    {
      what: "a database that does not exist",
      url: () => urlWith((url) => Object.assign(url, { pathname: "/nowhere" })),
      code: "3D000",
      hint: "createdb",
    },
    {
      what: "a host name that does not resolve",
      url: () => urlWith((url) => Object.assign(url, { hostname: "hub.invalid" })),
      code: "ENOTFOUND",
      hint: "does not resolve",
    },
  ];
  for (const { what, url, code, hint } of unusable) {
    test(`names ${what}, what to try, and no password`, async () => {
      const target = url();
      const failure = await failureOf(open(target));
      expect(failure).toMatchObject({ kind: "automation", message: "Could not connect to the State Hub database" });
      expect(failure.observed).toContain(`[${code}]`);
      expect(failure.hint).toContain(hint);
      expect(failure.where).toContain(new URL(target).host);
      expect(describeFailure(failure)).not.toContain(new URL(target).password);
    });
  }

  test("a read-only handle is refused every write by the server, in and outside of a transaction", async () => {
    const reader = await open(fresh.url, { access: "read-only" });
    expect((await failureOf(reader.sql`insert into kept values (1)`)).hint).toContain("read-only");
    const write = reader.transaction((tx) => tx`insert into kept values (1)`);
    expect((await failureOf(write)).observed).toContain("[25006]");
    expect([...(await observer`select * from kept`)]).toEqual([]);
  });

  test("is seen in pg_stat_activity under its name, and leaves no connection behind when closed", async () => {
    const named = await open(fresh.url, { applicationName: "somebody in particular" });
    await named.transaction((tx) => tx`select 1`);
    const count = async () =>
      (await observer`select 1 from pg_stat_activity where application_name = 'somebody in particular'`).length;
    expect(await count()).toBe(2);
    await named.close();
    await waitUntil({ forWhat: "the connections to end", deadlineMs: WATCHDOG }, async () => {
      const left = await count();
      return left === 0 ? { found: true } : { seen: `${left} left` };
    });
  });
});

describe("Database", () => {
  test("sql: reports a lost connection once, and connects again for whoever asks next", async () => {
    const database = await open(fresh.url);
    const [row] = await database.sql<{ pid: number }[]>`select pg_backend_pid() as pid`;
    const asking = failureOf(database.sql`select pg_sleep(60)`);
    await waitUntil({ forWhat: "the statement", deadlineMs: WATCHDOG }, async () => {
      const [seen] = await observer`select 1 from pg_stat_activity where pid = ${row?.pid ?? 0} and state = 'active'`;
      return seen ? { found: true } : { seen: "idle" };
    });
    await observer`select pg_terminate_backend(${row?.pid ?? 0})`;
    expect((await asking).hint).toContain("The server closed the connection");
    expect([...(await database.sql`select 1 as one`)]).toEqual([{ one: 1 }]);
  });

  test("gives a lock up that somebody holds for ever, and says how to find out who", async () => {
    const url = urlWith((each) => each.searchParams.set("lock_timeout", "100"));
    const database = await open(url);
    const holder = postgres(fresh.url, { max: 1, onnotice: () => {} });
    await holder.begin(async (tx) => {
      await tx`lock table kept`;
      const failure = await failureOf(database.transaction((own) => own`select * from kept`));
      expect(failure.observed).toContain("[55P03]");
      expect(failure.hint).toContain("pg_blocking_pids");
    });
    await holder.end({ timeout: 1 });
    expect(await database.transaction(async (own) => (await own`select * from kept`).length)).toBe(0);
  });

  test("has limits at the server unless the URL sets others", async () => {
    const limits = async (database: Database) =>
      database.transaction(async (tx) => {
        const [row] = await tx<{ limits: string }[]>`
          select concat_ws(' ', current_setting('lock_timeout'), current_setting('statement_timeout'),
            current_setting('idle_in_transaction_session_timeout')) as limits`;
        return row?.limits;
      });
    expect(await limits(await open(fresh.url))).toBe("20s 1min 10min");
    const url = urlWith((each) => each.searchParams.set("statement_timeout", "5000"));
    expect(await limits(await open(url))).toBe("20s 5s 10min");
  });

  const asks: readonly { how: string; ask: (database: Database, silence: () => void) => PromiseLike<unknown> }[] = [
    {
      how: "a statement",
      ask: (database, silence) => {
        silence();
        return database.sql`select 1`;
      },
    },
    {
      how: "BEGIN on a connection that was used before",
      ask: async (database, silence) => {
        await database.transaction((tx) => tx`select 1`);
        silence();
        await database.transaction((tx) => tx`select 1`);
      },
    },
    {
      how: "a statement in a transaction",
      ask: (database, silence) =>
        database.transaction(async (tx) => {
          await tx`insert into kept values (1)`;
          silence();
          await tx`insert into kept values (2)`;
        }),
    },
    {
      how: "COMMIT",
      ask: (database, silence) =>
        database.transaction(async (tx) => {
          await tx`insert into kept values (1)`;
          silence();
        }),
    },
    {
      how: "the ROLLBACK after a failure of the work",
      ask: (database, silence) =>
        database.transaction(async (tx) => {
          await tx`insert into kept values (1)`;
          silence();
          throw new RangeError("a bug");
        }),
    },
  ];
  for (const { how, ask } of asks) {
    test(
      `ends at its deadline when the server falls silent before it answers ${how}`,
      async () => {
        const relay = await relayTo(fresh.url);
        const database = await open(relay.url, { answerWithinMs: 300 });
        const failure = await failureOf(ask(database, relay.swallow));
        expect(describeFailure(failure)).toContain("no answer from PostgreSQL for 0.3 s");
        relay.close();
        expect([...(await observer`select * from kept`)]).toEqual([]);
      },
      WATCHDOG,
    );
  }
});

describe("serverDataDirectory()", () => {
  test("tells which server answers", async () => {
    const server = await testServer();
    expect(await serverDataDirectory(server.url)).toEqual({ dataDirectory: server.dataDirectory });
  });
});
