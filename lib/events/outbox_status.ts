// How the outbox stands, for `status`. Each number comes from an index that holds what is counted and nothing else
// (migrations 0001 and 0003), however many old events the table keeps.
import type { Statement } from "./statement.ts";

export interface OutboxStatus {
  /** Events that are not published yet; counted up to COUNTED_TO, which then means "or more". */
  readonly waiting: number;
  /** Since when the oldest of them waits, in seconds; null when none waits. */
  readonly oldest_waiting_seconds: number | null;
  /** Events that nobody was told of, since no NATS_URL was set; counted up to COUNTED_TO as well. */
  readonly suppressed: number;
  /** ISO 8601; null when none ever was. */
  readonly last_published_at: string | null;
}

/** Counting more takes longer than anybody wants to know it. */
export const COUNTED_TO = 100_000;

interface Row extends Omit<OutboxStatus, "last_published_at"> {
  readonly last_published_at: Date | null;
}

export async function outboxStatus(sql: Statement): Promise<OutboxStatus> {
  const [row] = (await sql`
    select
      (select count(*) from (select 1 from outbox where published_at is null and suppressed_at is null
        limit ${COUNTED_TO}) as counted)::int as waiting,
      (select extract(epoch from clock_timestamp() - created_at)::float8 from outbox
        where published_at is null and suppressed_at is null order by created_at, id limit 1) as oldest_waiting_seconds,
      (select count(*) from (select 1 from outbox where suppressed_at is not null limit ${COUNTED_TO}) as counted)::int
        as suppressed,
      (select published_at from outbox where published_at is not null order by published_at desc limit 1)
        as last_published_at`) as readonly Row[];
  if (row === undefined) return { waiting: 0, oldest_waiting_seconds: null, suppressed: 0, last_published_at: null };
  return { ...row, last_published_at: row.last_published_at?.toISOString() ?? null };
}
