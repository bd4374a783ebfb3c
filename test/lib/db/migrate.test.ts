import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import postgres from "postgres";
import { Database } from "../../../lib/db/connect.ts";
import {
  type Migration,
  migrate,
  migrationStatus,
  newestVersion,
  readMigrations,
  requireSchema,
  schemaState,
} from "../../../lib/db/migrate.ts";
import { OpsFailure } from "../../../lib/failure.ts";
import { Secret } from "../../../lib/secret.ts";
import { type FreshDatabase, freshDatabase } from "../../support/postgres_server.ts";

let fresh: FreshDatabase;
let database: Database;
const opened: Database[] = [];

beforeEach(async () => {
  fresh = await freshDatabase();
  database = open();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
  await fresh.drop();
});

function open(): Database {
  const each = new Database({ url: new Secret(fresh.url), applicationName: "migrate", access: "read-write" });
  opened.push(each);
  return each;
}

function made(version: number, sql: string): Migration {
  return { version, name: `step_${version}`, sha256: new Bun.CryptoHasher("sha256").update(sql).digest("hex"), sql };
}

const ONE = made(1, "create table one (n integer); insert into one values (1);");
const TWO = made(2, "create table two (n integer); insert into two select n + 1 from one;");
const BROKEN = made(3, "create table three (n integer); insert into three values ('not a number');");

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => "no failure",
    (error: unknown) => error,
  );
}

async function tables(): Promise<string[]> {
  const rows = await database.sql<{ name: string }[]>`
    select table_name as name from information_schema.tables where table_schema = 'public' order by 1`;
  return rows.map(({ name }) => name);
}

describe("migrate()", () => {
  test("brings an empty database to the newest version, and a second time does nothing", async () => {
    const versions = readMigrations().map(({ version }) => version);
    expect(await schemaState(database.sql)).toBe("empty");
    const first = await migrate(database);
    expect(first.applied).toEqual(versions);
    expect(first.status.every(({ state, applied_at }) => state === "applied" && applied_at !== null)).toBe(true);
    expect(await schemaState(database.sql)).toBe("ready");
    const second = await migrate(database);
    expect(second.applied).toEqual([]);
    expect(second.status).toEqual(first.status);
  });

  test("applies only what is pending, oldest first", async () => {
    await migrate(database, { migrations: [ONE] });
    const { applied, status } = await migrate(database, { migrations: [ONE, TWO] });
    expect(applied).toEqual([2]);
    expect(status.map(({ version, state }) => [version, state])).toEqual([
      [1, "applied"],
      [2, "applied"],
    ]);
    expect([...(await database.sql`select n from two`)]).toEqual([{ n: 2 }]);
  });

  test("a dry run reports what it would apply and leaves the database as it was", async () => {
    const { applied } = await migrate(database, { dryRun: true, migrations: [ONE, TWO] });
    expect(applied).toEqual([1, 2]);
    expect(await tables()).toEqual([]);
  });

  test("two at once both succeed, and each migration is applied once", async () => {
    const [left, right] = await Promise.all([migrate(open()), migrate(open())]);
    expect([...left.applied, ...right.applied].sort()).toEqual(readMigrations().map(({ version }) => version));
    expect(left.status).toEqual(right.status);
  });

  test("waits for another one that takes its time, instead of giving up with the lock timeout", async () => {
    const url = new URL(fresh.url);
    url.searchParams.set("lock_timeout", "50");
    const impatient = new Database({ url: new Secret(url.href), applicationName: "two", access: "read-write" });
    opened.push(impatient);
    const holder = postgres(fresh.url, { max: 1, onnotice: () => {} });
    const waits = await holder.begin(async (tx) => {
      await tx`select pg_advisory_xact_lock(7305001)`;
      const migrating = migrate(impatient, { migrations: [ONE] });
      // Four times its own lock_timeout: by then it would have given up.
      await tx`select pg_sleep(0.2)`;
      return { migrating };
    });
    expect((await waits.migrating).applied).toEqual([1]);
    await holder.end({ timeout: 1 });
  });

  test("a migration that fails leaves the database at the version it had, also what ran before it", async () => {
    await migrate(database, { migrations: [ONE] });
    const failure = await failureOf(migrate(database, { migrations: [ONE, TWO, BROKEN] }));
    expect(failure).toMatchObject({ code: "22P02" });
    expect(await tables()).toEqual(["one", "schema_migrations"]);
    expect((await migrate(database, { migrations: [ONE, TWO] })).applied).toEqual([2]);
  });

  test("refuses a database that is newer than this toolkit, and says what to do", async () => {
    await migrate(database);
    await database.sql`insert into schema_migrations (version, name, sha256) values (9999, 'from_the_future', '')`;
    const refusals = [migrate(database), schemaState(database.sql), requireSchema(database.sql)];
    for (const refusal of await Promise.all(refusals.map(failureOf))) {
      expect(refusal).toBeInstanceOf(OpsFailure);
      expect(refusal).toMatchObject({ observed: "its schema is version 9999", kind: "automation" });
      expect((refusal as OpsFailure).expected).toContain(`at most ${newestVersion()}`);
      expect((refusal as OpsFailure).hint).toContain("git pull");
    }
    const status = await migrationStatus(database.sql);
    expect(status.at(-1)).toMatchObject({ version: 9999, name: "from_the_future", state: "unknown here" });
  });

  test("refuses when a file was changed after it was applied, and applies nothing", async () => {
    await migrate(database, { migrations: [ONE] });
    const changed = { ...ONE, ...made(1, `${ONE.sql} -- changed`) };
    const failure = await failureOf(migrate(database, { migrations: [changed, TWO] }));
    expect(failure).toMatchObject({ where: "lib/db/migrations/0001_step_1.sql", kind: "automation" });
    expect(await tables()).toEqual(["one", "schema_migrations"]);
  });
});

describe("migrationStatus()", () => {
  test("lists pending migrations of an empty database without writing anything", async () => {
    const status = await migrationStatus(database.sql, [ONE, TWO]);
    expect(status).toEqual([
      { version: 1, name: "step_1", state: "pending", applied_at: null },
      { version: 2, name: "step_2", state: "pending", applied_at: null },
    ]);
    expect(await tables()).toEqual([]);
  });
});

describe("requireSchema()", () => {
  test("names the command to type when there is no State Hub in it", async () => {
    expect(await failureOf(requireSchema(database.sql))).toMatchObject({
      observed: "it holds no State Hub",
      hint: "scripts/state_hub.ts migrate",
    });
  });
});

describe("migrate() and schemaState()", () => {
  test("refuse a database of something else, and one that another toolkit's migration made", async () => {
    await database.sql`create table invoices (id int)`;
    expect(await failureOf(migrate(database))).toMatchObject({ observed: expect.stringContaining("invoices") });
    expect(await tables()).toEqual(["invoices"]);
    await database.sql`drop table invoices`;
    await migrate(database);
    await database.sql`update schema_migrations set sha256 = 'of another file' where version = 1`;
    expect(await failureOf(schemaState(database.sql))).toMatchObject({
      observed: expect.stringContaining("another toolkit"),
    });
  });
});

describe("readMigrations()", () => {
  test("numbers them without a gap from one, each ending in the version that newestVersion() promises", () => {
    const versions = readMigrations().map(({ version }) => version);
    expect(versions).toEqual(versions.map((_, index) => index + 1));
    expect(versions.at(-1)).toBe(newestVersion());
  });
});
