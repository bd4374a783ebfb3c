// An outbox in a real database, a nats-server beside it, and relays between the two whose every line is kept: what the
// tests of events play on. What the stream holds is read with the client itself, not with the code under test.
import { AckPolicy, connect, DeliverPolicy, type StreamConfig } from "nats";
import { type Database, openDatabase } from "../../../lib/db/connect.ts";
import { type Relay, type RelayPace, startRelay } from "../../../lib/events/relay.ts";
import type { RelayLine, RelayStateName } from "../../../lib/events/relay_state.ts";
import { Secret } from "../../../lib/secret.ts";
import { waitUntil } from "../../../lib/wait_until.ts";
import { freshHub, type TestHub } from "../../support/hub.ts";
import { type NatsServer, natsServer } from "../../support/nats_server.ts";

/** Quick enough for a test; what is waited for are conditions. */
export const TEST_PACE: RelayPace = { lookEveryMs: 300, retryMs: 20, retryAtMostMs: 100, silenceMs: 400 };
const DEADLINE_MS = 15_000;

export interface TestRelay extends Relay {
  readonly lines: readonly RelayLine[];
  /** Waits until it stands so, and gives what it says then. */
  reaches(state: RelayStateName): Promise<ReturnType<Relay["state"]>>;
}

export interface RelayChoice {
  readonly natsUrl?: string | null;
  readonly pace?: Partial<RelayPace>;
  readonly database?: Database;
}

export interface Scene {
  readonly hub: TestHub;
  readonly nats: NatsServer;
  relay(choice?: RelayChoice): Promise<TestRelay>;
  /** Commits new events; resolves with their ids. */
  insert(events: number): Promise<string[]>;
  /** Waits until no event waits any more. */
  allSettled(): Promise<void>;
  /** Ends the relays, empties the outbox, deletes every stream of a server that runs. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

export async function eventsScene(): Promise<Scene> {
  const [hub, nats] = await Promise.all([freshHub(), natsServer()]);
  const ends: (() => Promise<void>)[] = [];
  const endAll = async () => {
    await Promise.all(ends.splice(0).map((end) => end()));
  };
  return {
    hub,
    nats,
    relay: async (choice = {}) => {
      const database = choice.database ?? (await connectAs(hub, "test-relay"));
      const relay = keptLines(database, choice.natsUrl === undefined ? nats.url : choice.natsUrl, choice.pace);
      ends.push(async () => {
        await relay.stop();
        await database.close().catch(() => {});
      });
      return relay;
    },
    insert: (events) => insertEvents(hub.database, events),
    allSettled: () => settled(hub.database),
    clear: async () => {
      await endAll();
      await hub.database.sql`truncate outbox`;
    },
    close: async () => {
      await endAll();
      await nats.stop();
      await hub.close();
    },
  };
}

export function connectAs(hub: Pick<TestHub, "url">, applicationName: string): Promise<Database> {
  return openDatabase({ url: new Secret(hub.url), applicationName, access: "read-write" });
}

function keptLines(database: Database, natsUrl: string | null, pace: Partial<RelayPace> = {}): TestRelay {
  const lines: RelayLine[] = [];
  const url = natsUrl === null ? null : new Secret(natsUrl);
  const relay = startRelay({
    database,
    natsUrl: url,
    log: (line) => lines.push(line),
    pace: { ...TEST_PACE, ...pace },
  });
  const reaches = (state: RelayStateName) =>
    waitUntil({ forWhat: `the relay to be ${state}`, deadlineMs: DEADLINE_MS }, () => {
      const now = relay.state();
      return now.state === state ? { found: now } : { seen: JSON.stringify(now) };
    });
  return { ...relay, lines, reaches };
}

const ATTRIBUTES = JSON.stringify({ workplan_id: "CUST-WP-0001", from: "active", to: "finished" });

/** In one statement, as an event of the kind that a finished workstream makes. */
export async function insertEvents(database: Pick<Database, "sql">, events: number): Promise<string[]> {
  const rows = await database.sql<{ id: string }[]>`
    insert into outbox (subject, attributes)
    select 'org.statehub.workstream.completed', ${ATTRIBUTES}::text::jsonb from generate_series(1, ${events}::int)
    returning id`;
  return rows.map(({ id }) => id);
}

export async function settled(database: Pick<Database, "sql">): Promise<void> {
  await waitUntil({ forWhat: "every event to be published", deadlineMs: DEADLINE_MS }, async () => {
    const [row] = await database.sql<{ n: number }[]>`
      select count(*)::int as n from outbox where published_at is null and suppressed_at is null`;
    return row?.n === 0 ? { found: true } : { seen: `${row?.n} wait` };
  });
}

export interface Stored {
  /** Its header Nats-Msg-Id. */
  readonly id: string;
  readonly subject: string;
  readonly text: string;
}

/** Everything that the stream holds, in its order. */
export async function storedEvents(url: string, stream = "ACTIVITY_EVENTS"): Promise<Stored[]> {
  return withNats(url, async (connection) => {
    const manager = await connection.jetstreamManager();
    const { messages } = (await manager.streams.info(stream)).state;
    if (messages === 0) return [];
    const { name } = await manager.consumers.add(stream, {
      deliver_policy: DeliverPolicy.All,
      ack_policy: AckPolicy.None,
    });
    const consumer = await connection.jetstream().consumers.get(stream, name);
    const stored: Stored[] = [];
    for await (const each of await consumer.fetch({ max_messages: messages, expires: 10_000 })) {
      stored.push({ id: each.headers?.get("Nats-Msg-Id") ?? "", subject: each.subject, text: each.string() });
    }
    return stored;
  });
}

/** Deletes what is there and creates these instead. */
export async function onlyStreams(url: string, configs: readonly Partial<StreamConfig>[]): Promise<void> {
  await withNats(url, async (connection) => {
    const manager = await connection.jetstreamManager();
    for await (const { config } of manager.streams.list()) await manager.streams.delete(config.name);
    // A copy: the client writes into what it is given.
    for (const config of configs) await manager.streams.add({ ...config });
  });
}

/** As an operator would, while others look on: there is no moment without it. */
export async function updateStream(url: string, name: string, config: Partial<StreamConfig>): Promise<void> {
  await withNats(url, async (connection) => {
    await (await connection.jetstreamManager()).streams.update(name, config);
  });
}

export async function withNats<T>(
  url: string,
  work: (connection: Awaited<ReturnType<typeof connect>>) => Promise<T>,
): Promise<T> {
  const { hostname, port, username, password } = new URL(url);
  const [user, pass] = [decodeURIComponent(username), decodeURIComponent(password)];
  const login = user === "" ? {} : pass === "" ? { token: user } : { user, pass };
  const connection = await connect({ servers: `${hostname}:${port}`, reconnect: false, ...login });
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

/** Milliseconds as JetStream counts them. */
export const nanos = (ms: number) => ms * 1_000_000;
