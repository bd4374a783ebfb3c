import { expect, test } from "bun:test";
import type { ListedTable } from "../../../../lib/postgres/fingerprint/list_tables.ts";
import { cutPieces } from "../../../../lib/postgres/fingerprint/pieces.ts";

const PAGE = 8192;
const MB = 1024 * 1024;

function table(name: string, pages: number, more: Partial<ListedTable> = {}): ListedTable {
  return { oid: name, name, ranges: true, columns: [], key: null, pages, bytes: pages * PAGE, ...more };
}

test("cutPieces() covers every page of a large table once, and leaves the end open", () => {
  const pieces = cutPieces([table("large", 10_001)], 1 * MB);
  expect(pieces).toHaveLength(79);
  let next = 0;
  for (const [index, { parts }] of pieces.entries()) {
    expect(parts).toMatchObject([{ from: next }]);
    if (index < pieces.length - 1) next = parts[0]?.to ?? Number.NaN;
  }
  expect(pieces.at(-1)?.parts[0]?.to).toBeNull();
});

test("cutPieces() counts what stands beside the heap: few pages of long values make many pieces", () => {
  expect(cutPieces([table("toasted", 100, { bytes: 500 * MB })], 10 * MB)).toHaveLength(50);
  expect(cutPieces([table("one page", 1, { bytes: 500 * MB })], 10 * MB)).toHaveLength(1);
});

test("cutPieces() reads a table without physical ranges whole", () => {
  const [piece, ...others] = cutPieces([table("columnar", 100_000, { ranges: false })], 1 * MB);
  expect(piece?.parts).toMatchObject([{ from: null, to: null }]);
  expect(others).toEqual([]);
});

test("cutPieces() has no piece for an empty table, shares statements among small ones, and begins with the largest", () => {
  const tables = [
    ...Array.from({ length: 250 }, (_, n) => table(`small ${n}`, 1)),
    ...Array.from({ length: 1000 }, (_, n) => table(`empty ${n}`, 0)),
    table("large", 1000),
    table("larger", 2000),
  ];
  const pieces = cutPieces(tables);
  expect(pieces.map(({ parts }) => parts.length)).toEqual([1, 1, 100, 100, 50]);
  expect(pieces.slice(0, 2).map(({ parts }) => parts[0]?.table.name)).toEqual(["larger", "large"]);
  expect(pieces.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(3250 * PAGE);
  const wide = Array.from({ length: 3 }, (_, n) => table(`wide ${n}`, 1, { columns: Array(1500).fill(null) }));
  expect(cutPieces(wide)).toHaveLength(3);
});
