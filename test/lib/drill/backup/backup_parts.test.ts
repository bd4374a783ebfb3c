// How a backup is split: every table in exactly one part, and never so many parts that they cost more than they win.
import { expect, test } from "bun:test";
import { planParts, TABLE_SIZES } from "../../../../lib/drill/backup/backup_parts.ts";
import { openSession } from "../../../../lib/drill/copy/one_session.ts";
import { Secret } from "../../../../lib/secret.ts";
import { freshDatabase } from "../../../support/postgres_server.ts";

const GB = 1024 ** 3;
const table = (name: string, bytes: number) => ({ name, bytes });

test("planParts() keeps small tables in one part", () => {
  const parts = planParts([table("a", 100), table("b", 200)], 4);
  expect(parts).toEqual([{ name: "data-001", selection: { kind: "all-but", tables: [] } }]);
});

test("planParts() puts large tables apart, the largest first, and leaves them out of the rest", () => {
  const parts = planParts([table("a", 5 * GB), table("b", 1000), table("c", 7 * GB)], 2);
  expect(parts).toEqual([
    { name: "data-002", selection: { kind: "tables", tables: ["c"] } },
    { name: "data-003", selection: { kind: "tables", tables: ["a"] } },
    { name: "data-001", selection: { kind: "all-but", tables: ["c", "a"] } },
  ]);
});

test("planParts() makes one stream for one job, whatever the sizes", () => {
  expect(planParts([table("a", 50 * GB), table("b", 50 * GB)], 1)).toHaveLength(1);
});

test("planParts() makes at most two parts a job beside the rest, of however many large tables", () => {
  const tables = Array.from({ length: 100 }, (_, n) => table(`t${n}`, GB));
  for (const jobs of [2, 4, 16]) expect(planParts(tables, jobs).length).toBeLessThanOrEqual(2 * jobs + 1);
});

test("TABLE_SIZES lists leaves of partitioned tables and freshly loaded ones, with what is stored out of line", async () => {
  const database = await freshDatabase();
  const { query, close } = await openSession(new Secret(database.url));
  try {
    await query("create table parted (n int) partition by list (n)");
    await query(`create table "Leaf" partition of parted for values in (1)`);
    await query("create table wide (t text)");
    await query("alter table wide alter t set storage external");
    await query("insert into wide select repeat('x', 1000000)");
    const rows = await query<{ name: string; bytes: string }>(TABLE_SIZES);
    expect(rows.map(({ name }) => name)).toEqual([`public."Leaf"`, "public.wide"]);
    expect(Number(rows[1]?.bytes)).toBeGreaterThan(1_000_000);
  } finally {
    await close();
    await database.drop();
  }
});
