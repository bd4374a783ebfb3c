// Which advisory locks somebody holds now, as any connection can see them. It is how a process that lives is told from one
// that is gone: a row that says "at work" does not change when its writer is killed.
import type { Reader } from "./handles.ts";

/** Locks of the connected database, by their key: pg_locks shows a bigint key in two halves (PostgreSQL 54.12). */
export const advisoryLocks = (sql: Reader) => sql`
  select pid, (classid::int8 << 32) | objid::int8 as key from pg_locks
  where locktype = 'advisory' and granted and objsubid = 1
    and database = (select oid from pg_database where datname = current_database())`;

// After its start a server knows of no lock: whoever had one is still coming back.
const COME_BACK_WITHIN = "5 s";

/**
 * A condition on a column of lock names: nobody holds that lock, and that says something, because the server is up for
 * long enough that its holder could have come back.
 */
export const isHeldByNobody = (sql: Reader, column: string) => sql`
  (not exists (select from (${advisoryLocks(sql)}) l where l.key = hashtextextended(${sql(column)}, 0))
    and pg_postmaster_start_time() < clock_timestamp() - ${COME_BACK_WITHIN}::text::interval)`;
