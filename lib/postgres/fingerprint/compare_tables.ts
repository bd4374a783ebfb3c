// Which tables are not the same on both sides, and where in them. (pure)
import type { Bucket, TableFingerprint } from "./fingerprint_types.ts";
import { BUCKETS } from "./piece_statement.ts";

export interface TableComparison {
  readonly name: string;
  /** In the expected one; a table that the actual one alone has counts 0. */
  readonly rows: number;
  readonly equal: boolean;
  /** Numbers of the key buckets, ascending; all of them where the table is missing, or its columns or key differ. */
  readonly buckets_differing: readonly number[];
}

const ALL = Array.from({ length: BUCKETS }, (_, bucket) => bucket);

/** One for each table that either side has: first the expected ones in their order. */
export function compareTables(
  expected: readonly TableFingerprint[],
  actual: readonly TableFingerprint[],
): TableComparison[] {
  const found = new Map(actual.map((table) => [table.name, table]));
  const wanted = new Set(expected.map(({ name }) => name));
  const surplus = actual.filter(({ name }) => !wanted.has(name));
  return [
    ...expected.map((table) => compared(table, found.get(table.name))),
    ...surplus.map(({ name }) => ({ name, rows: 0, equal: false, buckets_differing: ALL })),
  ];
}

function compared(expected: TableFingerprint, actual: TableFingerprint | undefined): TableComparison {
  const differing = actual === undefined || !comparable(expected, actual) ? ALL : differingBuckets(expected, actual);
  return { name: expected.name, rows: expected.rows, equal: differing.length === 0, buckets_differing: differing };
}

/** With another key the same rows would be in other buckets. */
function comparable(expected: TableFingerprint, actual: TableFingerprint): boolean {
  const shape = ({ columns, key }: TableFingerprint) => JSON.stringify([columns, key]);
  return shape(expected) === shape(actual);
}

function differingBuckets(expected: TableFingerprint, actual: TableFingerprint): number[] {
  const contents = (buckets: readonly Bucket[]) =>
    new Map(buckets.map(({ bucket, rows, sums }) => [bucket, JSON.stringify([rows, ...sums])]));
  const [wanted, found] = [contents(expected.buckets), contents(actual.buckets)];
  return ALL.filter((bucket) => wanted.get(bucket) !== found.get(bucket));
}
