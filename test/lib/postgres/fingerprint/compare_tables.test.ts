import { expect, test } from "bun:test";
import { compareTables } from "../../../../lib/postgres/fingerprint/compare_tables.ts";
import type { TableFingerprint } from "../../../../lib/postgres/fingerprint/fingerprint_types.ts";

const TABLE: TableFingerprint = {
  name: "public.t",
  columns: ["id integer"],
  key: ["id"],
  rows: 3,
  buckets: [
    { bucket: 4, rows: 1, sums: ["7", "8"] },
    { bucket: 9, rows: 2, sums: ["-1", "99999999999999999999"] },
  ],
};
const ALL = Array.from({ length: 64 }, (_, bucket) => bucket);
const other = (more: Partial<TableFingerprint>): TableFingerprint => ({ ...TABLE, ...more });

test("compareTables() says equal of equal tables, whatever the order of tables", () => {
  const second = other({ name: "public.u" });
  const compared = compareTables([TABLE, second], [second, structuredClone(TABLE)]);
  expect(compared).toEqual([
    { name: "public.t", rows: 3, equal: true, buckets_differing: [] },
    { name: "public.u", rows: 3, equal: true, buckets_differing: [] },
  ]);
});

test("compareTables() names the buckets whose rows or sums differ, or that one side alone has", () => {
  const [first, last] = TABLE.buckets;
  if (first === undefined || last === undefined) throw new Error("no buckets");
  const changes: readonly (readonly [TableFingerprint["buckets"], readonly number[]])[] = [
    [[{ ...first, rows: 2 }, last], [4]],
    [[first, { ...last, sums: ["-2", last.sums[1]] }], [9]],
    [[first, { ...last, sums: [last.sums[0], "99999999999999999998"] }], [9]],
    [[last], [4]],
    [[first, last, { ...first, bucket: 63 }], [63]],
    [[], [4, 9]],
  ];
  for (const [buckets, differing] of changes) {
    const [compared] = compareTables([TABLE], [other({ buckets })]);
    expect(compared).toEqual({ name: "public.t", rows: 3, equal: false, buckets_differing: differing });
  }
});

test("compareTables() takes a missing or surplus table, and other columns, types or key, for wholly different", () => {
  const whole = { name: "public.t", rows: 3, equal: false, buckets_differing: ALL };
  expect(compareTables([TABLE], [])).toEqual([whole]);
  expect(compareTables([], [TABLE])).toEqual([{ ...whole, rows: 0 }]);
  for (const change of [{ columns: ["id bigint"] }, { columns: [] }, { key: null }, { key: ["other"] }]) {
    expect(compareTables([TABLE], [other(change)])).toEqual([whole]);
  }
});
