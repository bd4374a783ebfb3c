// Reads one piece on one session, and proves that what it read is what the snapshot shows.
import type { Query } from "../../query.ts";
import type { BucketRow } from "./bucket_sums.ts";
import { ownSavepoint } from "./own_savepoint.ts";
import { pieceStatement } from "./piece_statement.ts";
import type { Part, Piece } from "./pieces.ts";
import { readFailure } from "./read_failure.ts";
import { requireSameFiles } from "./same_files.ts";

export type PartRow = BucketRow & { readonly part: number };

/** @throws OpsFailure (automation) that names the table */
export async function readPiece(query: Query, { parts, bytes }: Piece): Promise<PartRow[]> {
  const oids = parts.map(({ table }) => table.oid);
  try {
    return await ownSavepoint(query, async () => {
      const rows = await query<PartRow>(pieceStatement(parts));
      await requireSameFiles(query, oids);
      return rows;
    });
  } catch (error) {
    const failure = await readFailure(error, { names: parts.map(({ table }) => table.name), oids, query });
    // Of many tables the server may not say which: each alone does.
    if (parts.length > 1 && failure.cause !== undefined && !isLock(error)) await readEach(query, parts, bytes);
    throw failure;
  }
}

async function readEach(query: Query, parts: readonly Part[], bytes: number): Promise<void> {
  for (const part of parts) await readPiece(query, { parts: [part], bytes });
}

function isLock(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === "55P03";
}
