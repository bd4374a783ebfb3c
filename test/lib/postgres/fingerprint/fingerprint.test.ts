// Which content is told apart and which is not, by a real server.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { compareTables } from "../../../../lib/postgres/fingerprint/compare_tables.ts";
import { fingerprint } from "../../../../lib/postgres/fingerprint/fingerprint.ts";
import type { FreshDatabase } from "../../../support/postgres_server.ts";
import { execute, filled, printed, snapshotOf, tableOf } from "./printed.ts";

let database: FreshDatabase;
beforeAll(async () => {
  database = await filled(
    "create type mood as enum ('ok', 'bad')",
    "create type pair as (a int, b text)",
    "create domain short as varchar(5)",
    "create table target (id int primary key)",
    "create table other (id int primary key)",
  );
});
afterAll(() => database.drop());

/** [type, one value, another that a careless comparison takes for the same, or close to it] */
const VALUES: readonly (readonly [string, string, string])[] = [
  ["json", `'{"a": 1}'`, `'{"a":1}'`],
  ["jsonb", `'{"a": 1.0}'`, `'{"a": 1.00}'`],
  ["numeric", "1.0", "1.00"],
  ["numeric", "'NaN'", "'Infinity'"],
  ["float8", "'0'", "'-0'"],
  ["float8", "'NaN'", "'Infinity'"],
  ["float8", "0.1::float8 + 0.2::float8", "0.3"],
  ["real", "1.1", "1.1000001"],
  ["text[]", "array['a', null]", "array['a', 'null']"],
  ["text[]", "array['a,b']", "array['a', 'b']"],
  ["int[]", "'[0:1]={1,2}'", "'{1,2}'"],
  ["int4range", "'[1,5)'", "'[1,6)'"],
  ["int4multirange", "'{[1,5),[7,8)}'", "'{[1,8)}'"],
  ["bytea", "'\\x00'", "'\\x0000'"],
  ["pair", "row(1, 'x')", "row(1, null)"],
  ["short", "'a'", "'a '"],
  ["xml", "'<a>1</a>'", "'<a> 1</a>'"],
  ["money", "1.00", "1.01"],
  ["timestamptz", "'2026-01-01 00:00:00.000001+00'", "'2026-01-01 00:00:00.000002+00'"],
  ["interval", "'1 month'", "'30 days'"],
  ["mood", "'ok'", "'bad'"],
  ["text", "''", "null"],
  ["text", "'null'", "null"],
  ["text", `E'a\\nb'`, `E'a\\\\nb'`],
  ["regclass", "'target'", "'other'"],
  ["bit(4)", "b'0100'", "b'0010'"],
  ["char(5)", "'a'", "'b'"],
];

describe("fingerprint()", () => {
  test("tells every value apart that a column can hold, of each kind of type", async () => {
    const names = VALUES.map(
      (_, index) => [`kind_${index}_one`, `kind_${index}_other`, `kind_${index}_again`] as const,
    );
    const statements = VALUES.flatMap(([type, one, other], index) =>
      [one, other, one].map((value, which) => {
        const name = names[index]?.[which];
        return `create table ${name} (id int primary key, v ${type}); insert into ${name} values (1, ${value})`;
      }),
    );
    await execute(database.url, ...statements);
    const { tables } = await printed(database.url);
    const bucketsOf = (name: string) => tables.find((table) => table.name === `public.${name}`)?.buckets;
    for (const [index, [one, other, again]] of names.entries()) {
      const what = `${VALUES[index]}`;
      expect([what, bucketsOf(one)]).toEqual([what, bucketsOf(again)]);
      expect([what, bucketsOf(one)]).not.toEqual([what, bucketsOf(other)]);
    }
  });

  test("does not change with physical order, dropped columns, fillfactor, order of columns or storage", async () => {
    const columns = "id int primary key, body text, n numeric";
    const rows = "select i, repeat(md5(i::text), i % 200), i / 3.0 from generate_series(1, 2000) i";
    const one = await filled(`create table t (${columns})`, `insert into t ${rows}`);
    const other = await filled(
      `create table t (gone int, n numeric, id int primary key, also_gone text, body text) with (fillfactor = 20)`,
      "alter table t alter body set storage external",
      `insert into t (id, body, n, gone) select *, 7 from (${rows} order by md5(i::text)) s`,
      "alter table t drop column gone, drop column also_gone",
      "update t set body = body where id % 3 = 0",
      "delete from t where id > 1990",
      `insert into t (id, body, n) select * from (${rows}) s (i) where i > 1990`,
    );
    expect((await tableOf(one.url, "public.t")).buckets).toHaveLength(64);
    expect(await printed(other.url)).toEqual(await printed(one.url));
    await Promise.all([one.drop(), other.drop()]);
  });

  test("does not depend on what the role or the database sets for its sessions", async () => {
    const db = await filled(
      "create table t (at timestamptz, d date, i interval, f float8, b bytea, c regclass, m money)",
      `insert into t values ('2026-02-03 04:05:06+00', '2026-02-03', '1 mon -3 days 04:05', 0.1::float8 + 0.2::float8,
        '\\x00ff', 't', 12.34)`,
    );
    const wanted = await printed(db.url);
    const settings = [
      ...["TimeZone = 'Asia/Tokyo'", "DateStyle = 'German'", "IntervalStyle = 'iso_8601'", "extra_float_digits = 0"],
      ...["bytea_output = 'escape'", "quote_all_identifiers = on", "search_path = elsewhere"],
    ];
    await execute(db.url, ...settings.map((setting) => `alter database ${db.name} set ${setting}`));
    expect(await printed(db.url)).toEqual(wanted);
    await db.drop();
  });

  test("finds one row changed, missing, doubled or moved in a table of many pieces, by its key's bucket", async () => {
    // Each with the number of buckets that differ from then on: a moved row leaves one and comes into another.
    const changes = [
      ["update t set body = body || 'x' where id = 4900", 1],
      ["delete from t where id = 77", 2],
      ["insert into t select 5001, at, body from t where id = 1", 3],
      ["update t set id = 5002 where id = 1", 5],
    ] as const;
    const db = await filled(
      // One row a page.
      "create table t (id int primary key, at timestamptz, body text) with (fillfactor = 10)",
      `insert into t select i, '2020-01-01'::timestamptz + i * '1 s'::interval, repeat(md5(i::text), 25)
        from generate_series(1, 5000) i`,
    );
    const before = (await printed(db.url)).tables;
    expect(before[0]?.rows).toBe(5_000);
    for (const [change, most] of changes) {
      await execute(db.url, change);
      const [table] = compareTables(before, (await printed(db.url)).tables);
      expect([change, table?.equal]).toEqual([change, false]);
      expect(table?.buckets_differing.length).toBeLessThanOrEqual(most);
    }
    await db.drop();
  }, 60_000);

  test("counts rows of tables without a column, without a key, and with doubled rows", async () => {
    const db = await filled(
      "create table nothing ()",
      "insert into nothing default values",
      "insert into nothing default values",
      "create table twice (n int)",
      "insert into twice values (2), (2)",
      "create table thrice (n int)",
      "insert into thrice values (3), (3)",
    );
    const { tables } = await printed(db.url);
    expect(tables.map(({ name, rows, key }) => [name, rows, key])).toEqual([
      ["public.nothing", 2, null],
      ["public.thrice", 2, null],
      ["public.twice", 2, null],
    ]);
    expect(tables[1]?.buckets).not.toEqual(tables[2]?.buckets ?? []);
    await db.drop();
  });

  test("reads leaves, parents of inheritance, unlogged and oddly named tables, generated columns; no view, no temporary one", async () => {
    const db = await filled(
      "create table part (id int, at date) partition by range (at)",
      "create table part_1 partition of part for values from ('2026-01-01') to ('2027-01-01')",
      "insert into part values (1, '2026-05-05')",
      "create table parent (id int)",
      "create table child (extra text) inherits (parent)",
      "insert into parent values (1)",
      "insert into child values (2, 'x'), (3, 'y')",
      "create unlogged table fast (id int)",
      "insert into fast values (1)",
      `create schema "Odd ""schema"""`,
      `create table "Odd ""schema"""."Select" ("From" int primary key, "a""b" text, "t" int, double int generated always as ("From" * 2) stored)`,
      `insert into "Odd ""schema"""."Select" values (1, 'x', 2)`,
      "create materialized view mat as select 1 as one",
      "create view seen as select 1 as one",
    );
    const { tables } = await printed(db.url);
    expect(tables.map(({ name, rows }) => [name, rows])).toEqual([
      [`"Odd ""schema"""."Select"`, 1],
      ["public.child", 2],
      ["public.fast", 1],
      ["public.parent", 1],
      ["public.part_1", 1],
    ]);
    expect(tables[0]).toMatchObject({
      columns: [`"From" integer`, `"a""b" text`, "double integer", "t integer"],
      key: [`"From"`],
    });
    await db.drop();
  });

  test("takes the primary key for the buckets, else the smallest unique one without nulls, the same on every side", async () => {
    const db = await filled(
      "create table a (x int unique, y int not null unique, z int not null unique)",
      "create table b (x int not null, y int not null, p int, unique (y, x) include (p), unique (x, y))",
      "create table c (x int not null unique, y int primary key)",
      "create table d (x int not null, y int)",
      "create unique index on d (x) where y > 0",
      "create unique index on d (lower(x::text))",
    );
    const { tables } = await printed(db.url);
    expect(tables.map(({ key }) => key)).toEqual([["y"], ["x", "y"], ["y"], null]);
    await db.drop();
  });

  test("reads 1,600 columns, and a row of 10 MB", async () => {
    const columns = Array.from({ length: 1600 }, (_, index) => `c${index} int2`);
    const db = await filled(
      `create table wide (${columns.join(", ")})`,
      "insert into wide (c0, c1599) values (1, 2)",
      "create table heavy (id int primary key, body text)",
      "insert into heavy values (1, repeat('x', 10000000)), (2, repeat('y', 10))",
    );
    const before = (await printed(db.url)).tables;
    await execute(
      db.url,
      "update wide set c800 = 1",
      "update heavy set body = overlay(body placing 'z' from 9999999) where id = 1",
    );
    const compared = compareTables(before, (await printed(db.url)).tables);
    expect(compared.map(({ name, rows, buckets_differing }) => [name, rows, buckets_differing.length])).toEqual([
      ["public.heavy", 2, 1],
      ["public.wide", 1, 2],
    ]);
    await db.drop();
  }, 60_000);

  test("shows what the snapshot shows, whatever others write meanwhile", async () => {
    const db = await filled("create table t (id int primary key)", "insert into t select generate_series(1, 1000)");
    const wanted = await printed(db.url);
    const snapshot = await snapshotOf(db.url);
    await execute(db.url, "delete from t where id < 500", "insert into t values (5000)", "create table later (id int)");
    expect(await fingerprint(snapshot)).toEqual(wanted);
    await snapshot.close();
    expect(await printed(db.url)).not.toEqual(wanted);
    await db.drop();
  });
});

test("calls no function of the database's owner, neither by a cast of a key nor by a name that hides the server's own", async () => {
  const refuse = "language plpgsql as $$ begin raise exception 'called'; end $$";
  const db = await filled(
    "create type mood as enum ('low', 'high')",
    `create function spelled(mood) returns text ${refuse}`,
    "create cast (mood as text) with function spelled(mood)",
    "create table felt (at mood primary key)",
    "insert into felt values ('low'), ('high')",
    `create function format(text, name, name) returns text ${refuse}`,
  );
  expect((await printed(db.url)).tables.map(({ rows }) => rows)).toEqual([2]);
});
