// The outbox as the relay sees it: which rows wait, who sends them, which are done. An attempt is noted, and committed,
// before the first byte is sent: after a crash in between, the row tells that its event may be in the stream.
import type { OutboxEvent } from "./envelope.ts";
import type { Statement } from "./statement.ts";

/** A place in the order of the rows: (created_at, id). The time is text, since a Date would lose its microseconds. */
export interface Place {
  readonly at: string;
  readonly id: string;
}
export const BEFORE_ALL: Place = { at: "-infinity", id: "00000000-0000-0000-0000-000000000000" };

/** The rows after the one place, up to and with the other. */
export interface Range {
  readonly after: Place;
  readonly upTo: Place;
}

export interface WaitingEvent extends OutboxEvent {
  /** First attempted so long ago that the stream has forgotten its id. */
  readonly stale: boolean;
  readonly attempted_at: Date;
}

/**
 * Notes an attempt of the next rows that nobody else is sending. One statement, so that it is committed when it returns.
 * @returns where they stand; null when none is left
 */
export async function claimNext(sql: Statement, after: Place, rows: number): Promise<Range | null> {
  const [last] = (await sql`
    with next as materialized (
      select id, created_at, attempted_at from outbox
      where published_at is null and suppressed_at is null
        and (created_at, id) > (${after.at}::text::timestamptz, ${after.id}::text::uuid)
      order by created_at, id limit ${rows} for update skip locked
    ), marked as (
      update outbox set attempted_at = clock_timestamp() where id in (select id from next where attempted_at is null)
    )
    select created_at::text as at, id from next order by created_at desc, id desc limit 1`) as readonly Place[];
  return last === undefined ? null : { after, upTo: last };
}

export interface Memory {
  /** How long after its first attempt an event may be sent again without a look into the stream, in milliseconds. */
  readonly staleAfterMs: number;
  /** Attempts from then on, by the database's clock, are known to be the only ones: what was before was looked for. */
  readonly provenSince: string;
}

/** The claimed rows of a range, locked until the transaction ends; without those that somebody else is sending. */
export async function lockClaimed(tx: Statement, { after, upTo }: Range, memory: Memory): Promise<WaitingEvent[]> {
  return (await tx`
    select id, subject, attributes, created_at, attempted_at,
      attempted_at < least(clock_timestamp() - make_interval(secs => ${memory.staleAfterMs / 1000}::float8),
        ${memory.provenSince}::text::timestamptz) as stale
    from outbox
    where published_at is null and suppressed_at is null and attempted_at is not null
      and (created_at, id) > (${after.at}::text::timestamptz, ${after.id}::text::uuid)
      and (created_at, id) <= (${upTo.at}::text::timestamptz, ${upTo.id}::text::uuid)
    order by created_at, id for update skip locked`) as WaitingEvent[];
}

/** @returns how many of them still waited */
export async function markPublished(sql: Statement, ids: readonly string[]): Promise<number> {
  if (ids.length === 0) return 0;
  const [row] = (await sql`
    with done as (
      update outbox set published_at = clock_timestamp()
      where id in (select value::uuid from json_array_elements_text(${JSON.stringify(ids)}::text::json))
        and published_at is null
      returning 1
    ) select count(*)::int as done from done`) as readonly { done: number }[];
  return row?.done ?? 0;
}

/** As it was proven at `since` that these were not in the stream, what was attempted before counts no more. */
export async function forgetAttempts(sql: Statement, ids: readonly string[], since: string): Promise<void> {
  if (ids.length === 0) return;
  await sql`
    update outbox set attempted_at = ${since}::text::timestamptz
    where id in (select value::uuid from json_array_elements_text(${JSON.stringify(ids)}::text::json))
      and published_at is null and attempted_at < ${since}::text::timestamptz`;
}

/** By the database's clock, which all relays share. */
export async function databaseTime(sql: Statement): Promise<string> {
  const [row] = (await sql`select clock_timestamp()::text as now`) as readonly { now: string }[];
  return row?.now ?? "";
}

/** For a hub that tells nobody. @returns how many rows it was; fewer than asked for when none is left */
export async function suppressNext(sql: Statement, rows: number): Promise<number> {
  const done = await sql`
    update outbox set suppressed_at = clock_timestamp() where id in (
      select id from outbox where published_at is null and suppressed_at is null
      order by created_at, id limit ${rows} for update skip locked)
    returning 1`;
  return done.length;
}
