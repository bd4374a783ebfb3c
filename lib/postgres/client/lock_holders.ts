// Who holds the lock that a dump waits for. pg_dump only tells that its time was over, with all tables of the database
// in one statement.
import type { Query } from "../../query.ts";
import { within } from "../../within.ts";

/** A session in the way of a dump. */
export interface LockHolder {
  /** As SQL has it: public."Mixed" */
  readonly table: string;
  readonly pid: number;
  readonly user: string;
  readonly application: string;
}

// Of the modes only this one stands in the way of ACCESS SHARE, which a dump takes ("Table-Level Locks" in the
// documentation). pg_stat_activity is read once a transaction unless told otherwise.
const HOLDERS = `
  select pg_catalog.format('%I.%I', n.nspname, c.relname) as "table", a.pid, coalesce(a.usename, '') as "user",
         coalesce(a.application_name, '') as application
    from pg_catalog.pg_locks l
    join pg_catalog.pg_database d on d.oid = l.database and d.datname = pg_catalog.current_database()
    join pg_catalog.pg_class c on c.oid = l.relation and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_stat_activity a on a.pid = l.pid,
         (select pg_catalog.pg_stat_clear_snapshot()) cleared
   where l.locktype = 'relation' and l.mode = 'AccessExclusiveLock' and l.granted
   order by a.xact_start, 1 limit 5`;

const ANSWER_MS = 5_000;

/** Those who hold one now, the one that has for longest first; none when the server does not answer. */
export async function lockHolders(query: Query): Promise<LockHolder[]> {
  try {
    return (await within(query<LockHolder>(HOLDERS), ANSWER_MS, null)) ?? [];
  } catch {
    return [];
  }
}
