// The one statement by which rows are told apart. A row is written as text once and hashed with two seeds: 128 bits in all.
// Sums do not depend on the order; bit_xor would not either, but equal rows would cancel each other. (pure)
import type { Part } from "./pieces.ts";

/** Enough to find the rows that differ in a large table, few enough to keep for every table. A power of two. */
export const BUCKETS = 64;

/** Rows: { part: number, bucket: number, rows: text, sum0: text, sum1: text }, `part` counting from 0. */
export function pieceStatement(parts: readonly Part[]): string {
  return parts.map(partStatement).join("\nunion all\n");
}

// Text is hashed byte by byte under "C"; another collation may hash what it takes for equal. The subquery that `offset 0`
// keeps apart makes the text once: otherwise it is made for each hash, and that is the main cost.
function partStatement(part: Part, index: number): string {
  const { key } = part.table;
  const bucket = (text: string) => `(hashtextextended(${text}, 0) & ${BUCKETS - 1})::int`;
  const ofKey = key === null ? "" : `, ${bucket(`${keyText(key)} collate "C"`)} as bucket`;
  const ofRow = key === null ? bucket("line") : "bucket";
  return `(select ${index} as part, ${ofRow} as bucket, count(*)::text as rows,
  sum(hashtextextended(line, 0))::text as sum0, sum(hashtextextended(line, 1))::text as sum1
from (select ${rowText(part.table.columns.map(({ name }) => name))} collate "C" as line${ofKey}
  from only ${part.table.name} t${range(part)} offset 0) lines
group by 2)`;
}

function rowText(columns: readonly string[]): string {
  return `row(${columns.map((name) => `t.${name}`).join(", ")})::text`;
}

/** Never by a cast: it may be a function of the database's owner. */
function keyText(key: readonly string[]): string {
  const [only, ...others] = key;
  return others.length === 0 ? `concat(t.${only})` : rowText(key);
}

function range({ from, to }: Part): string {
  const bounds = [
    ...(from === null ? [] : [`t.ctid >= '(${from},0)'::tid`]),
    ...(to === null ? [] : [`t.ctid < '(${to},0)'::tid`]),
  ];
  return bounds.length === 0 ? "" : ` where ${bounds.join(" and ")}`;
}
