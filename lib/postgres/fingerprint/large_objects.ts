// Large objects, digested by the server: one may be terabytes, and its content is of no use to the client.
import type { Query } from "../../query.ts";
import type { LargeObjectFingerprint } from "./fingerprint_types.ts";
import { readFailure } from "./read_failure.ts";

/** What the server holds of one object at a time. One that is shorter is digested whole; a part of the digest's definition. */
export const PIECE_BYTES = 1024 * 1024;
const OBJECTS_AT_ONCE = 500;
const PIECES_AT_ONCE = 64;

/** Oids: from the first to the last, both included. */
export interface ObjectRange {
  readonly first: string;
  readonly last: string;
  readonly count: number;
}

const RANGES = `
  select min(oid::bigint)::text as first, max(oid::bigint)::text as last, count(*)::int as count
  from (select oid, (row_number() over (order by oid) - 1) / ${OBJECTS_AT_ONCE} as range
    from pg_catalog.pg_largeobject_metadata) numbered
  group by range order by range`;

// A piece is read once: `offset 0` keeps it from being asked for by its length and by its digest.
const FIRST_PIECES = `
  select oid::bigint as oid, length(piece) as bytes, encode(sha256(piece), 'hex') as digest
  from (select m.oid, lo_get(m.oid, 0, ${PIECE_BYTES}) as piece from pg_catalog.pg_largeobject_metadata m
    where m.oid between $1::text::oid and $2::text::oid offset 0) pieces
  order by pieces.oid`;

const FURTHER_PIECES = `
  select length(piece) as bytes, encode(sha256(piece), 'hex') as digest
  from (select number, lo_get($1::text::oid, number::bigint * ${PIECE_BYTES}, ${PIECE_BYTES}) as piece
    from generate_series($2::int, $2::int + ${PIECES_AT_ONCE - 1}) number offset 0) pieces
  order by number`;

interface PieceRow {
  readonly bytes: number;
  readonly digest: string;
}

/** By oid. */
export async function largeObjectRanges(query: Query): Promise<ObjectRange[]> {
  return query<ObjectRange>(RANGES);
}

/**
 * By oid. The digest is the SHA-256 of the content, or, from PIECE_BYTES on, of the digests of its pieces of that size (in
 * hex, one after the other; the last may be empty).
 * @throws OpsFailure (automation): no right to read one; the signal's reason
 */
export async function readLargeObjects(
  query: Query,
  { first, last }: ObjectRange,
  signal?: AbortSignal,
): Promise<LargeObjectFingerprint[]> {
  try {
    const objects: LargeObjectFingerprint[] = [];
    for (const { oid, bytes, digest } of await query<PieceRow & { oid: string }>(FIRST_PIECES, [first, last])) {
      const long = bytes === PIECE_BYTES;
      objects.push({
        oid: Number(oid),
        ...(long ? await digestLong(query, { oid, digest, signal }) : { bytes, digest }),
      });
    }
    return objects;
  } catch (error) {
    signal?.throwIfAborted();
    throw await readFailure(error, { names: [`large objects ${first} to ${last}`], oids: [], query });
  }
}

interface LongObject {
  readonly oid: string;
  /** Of its first piece. */
  readonly digest: string;
  readonly signal: AbortSignal | undefined;
}

async function digestLong(query: Query, { oid, digest, signal }: LongObject) {
  const hasher = new Bun.CryptoHasher("sha256").update(digest);
  for (let number = 1, bytes = PIECE_BYTES; ; number += PIECES_AT_ONCE) {
    signal?.throwIfAborted();
    for (const piece of await query<PieceRow>(FURTHER_PIECES, [oid, number])) {
      hasher.update(piece.digest);
      bytes += piece.bytes;
      if (piece.bytes < PIECE_BYTES) return { bytes, digest: hasher.digest("hex") };
    }
  }
}
