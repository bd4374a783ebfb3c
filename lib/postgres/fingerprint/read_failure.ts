// Says why a table could not be read: which one, and who stands in the way. The server names neither for a lock.
import { describeFailure, OpsFailure } from "../../failure.ts";
import type { Query } from "../../query.ts";

interface Blocker {
  readonly name: string;
  /** null: a prepared transaction, which no session has. */
  readonly pid: number | null;
  readonly gid: string | null;
  readonly application: string | null;
  readonly since: string | null;
  readonly granted: boolean;
}

// Reading waits for ACCESS EXCLUSIVE alone, also for one that itself waits: the queue is in order of arrival.
const BLOCKERS = `
  select format('%I.%I', n.nspname, c.relname) as name, l.pid, x.gid, l.granted, nullif(a.application_name, '') as application,
    to_char(a.xact_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as since
  from pg_catalog.pg_locks l
    join pg_catalog.pg_class c on c.oid = l.relation join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    left join pg_catalog.pg_stat_activity a on a.pid = l.pid
    left join pg_catalog.pg_locks own on l.pid is null and own.pid is null and own.locktype = 'transactionid'
      and own.virtualtransaction = l.virtualtransaction
    left join pg_catalog.pg_prepared_xacts x on x.transaction = own.transactionid
  where l.locktype = 'relation' and l.mode = 'AccessExclusiveLock' and l.pid is distinct from pg_backend_pid()
    and l.database = (select d.oid from pg_catalog.pg_database d where d.datname = current_database())
    and ($1::text is null or c.oid in (select o::oid from json_array_elements_text($1::text::json) as o))
  order by l.granted desc, l.pid limit 1`;

// SQLSTATE codes: PostgreSQL, appendix A.
const REMEDIES: Readonly<Record<string, string>> = {
  "42501": "Grant SELECT on it, or use the role that owns the database",
  "42P01": "It was dropped after the snapshot was taken: run the same command again",
  "40001":
    "A standby ended the statement in favour of what it replays: raise max_standby_streaming_delay there, or ask the primary",
  "53200": "Raise max_locks_per_transaction on that server, and restart it",
  "53100": "The server's disk is full: free space there, then run again",
  "57014": "Somebody cancelled the statement: run the same command again",
  "72000": "Raise old_snapshot_threshold on that server, or run when less is written",
  XX001: "The table is damaged: SELECT from it fails as well; look at pg_amcheck",
};

export interface FailedRead {
  readonly names: readonly string[];
  /** Of the tables that the statement reads; null: of any. */
  readonly oids: readonly string[] | null;
  /** Usable: gone back to a savepoint. */
  readonly query: Query;
}

/** The failure for what the driver threw; an OpsFailure comes back as it is. Its cause is the driver's own error. */
export async function readFailure(error: unknown, { names, oids, query }: FailedRead): Promise<OpsFailure> {
  if (error instanceof OpsFailure) return error;
  const code = String((error as { code?: unknown } | null)?.code ?? "");
  if (code === "55P03") return lockFailure(error, names, await blockerOf(query, oids));
  const hint = REMEDIES[code];
  return new OpsFailure("Could not read a table", {
    observed: `${describeFailure(error)}${code ? ` [${code}]` : ""}`,
    where: listed(names),
    ...(hint === undefined ? {} : { hint }),
    cause: error,
  });
}

async function blockerOf(query: Query, oids: FailedRead["oids"]): Promise<Blocker | undefined> {
  const rows = await query<Blocker>(BLOCKERS, [oids && JSON.stringify(oids)]).catch(() => []);
  return rows[0];
}

function lockFailure(cause: unknown, names: readonly string[], blocker: Blocker | undefined): OpsFailure {
  const couldNot = "Could not read a table: a lock on it was not given in time";
  if (blocker === undefined) {
    const hint = "Its holder let go in the meantime: run the same command again";
    return new OpsFailure(couldNot, { observed: describeFailure(cause), where: listed(names), hint, cause });
  }
  const { name, pid, application, since, granted } = blocker;
  if (pid === null) return preparedFailure(cause, blocker);
  const verb = granted ? "holds" : "waits for";
  return new OpsFailure(couldNot, {
    observed: `pid ${pid} (${application ?? "no application name"}) ${verb} ACCESS EXCLUSIVE${since ? ` since ${since}` : ""}`,
    where: name,
    hint: `psql -c 'select * from pg_stat_activity where pid = ${pid}'; let it end, or end it by pg_terminate_backend(${pid}), then run again`,
    cause,
  });
}

/** It holds its locks until somebody ends it, over restarts too. */
function preparedFailure(cause: unknown, { name, gid }: Blocker): OpsFailure {
  return new OpsFailure("Could not read a table: a lock on it was not given in time", {
    observed: `the prepared transaction ${gid ?? "of an unknown name"} holds ACCESS EXCLUSIVE`,
    where: name,
    hint: "psql -c 'select * from pg_prepared_xacts'; let who prepared it end it, or ROLLBACK PREPARED it, then run again",
    cause,
  });
}

function listed(names: readonly string[]): string {
  return names.length <= 3 ? names.join(", ") : `one of ${names.length} tables from ${names[0]}`;
}
