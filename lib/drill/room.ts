// Whether what a drill is about to write will fit: a disk that fills up half way costs the whole time, and may take others along.
import { statfs } from "node:fs/promises";
import { OpsFailure } from "../failure.ts";
import { shellQuoted } from "../shell_quoted.ts";
import type { Store } from "./store/store.ts";

/** A cluster with nothing in it, its log and its first write-ahead log, by initdb of PostgreSQL 15 to 18: 40 MB to 60 MB. */
const EMPTY_CLUSTER_BYTES = 200_000_000;
/** Rows as pg_dump -Z1 leaves them, against the database with its indexes; measured 0.1 to 0.4. */
const DUMP_SHARE = 0.5;
/** Tables and indexes are packed anew, and the write-ahead log goes beside them. */
const COPY_SHARE = 1.2;

/** Bytes that a dump, and a restored copy, of a database of this size may take. */
export function roomFor(
  databaseBytes: number,
  { dump, copy }: { readonly dump: boolean; readonly copy: boolean },
): number {
  const copied = copy ? databaseBytes * COPY_SHARE + EMPTY_CLUSTER_BYTES : 0;
  return Math.ceil(copied + (dump ? databaseBytes * DUMP_SHARE : 0));
}

/** @throws OpsFailure (automation) when the folder's disk has less than `bytes` to give */
export async function requireRoom(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free >= bytes) return;
  throw new OpsFailure("Could not begin: there is too little room", {
    observed: `${megabytes(free)} free`,
    expected: `${megabytes(bytes)}, or another disk by --workspace DIR`,
    where: folder,
    hint: `df -h ${shellQuoted(folder)}`,
  });
}

function megabytes(bytes: number): string {
  return `${Math.floor(bytes / 1e6)} MB`;
}

/** @throws OpsFailure (automation) when the store says that it has less than `bytes` to give */
export async function requireStoreRoom(store: Pick<Store, "target" | "freeBytes">, bytes: number): Promise<void> {
  const free = await store.freeBytes();
  if (free === null || free >= bytes) return;
  throw new OpsFailure("Could not begin: there is too little room in the store", {
    observed: `${megabytes(free)} free`,
    expected: megabytes(bytes),
    where: store.target,
    hint: `scripts/backup_restore_drill.ts prune --store ${shellQuoted(store.target)} --keep-last 7`,
  });
}
