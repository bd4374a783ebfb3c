// Brings what waits in an outbox to NATS, by the relay or by the bare client, and says how long that took. A process of its
// own, so that neither side pays for the other's garbage.
import { connect, type NatsConnection } from "nats";
import { envelopeOf, type OutboxEvent } from "../../lib/events/envelope.ts";
import { startRelay } from "../../lib/events/relay.ts";
import { Secret } from "../../lib/secret.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import { withDatabase } from "./bench_hub.ts";

export interface RelayJob {
  readonly by: "relay" | "client";
  readonly nats: string;
  readonly events: number;
}

export interface RelayResult {
  readonly ms: number;
  /** How many the stream has. */
  readonly stored: number;
}

const STREAM = "ACTIVITY_EVENTS";
/** More at once are not sooner: the server answers them one by one. */
const UNDER_WAY = 1_000;
const WITHIN_MS = 120_000;

async function byRelay({ nats, events }: RelayJob, url: string): Promise<number> {
  return withDatabase(url, async (database) => {
    const started = performance.now();
    const relay = startRelay({ database, natsUrl: new Secret(nats), log: () => {} });
    await waitUntil({ forWhat: "every event to be relayed", deadlineMs: WITHIN_MS, intervalMs: 5 }, () => {
      const { published, problem } = relay.state();
      return published === events ? { found: true } : { seen: `${published} of ${events}, ${problem}` };
    });
    const ms = performance.now() - started;
    await relay.stop();
    return ms;
  });
}

/** With the connection it makes and the envelopes, as the relay has to; what it sends is in memory already. */
async function byClient({ nats }: RelayJob, url: string): Promise<number> {
  const rows = await withDatabase(
    url,
    ({ sql }) => sql<OutboxEvent[]>`select id, subject, attributes, created_at from outbox`,
  );
  const started = performance.now();
  const connection = await connect({ servers: nats });
  const stream = connection.jetstream();
  const waiting = rows.values();
  const lane = async () => {
    for (const row of waiting) {
      const options = { msgID: row.id, timeout: WITHIN_MS };
      await stream.publish(row.subject, JSON.stringify(envelopeOf(row)), options);
    }
  };
  await Promise.all(Array.from({ length: UNDER_WAY }, lane));
  const ms = performance.now() - started;
  await connection.close();
  return ms;
}

/** The stream as the relay makes it, empty, so that both sides fill the same one. */
async function withEmptyStream<T>(nats: string, work: (connection: NatsConnection) => Promise<T>): Promise<T> {
  const connection = await connect({ servers: nats });
  try {
    const { streams } = await connection.jetstreamManager();
    await streams.delete(STREAM).catch(() => {});
    await streams.add({ name: STREAM, subjects: ["org.>"], duplicate_window: 3_600_000_000_000 });
    return await work(connection);
  } finally {
    await connection.close();
  }
}

if (import.meta.main) {
  const job = JSON.parse(process.argv[2] ?? "") as RelayJob;
  const url = process.env.DATABASE_URL ?? "";
  const result = await withEmptyStream(job.nats, async (connection): Promise<RelayResult> => {
    const ms = await (job.by === "relay" ? byRelay : byClient)(job, url);
    const { state } = await (await connection.jetstreamManager()).streams.info(STREAM);
    return { ms, stored: state.messages };
  });
  process.stdout.write(JSON.stringify(result));
}
