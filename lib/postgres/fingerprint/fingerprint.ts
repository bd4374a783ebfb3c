// Says what a database holds, so that a copy can be proven equal row by row without keeping or sending the rows. Read in one
// snapshot with the dump; every session reads pieces of its own, and the client adds up sums.
import { forEachAtMost } from "../../pool.ts";
import type { Query, QuerySessions } from "../../query.ts";
import type { OnStep } from "../../work_step.ts";
import { BucketSums } from "./bucket_sums.ts";
import type { Fingerprint, LargeObjectFingerprint, TableFingerprint } from "./fingerprint_types.ts";
import { leaveIdle } from "./idle_share.ts";
import { largeObjectRanges, readLargeObjects } from "./large_objects.ts";
import { type ListedTable, listTables } from "./list_tables.ts";
import { ownSavepoint } from "./own_savepoint.ts";
import { cutPieces, type Piece } from "./pieces.ts";
import { requirePinned } from "./pinned_settings.ts";
import { readFailure } from "./read_failure.ts";
import { readPiece } from "./read_piece.ts";
import { requireSameFiles } from "./same_files.ts";
import { readSequences } from "./sequences.ts";

export interface FingerprintOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnStep | undefined;
  /** The idle share of each session, 0 to 0.9: for a live server. */
  readonly pause?: number | undefined;
}

/**
 * @param sessions with the same view of one database, opened with PINNED_SETTINGS
 * @throws OpsFailure (automation): a table that may not be read, is locked, or was truncated after the snapshot; the
 * signal's reason when aborted
 */
export async function fingerprint(sessions: QuerySessions, options: FingerprintOptions = {}): Promise<Fingerprint> {
  const { signal } = options;
  const run: QuerySessions["run"] = (work) => untilAborted(sessions.run(work), signal);
  const [tables, sequences, ranges] = await Promise.all([run(lookedAt), run(readSequences), run(largeObjectRanges)]);
  const over = { size: sessions.size, run };
  const sums = await readTables(over, tables, options);
  const objects = new Map<string, LargeObjectFingerprint[]>();
  await forEachAtMost(ranges, over.size, async (range) => {
    const started = performance.now();
    options.onProgress?.({ at: `large objects from ${range.first}` });
    objects.set(range.first, await run((query) => readLargeObjects(query, range, signal)));
    await leaveIdle(options.pause ?? 0, started, signal);
  });
  const largeObjects = ranges.flatMap(({ first }) => objects.get(first) ?? []);
  return { tables: tables.map((table) => printOf(table, sums.get(table))), sequences, largeObjects };
}

/** The tables and what they measure; one that measures nothing has no rows in the snapshot either. */
async function lookedAt(query: Query): Promise<ListedTable[]> {
  try {
    return await ownSavepoint(query, async () => {
      await requirePinned(query);
      const tables = await listTables(query);
      const oids = tables.map(({ oid }) => oid);
      await requireSameFiles(query, oids);
      return tables;
    });
  } catch (error) {
    throw await readFailure(error, { names: ["the sizes of all tables"], oids: null, query });
  }
}

async function readTables(
  sessions: QuerySessions,
  tables: readonly ListedTable[],
  { signal, onProgress, pause = 0 }: FingerprintOptions,
): Promise<Map<ListedTable, BucketSums>> {
  const sums = new Map<ListedTable, BucketSums>();
  const of = tables.reduce((sum, table) => sum + table.bytes, 0);
  let bytes = 0;
  await forEachAtMost(cutPieces(tables), sessions.size, async (piece) => {
    const started = performance.now();
    onProgress?.({ at: nameOf(piece), bytes: Math.round(bytes), of });
    for (const row of await sessions.run((query) => readPiece(query, piece))) {
      const table = piece.parts[row.part]?.table;
      if (table === undefined) throw new Error(`a piece has no part ${row.part}`);
      const known = sums.get(table) ?? new BucketSums();
      known.add(row);
      sums.set(table, known);
    }
    bytes += piece.bytes;
    onProgress?.({ at: nameOf(piece), bytes: Math.round(bytes), of });
    await leaveIdle(pause, started, signal);
  });
  return sums;
}

function nameOf({ parts }: Piece): string {
  return parts[0]?.table.name ?? "";
}

function printOf({ name, columns, key }: ListedTable, sums = new BucketSums()): TableFingerprint {
  const spelled = columns.map((column) => `${column.name} ${column.type}`);
  return { name, columns: spelled, key, rows: sums.rows, buckets: sums.buckets };
}

/** What runs on a session is not ours to stop: whoever opened the sessions ends it. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  const { promise, reject } = Promise.withResolvers<never>();
  const end = () => reject(signal.reason);
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", end);
  }
}
