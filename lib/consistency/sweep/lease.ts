// The one row that says who sweeps. An advisory lock alone ends with its connection, but a sweep that was frozen or cut off
// does not know that yet and would write on beside its successor. So each sweep has a number, the fence: a transaction
// writes only under its own, and the successor's number comes only after whatever was being written under the last one.
//
// PostgreSQL 13.3.2 (row-level locks): FOR KEY SHARE conflicts with FOR UPDATE alone. A DELETE takes FOR UPDATE, so a
// successor, which replaces the row, waits for every write transaction of its predecessor. An UPDATE of columns that no
// key has (the heartbeat, the release) takes FOR NO KEY UPDATE: it neither waits for the write transactions nor holds
// them up, and one in REPEATABLE READ that began before it locks the row all the same. After a DELETE it can't (40001).
// A fence that was only UPDATEd would let such a transaction lock, and read, the old row after the successor's commit.
import { databaseFailure, errorCode } from "../../db/database_failure.ts";
import type { Reader, Transaction } from "../../db/handles.ts";
import type { SessionLocks } from "../../db/session_locks.ts";
import { OpsFailure } from "../../failure.ts";
import type { Source } from "../report.ts";

export interface LeaseTerms {
  readonly source: Source;
  readonly host: string;
  readonly pid: number;
  readonly runId: string;
  /** Its time budget; null: as long as it takes. */
  readonly maxSeconds: number | null;
}

export interface LeaseHolder {
  readonly source: string;
  readonly host: string;
  readonly pid: number;
  /** ISO 8601, as all times here by the database's clock. */
  readonly since: string;
  readonly heartbeat: string;
  readonly maxSeconds: number | null;
  /** Seconds since `since`. */
  readonly ageSeconds: number;
  /** It gave the lease back: its sweep came to its end. */
  readonly released: boolean;
  readonly runId: string | null;
}

export interface Lease {
  /** Greater than every one before. */
  readonly fence: number;
  /** The run before, when it never gave the lease back: it was killed or lost. */
  readonly abandoned: LeaseHolder | null;
}

interface HolderRow {
  source: string;
  host: string;
  pid: number;
  since: Date;
  heartbeat: Date;
  max_seconds: number | null;
  age_seconds: number;
  released: boolean;
  run_id: string | null;
}

const HEARTBEAT_MS = 10_000;
/** Longer than PostgreSQL needs to end the transactions of a lost host, see lib/db/connect.ts. */
const WAIT_FOR_WRITERS_MS = 40_000;

// PostgreSQL, appendix A.
const LOCK_NOT_AVAILABLE = "55P03";
const SERIALIZATION_FAILURE = "40001";

const holderColumns = (sql: Reader) => sql`
  source, host, pid, since, heartbeat, max_seconds, run_id, released_at is not null as released,
  greatest(0, extract(epoch from now() - since))::float8 as age_seconds`;

/**
 * Makes this run the one that may write. The caller has the fleet's lock already.
 * @throws OpsFailure (automation) when a write transaction of the run before goes on for longer than `waitMs`
 */
export async function takeLease(locks: SessionLocks, terms: LeaseTerms, waitMs = WAIT_FOR_WRITERS_MS): Promise<Lease> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    try {
      return await replaceRow(locks, terms);
    } catch (error) {
      // The connection waits for a few seconds at a time: in between it can prove that its locks are there.
      if (errorCode(error) === LOCK_NOT_AVAILABLE && performance.now() < deadline) continue;
      throw databaseFailure("Could not take over from the sweep before", error);
    }
  }
}

/** Renews the heartbeat until it is stopped; when the row is another sweep's, `locks.lost` is aborted. */
export function keepLease(locks: SessionLocks, { fence }: Lease, everyMs = HEARTBEAT_MS): { stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  const renewLater = () => {
    timer = setTimeout(() => void renew(), everyMs).unref();
  };
  let stopped = false;
  const renew = async () => {
    try {
      const { sql } = locks;
      const renewed = await sql`update sweep_lease set heartbeat = now() where fence = ${fence} returning fence`;
      if (!stopped && renewed.length === 0) locks.giveUp("another sweep took over");
    } catch (error) {
      if (!stopped) locks.giveUp("the sweep's lease could not be renewed", error);
    }
    if (!stopped && !locks.lost.aborted) renewLater();
  };
  renewLater();
  return {
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

/**
 * To be the first statement of each write transaction: it can commit only while its sweep's fence stands.
 * @throws OpsFailure (automation) "another sweep took over"
 */
export async function holdLease(tx: Transaction, fence: number): Promise<void> {
  try {
    const held = await tx`select fence from sweep_lease where fence = ${fence} for key share`;
    if (held.length === 0) throw takenOver(await readLease(tx));
  } catch (error) {
    if (errorCode(error) === SERIALIZATION_FAILURE) throw takenOver(null);
    throw error;
  }
}

/**
 * To be asked before anything leaves this host: the connection that has the locks answers, and the fence stands.
 * @throws OpsFailure (automation) when either is not so
 */
export async function proveLease(locks: SessionLocks, fence: number): Promise<void> {
  const { sql } = locks;
  const [held] = await sql`select fence from sweep_lease where fence = ${fence}`;
  if (held === undefined) throw takenOver(await readLease(sql));
}

/** Says that this sweep came to its end. @throws OpsFailure (automation) when another one took over before */
export async function releaseLease(locks: SessionLocks, { fence }: Lease): Promise<void> {
  const { sql } = locks;
  const released = await sql`update sweep_lease set released_at = now() where fence = ${fence} returning fence`;
  if (released.length === 0) throw takenOver(await readLease(sql));
}

/** The sweep that runs, or the last one that did; null when there was none. */
export async function readLease(sql: Reader): Promise<LeaseHolder | null> {
  const [row] = await sql<HolderRow[]>`select ${holderColumns(sql)} from sweep_lease`;
  return row === undefined ? null : holderOf(row);
}

/** One statement, so that there is no moment without a row. The row that is gone tells the new one its fence. */
async function replaceRow({ sql }: SessionLocks, terms: LeaseTerms): Promise<Lease> {
  const { source, host, pid, runId, maxSeconds } = terms;
  const [row] = await sql<({ taken: number } & (HolderRow | { source: null }))[]>`
    with before as (delete from sweep_lease returning *),
    taken as (
      insert into sweep_lease (source, host, pid, run_id, max_seconds, since, heartbeat, fence)
      select ${source}, ${host}, ${pid}, ${runId}, ${maxSeconds}, now(), now(),
        coalesce((select fence from before), 0) + 1
      returning fence as taken
    )
    select taken::float8 as taken, ${holderColumns(sql)} from taken left join before on true`;
  if (row === undefined) throw new Error("a row was inserted and not returned");
  const before = row.source === null ? null : holderOf(row);
  return { fence: row.taken, abandoned: before === null || before.released ? null : before };
}

function holderOf(row: HolderRow): LeaseHolder {
  const { source, host, pid, released } = row;
  return {
    source,
    host,
    pid,
    released,
    since: row.since.toISOString(),
    heartbeat: row.heartbeat.toISOString(),
    maxSeconds: row.max_seconds,
    ageSeconds: row.age_seconds,
    runId: row.run_id,
  };
}

function takenOver(by: LeaseHolder | null): OpsFailure {
  const who = by === null ? "" : `: ${by.source} on ${by.host}, pid ${by.pid}, since ${by.since}`;
  return new OpsFailure("Could not go on with this sweep", {
    observed: `another sweep took over${who}`,
    hint: "scripts/state_hub.ts status",
  });
}
