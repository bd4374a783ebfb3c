// Keeps TRUNCATE, DROP and rewriting ALTERs off every table until the snapshot is closed, as pg_dump does while it runs. Without
// it one of them between a dump and a fingerprint that is read after it makes the fingerprint give up (same_files.ts).
import type { Query } from "../../query.ts";
import { USER_TABLES } from "./list_tables.ts";
import { readFailure } from "./read_failure.ts";
import { requireSameFiles } from "./same_files.ts";

const NAMES = `
  select c.oid::bigint as oid, format('%I.%I', n.nspname, c.relname) as name from ${USER_TABLES} order by c.oid`;
const AT_ONCE = 1_000;

/**
 * In the transaction of the session that holds the snapshot, right after it was taken.
 * @returns false when the server has no room for so many locks (max_locks_per_transaction): then none is held
 * @throws OpsFailure (automation): a lock that was not given in time, no right, a table that was truncated just before
 */
export async function holdTables(query: Query): Promise<boolean> {
  const tables = await query<{ oid: string; name: string }>(NAMES);
  await query("savepoint hold_tables");
  try {
    for (let at = 0; at < tables.length; at += AT_ONCE) {
      const names = tables.slice(at, at + AT_ONCE).map(({ name }) => `only ${name}`);
      await query(`lock table ${names.join(", ")} in access share mode`);
    }
  } catch (error) {
    await query("rollback to savepoint hold_tables");
    // "out_of_memory" (PostgreSQL, appendix A): of the shared memory that all locks have in common.
    if ((error as { code?: unknown } | null)?.code === "53200") return false;
    throw await readFailure(error, {
      names: tables.map(({ name }) => name),
      oids: tables.map(({ oid }) => oid),
      query,
    });
  }
  await query("release savepoint hold_tables");
  await requireSameFiles(
    query,
    tables.map(({ oid }) => oid),
  );
  return true;
}
