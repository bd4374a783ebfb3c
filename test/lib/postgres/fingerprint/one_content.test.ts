// For any two small tables: equal by the fingerprint if and only if they hold the same rows, each as often.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { compareTables } from "../../../../lib/postgres/fingerprint/compare_tables.ts";
import { execute, filled, printed } from "./printed.ts";

const row = fc.tuple(
  fc.constantFrom("", "a", "b", "a,b", 'a"b', "\\", "(", "NULL", "ä"),
  fc.constantFrom(null, 0, 1, 2),
);
const rows = fc.array(row, { maxLength: 6 });

type Row = readonly [string, number | null];

function literal(rows: readonly Row[]): string {
  return JSON.stringify(rows.map(([s, n]) => ({ s, n }))).replaceAll("'", "''");
}

test("two tables are equal by their fingerprints if and only if they are equal as multisets of rows", async () => {
  const db = await filled("create schema one", "create schema other");
  const pairs = fc.sample(fc.tuple(rows, rows, fc.boolean()), { numRuns: 150, seed: 20_260_203 });
  const tables = pairs.map(([one, other, same]) => ({ one, other: same ? one.toReversed() : other }));
  const fill = (schema: string, index: number, some: readonly Row[]) => `
    create table ${schema}.t${index} (s text, n int);
    insert into ${schema}.t${index} select s, n from json_to_recordset('${literal(some)}') as x(s text, n int)`;
  await execute(
    db.url,
    tables.flatMap(({ one, other }, index) => [fill("one", index, one), fill("other", index, other)]).join(";"),
  );
  const print = (await printed(db.url)).tables;
  const half = (schema: string) =>
    print
      .filter(({ name }) => name.startsWith(`${schema}.`))
      .map((table) => ({ ...table, name: table.name.replace(/^\w+\./, "") }));
  const compared = new Map(compareTables(half("one"), half("other")).map(({ name, equal }) => [name, equal]));
  const multiset = (some: readonly Row[]) => JSON.stringify(some.map((one) => JSON.stringify(one)).sort());
  const found = { equal: 0, different: 0 };
  for (const [index, { one, other }] of tables.entries()) {
    const same = multiset(one) === multiset(other);
    found[same ? "equal" : "different"] += 1;
    expect([index, one, other, compared.get(`t${index}`)]).toEqual([index, one, other, same]);
  }
  expect(found.equal).toBeGreaterThan(50);
  expect(found.different).toBeGreaterThan(50);
  await db.drop();
}, 60_000);

test("doubled rows do not cancel each other: {a, a} is not {b, b}, in the same bucket too", async () => {
  const db = await filled(
    `create view near as select n from generate_series(1, 1000) n
      where hashtextextended(row(n)::text, 0) & 63 = 5 order by n limit 2`,
    "create table one as select min(n) as n from near, generate_series(1, 2)",
    "create table other as select max(n) as n from near, generate_series(1, 2)",
    "insert into one select * from one",
    "insert into other select * from other",
  );
  const [one, other] = (await printed(db.url)).tables;
  expect([one?.buckets, other?.buckets]).toMatchObject([[{ bucket: 5, rows: 2 }], [{ bucket: 5, rows: 2 }]]);
  expect(one?.buckets).not.toEqual(other?.buckets ?? []);
  await db.drop();
});
