// One walk of the relay through everything that waits: rows are claimed in their order, sent in batches side by side with
// the SQL of the next, and marked when the stream has acknowledged them. Nothing that it finds is kept in memory.
import { envelopeOf } from "./envelope.ts";
import type { EventStream } from "./event_stream.ts";
import type { NatsLink } from "./nats_connection.ts";
import type { OutboxDatabase } from "./outbox_database.ts";
import {
  BEFORE_ALL,
  claimNext,
  lockClaimed,
  type Memory,
  markPublished,
  type Place,
  type Range,
  type WaitingEvent,
} from "./outbox_rows.ts";
import type { Publisher, Refusal } from "./publisher.ts";

export interface Pass {
  readonly database: OutboxDatabase;
  readonly link: NatsLink;
  readonly stream: EventStream;
  readonly publisher: Publisher;
  readonly signal: AbortSignal;
  /** Since when attempts are known to be the only ones (settleStale); null when nothing was looked up. */
  readonly provenSince: string | null;
  /** Told after each commit. */
  readonly onPublished: (events: number) => void;
}

export interface PassResult {
  readonly refused: readonly Refusal[];
  /** Not sent: whether the stream has them must be looked up first. */
  readonly stale: readonly Pick<WaitingEvent, "id" | "attempted_at">[];
}

// Measured (100,000 events, 2 cores): fewer rows a batch wait more for round trips, more make both sides wait in turn.
const BATCH = 1_000;
const LANES = 2;
/** Reading through the stream once for very many costs memory; a pass ends there and another follows. */
const MOST_STALE = 50_000;
/** The stream must remember the id until the event that is sent now has arrived. */
const ARRIVES_WITHIN_MS = 60_000;

/** @throws Trouble; what the database throws */
export async function relayPass(pass: Pass): Promise<PassResult> {
  const [refused, stale]: [Refusal[], Pick<WaitingEvent, "id" | "attempted_at">[]] = [[], []];
  const next = claims(pass.database);
  let failed: { readonly error: unknown } | undefined;
  const lane = async () => {
    try {
      while (!failed && !pass.signal.aborted && stale.length < MOST_STALE) {
        const range = await next();
        if (range === null) return;
        const found = await sendRange(pass, range);
        refused.push(...found.refused);
        stale.push(...found.stale);
      }
    } catch (error) {
      failed ??= { error };
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  if (failed) throw failed.error;
  return { refused, stale };
}

/** Each call gets the range after the one before; the one after that is claimed meanwhile. Without a call nothing is. */
function claims(database: OutboxDatabase): () => Promise<Range | null> {
  const claim = (after: Place) => claimNext(database.sql, after, BATCH);
  let upcoming: Promise<Range | null> | undefined;
  return () => {
    const mine = upcoming ?? claim(BEFORE_ALL);
    upcoming = mine.then((range) => (range === null ? null : claim(range.upTo)));
    // Whoever asks for it sees the failure; nobody may ask any more.
    upcoming.catch(() => {});
    return mine;
  };
}

/** The rows stay locked while they are sent, so that no other relay sends them too; a killed one's locks end with it. */
async function sendRange(pass: Pass, range: Range): Promise<PassResult> {
  const { database, stream, publisher, signal } = pass;
  const memory = memoryOf(stream, pass.provenSince);
  const { outcome, stale, done } = await database.transaction(async (tx) => {
    const rows = await lockClaimed(tx, range, memory);
    const fresh = rows.filter((row) => !row.stale);
    const outcome = await publisher.send(
      fresh.map((row) => ({ id: row.id, subject: row.subject, body: JSON.stringify(envelopeOf(row)) })),
      signal,
    );
    const done = await markPublished(tx, outcome.acknowledged);
    return { outcome, stale: rows.filter((row) => row.stale), done };
  });
  pass.onPublished(done);
  if (outcome.trouble !== null) throw outcome.trouble;
  return { refused: outcome.refused, stale: stale.map(({ id, attempted_at }) => ({ id, attempted_at })) };
}

function memoryOf({ duplicateWindowMs }: EventStream, provenSince: string | null): Memory {
  const staleAfterMs = duplicateWindowMs - Math.min(ARRIVES_WITHIN_MS, duplicateWindowMs / 2);
  return { staleAfterMs, provenSince: provenSince ?? "infinity" };
}
