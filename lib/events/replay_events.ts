// Puts events back to be published: those that a hub without NATS_URL suppressed, and by choice those that were published,
// for a stream that was lost. What the stream still has is not sent a second time: the relay looks it up by id.
import { usageFailure } from "../failure.ts";
import type { Statement } from "./statement.ts";

export interface Replay {
  /** ISO 8601: events of changes from then on; null for all. */
  readonly since: string | null;
  /** False: those that were published too. */
  readonly onlySuppressed: boolean;
  /** Only counts. */
  readonly dryRun: boolean;
}

export interface ReplayResult {
  readonly events: number;
  readonly by_subject: Readonly<Record<string, number>>;
}

// Small enough that each commits within moments; one that is interrupted has put back what it has counted until then.
const BATCH = 10_000;
const FIRST = { at: "-infinity", id: "00000000-0000-0000-0000-000000000000" };

interface Row {
  readonly subject: string;
  readonly events: number;
  /** The place of the batch's last row. */
  readonly at: string;
  readonly id: string;
}

/** @param sql outside of a transaction: it commits as it goes @throws OpsFailure (usage) for a time that is none */
export async function replayEvents(sql: Statement, { since, onlySuppressed, dryRun }: Replay): Promise<ReplayResult> {
  const counts = new Map<string, number>();
  let after: Pick<Row, "at" | "id"> | undefined = { ...FIRST, at: sinceText(since) };
  while (after !== undefined) {
    const rows: readonly Row[] = await nextRows(sql, after, onlySuppressed, dryRun);
    for (const { subject, events } of rows) counts.set(subject, (counts.get(subject) ?? 0) + events);
    after = rows[0];
  }
  const events = [...counts.values()].reduce((sum, each) => sum + each, 0);
  if (events > 0 && !dryRun) await sql`select pg_notify('state_hub_outbox', '')`;
  return { events, by_subject: Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1))) };
}

/** Counts by subject; each row names the same last place. */
async function nextRows(sql: Statement, after: Pick<Row, "at" | "id">, onlySuppressed: boolean, dryRun: boolean) {
  return (await sql`
    with next as materialized (
      select id, created_at, subject from outbox
      where (created_at, id) >= (${after.at}::text::timestamptz, ${after.id}::text::uuid)
        and id <> ${after.id}::text::uuid
        and (suppressed_at is not null or (published_at is not null and not ${onlySuppressed}::boolean))
      order by created_at, id limit ${BATCH} for update
    ), put_back as (
      update outbox set suppressed_at = null, published_at = null
      where id in (select id from next) and not ${dryRun}::boolean
    )
    select n.subject, count(*)::int as events, last.at, last.id from next n,
      (select created_at::text as at, id::text as id from next order by created_at desc, id desc limit 1) as last
    group by n.subject, last.at, last.id`) as readonly Row[];
}

function sinceText(since: string | null): string {
  if (since === null) return FIRST.at;
  const time = new Date(since);
  if (/^\d{4}-\d\d-\d\d(T|$)/.test(since) && !Number.isNaN(time.getTime())) return time.toISOString();
  throw usageFailure("Could not replay events", { observed: since, expected: "a time such as 2026-09-01T08:00:00Z" });
}
