// Cuts the work of a fingerprint into statements that are short, so that progress is known, pauses lower the load on a live
// server, and sessions share one large table. Small tables share a statement; empty ones need none. (pure)
import type { ListedTable } from "./list_tables.ts";

export interface Part {
  readonly table: ListedTable;
  /** First page, and the page after the last; null: to the end. Both null: the whole table. */
  readonly from: number | null;
  readonly to: number | null;
}

/** What one statement reads. */
export interface Piece {
  readonly parts: readonly Part[];
  /** Of the heap and its toast. */
  readonly bytes: number;
}

/** About 0.1 s of one processor (150 to 190 MB/s of text, PostgreSQL 15): no session waits long for the last one to end. */
const PIECE_BYTES = 16 * 1024 * 1024;
const SHARED_BYTES = 4 * 1024 * 1024;
/** A statement of more is slow to plan. */
const SHARED_TABLES = 100;
const SHARED_COLUMNS = 2_000;

/** Largest tables first, so that the last pieces are the small ones and all sessions end about together. */
export function cutPieces(tables: readonly ListedTable[], pieceBytes = PIECE_BYTES): Piece[] {
  const read = tables.filter(({ pages }) => pages > 0).toSorted((one, other) => other.bytes - one.bytes);
  const small = read.filter(({ bytes }) => bytes <= SHARED_BYTES / 4);
  return [...read.slice(0, read.length - small.length).flatMap((table) => cut(table, pieceBytes)), ...shared(small)];
}

function cut(table: ListedTable, pieceBytes: number): Piece[] {
  const count = table.ranges ? Math.min(table.pages, Math.ceil(table.bytes / pieceBytes)) : 1;
  if (count <= 1) return [{ parts: [{ table, from: null, to: null }], bytes: table.bytes }];
  const edge = (n: number) => Math.floor((table.pages * n) / count);
  // The last is open: rows that the snapshot shows stay where they are, but that is not ours to rely on.
  return Array.from({ length: count }, (_, n) => ({
    parts: [{ table, from: edge(n), to: n === count - 1 ? null : edge(n + 1) }],
    bytes: table.bytes / count,
  }));
}

function shared(tables: readonly ListedTable[]): Piece[] {
  const pieces: { parts: Part[]; bytes: number; columns: number }[] = [];
  for (const table of tables) {
    const last = pieces.at(-1);
    const fits =
      last !== undefined &&
      last.parts.length < SHARED_TABLES &&
      last.bytes + table.bytes <= SHARED_BYTES &&
      last.columns + table.columns.length <= SHARED_COLUMNS;
    const piece = fits ? last : { parts: [], bytes: 0, columns: 0 };
    if (!fits) pieces.push(piece);
    piece.parts.push({ table, from: null, to: null });
    piece.bytes += table.bytes;
    piece.columns += table.columns.length;
  }
  return pieces.map(({ parts, bytes }) => ({ parts, bytes }));
}
