// From a committed row to the stream: what is sent, to whom it is told, and that each event arrives once, whatever else
// happens on the way. With a real nats-server and a real database.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { startRelay } from "../../../lib/events/relay.ts";
import { Secret } from "../../../lib/secret.ts";
import { waitUntil } from "../../../lib/wait_until.ts";
import { testServer } from "../../support/postgres_server.ts";
import {
  connectAs,
  eventsScene,
  insertEvents,
  nanos,
  onlyStreams,
  type Scene,
  storedEvents,
  withNats,
} from "./events_scene.ts";

const WATCHDOG = 30_000;
let scene: Scene;
beforeAll(async () => {
  scene = await eventsScene();
  await scene.nats.start();
}, WATCHDOG);
afterEach(async () => {
  await scene.clear();
  await onlyStreams(scene.nats.url, []);
});
afterAll(() => scene.close());

const idsStored = async () => (await storedEvents(scene.nats.url)).map(({ id }) => id).sort();
const rows = async () =>
  (
    await scene.hub.database.sql<
      {
        id: string;
        created_at: Date;
        attempted_at: Date | null;
        published_at: Date | null;
        suppressed_at: Date | null;
      }[]
    >`select id, created_at, attempted_at, published_at, suppressed_at from outbox order by id`
  ).map((row) => ({ ...row }));

describe("an event", () => {
  test("is stored with its envelope, its id in Nats-Msg-Id, on the subject of its type", async () => {
    const [id = ""] = await scene.insert(1);
    await scene.relay();
    await scene.allSettled();
    const [row] = await rows();
    const [stored] = await storedEvents(scene.nats.url);
    expect({ ...stored, text: undefined }).toEqual({
      id,
      subject: "org.statehub.workstream.completed",
      text: undefined,
    });
    expect(JSON.parse(stored?.text ?? "")).toEqual({
      id,
      type: "org.statehub.workstream.completed",
      version: "1.0",
      timestamp: row?.created_at.toISOString(),
      publisher: "the-custodian/state-hub",
      attributes: { workplan_id: "CUST-WP-0001", from: "active", to: "finished" },
    });
    expect(row?.attempted_at?.getTime()).toBeLessThanOrEqual(row?.published_at?.getTime() ?? 0);
  });

  test("goes out when its change is committed, by the notice, and never when it is rolled back", async () => {
    const relay = await scene.relay({ pace: { lookEveryMs: 60_000 } });
    await relay.reaches("relaying");
    await scene.hub.database.transaction((tx) => insertEvents({ sql: tx as never }, 3), { rollBack: true });
    const ids = await scene.insert(2);
    await scene.allSettled();
    expect(await idsStored()).toEqual(ids.sort());
    expect(relay.state().published).toBe(2);
  });

  test("that the server will never take holds up no other, and is told of once with its id", async () => {
    const [large = ""] = await scene.hub.database.sql<{ id: string }[]>`
      insert into outbox (subject, attributes)
      values ('org.statehub.decision.resolved', jsonb_build_object('title', repeat('x', 2000000))) returning id`.then(
      (made) => made.map(({ id }) => id),
    );
    const [strange = ""] = await scene.hub.database.sql<{ id: string }[]>`
      insert into outbox (subject, attributes) values ('org.statehub.a b', '{}') returning id`.then((made) =>
      made.map(({ id }) => id),
    );
    const ids = await scene.insert(1_500);
    const relay = await scene.relay();
    const { problem } = await relay.reaches("some_refused");
    expect(problem).toContain("2 events are refused");
    expect(problem).toContain(large);
    expect(await idsStored()).toEqual(ids.sort());
    expect((await rows()).filter(({ published_at }) => published_at === null).map(({ id }) => id)).toEqual(
      [large, strange].sort(),
    );
    await scene.insert(1);
    await waitUntil({ forWhat: "the next one", deadlineMs: 5_000 }, () =>
      relay.state().published === 1_501 ? { found: 1 } : { seen: "" },
    );
    expect(relay.lines.map(({ event }) => event)).toEqual(["relay_some_refused"]);
  });
});

describe("two relays on one database", () => {
  test("store 2,000 events once each, and share the work", async () => {
    const relays = await Promise.all([scene.relay(), scene.relay()]);
    await Promise.all(relays.map((relay) => relay.reaches("relaying")));
    const ids = (await Promise.all(Array.from({ length: 20 }, () => scene.insert(100)))).flat();
    await scene.allSettled();
    expect(await idsStored()).toEqual(ids.sort());
    await waitUntil({ forWhat: "both to have counted", deadlineMs: 5_000 }, () => {
      const sum = relays.reduce((total, relay) => total + relay.state().published, 0);
      return sum === 2_000 ? { found: sum } : { seen: String(sum) };
    });
  });

  test("never send a row that the other is sending", async () => {
    const ids = await scene.insert(10);
    const { sql } = scene.hub.database;
    await sql`update outbox set attempted_at = clock_timestamp()`;
    const held = Promise.withResolvers<void>();
    const locked = Promise.withResolvers<void>();
    const other = scene.hub.database.transaction(async (tx) => {
      await tx`select 1 from outbox for update`;
      locked.resolve();
      await held.promise;
    });
    await locked.promise;
    const relay = await scene.relay();
    await relay.reaches("relaying");
    expect(await storedEvents(scene.nats.url)).toEqual([]);
    held.resolve();
    await other;
    await scene.allSettled();
    expect(await idsStored()).toEqual(ids.sort());
  });
});

describe("an attempt that is older than the stream's memory", () => {
  // The shortest window that a server takes: alone it would save nobody from a second copy.
  const forgetful = { name: "ACTIVITY_EVENTS", subjects: ["org.>"], duplicate_window: nanos(100) };
  const lostTheAnswer = async (ids: readonly string[]) => {
    await scene.allSettled();
    await scene.hub.database
      .sql`update outbox set published_at = null, attempted_at = attempted_at - interval '5 hours'`;
    expect(await idsStored()).toEqual([...ids].sort());
  };

  test("is looked up in the stream and not sent twice; one that is not there is sent", async () => {
    await onlyStreams(scene.nats.url, [forgetful]);
    const first = await scene.relay();
    const ids = await scene.insert(1_200);
    await lostTheAnswer(ids);
    await first.stop();
    const missing = await scene.insert(30);
    await scene.hub.database.sql`
      update outbox set attempted_at = clock_timestamp() - interval '5 hours' where attempted_at is null`;
    const second = await scene.relay();
    await second.reaches("relaying");
    await scene.allSettled();
    expect(await idsStored()).toEqual([...ids, ...missing].sort());
    expect(second.state().published).toBe(1_230);
  });

  test("is sent again, once, when the stream was lost with what it held", async () => {
    await onlyStreams(scene.nats.url, [forgetful]);
    const first = await scene.relay();
    const ids = await scene.insert(50);
    await lostTheAnswer(ids);
    await first.stop();
    await onlyStreams(scene.nats.url, []);
    await (await scene.relay()).reaches("relaying");
    await scene.allSettled();
    expect(await idsStored()).toEqual([...ids].sort());
  });

  test("keeps the moment of its first attempt, however often it is tried again", async () => {
    await onlyStreams(scene.nats.url, [{ ...forgetful, max_msgs: 0, max_msg_size: 10 }]);
    const relay = await scene.relay();
    await scene.insert(1);
    await relay.reaches("some_refused");
    const before = await rows();
    await scene.hub.database.sql`select pg_notify('state_hub_outbox', '')`;
    await relay.stop();
    const again = await scene.relay({ pace: { lookEveryMs: 20 } });
    await again.reaches("some_refused");
    expect((await rows())[0]?.attempted_at?.getTime()).toBeGreaterThanOrEqual(before[0]?.attempted_at?.getTime() ?? 0);
  });
});

describe("a stream that is missing", () => {
  test("is created as the consumers expect it, before there is an event", async () => {
    await (await scene.relay()).reaches("relaying");
    const config = await withNats(
      scene.nats.url,
      async (connection) => (await (await connection.jetstreamManager()).streams.info("ACTIVITY_EVENTS")).config,
    );
    expect(config).toMatchObject({
      subjects: ["org.>"],
      storage: "file",
      duplicate_window: nanos(3_600_000),
      max_msgs: -1,
    });
  });

  test("is created again when it is deleted while the relay runs", async () => {
    const relay = await scene.relay();
    await relay.reaches("relaying");
    await onlyStreams(scene.nats.url, []);
    const ids = await scene.insert(3);
    await scene.allSettled();
    expect(await idsStored()).toEqual(ids.sort());
  });

  test("is not touched when somebody else made it, with other settings that do", async () => {
    const theirs = {
      name: "ACTIVITY_EVENTS",
      subjects: ["org.statehub.>", "com.>"],
      max_msgs: 500,
      duplicate_window: nanos(60_000),
    };
    await onlyStreams(scene.nats.url, [theirs]);
    await scene.insert(3);
    await (await scene.relay()).reaches("relaying");
    await scene.allSettled();
    const config = await withNats(
      scene.nats.url,
      async (connection) => (await (await connection.jetstreamManager()).streams.info("ACTIVITY_EVENTS")).config,
    );
    expect(config).toMatchObject(theirs);
  });
});

describe("a hub without NATS_URL", () => {
  test("marks what waits and what comes later as suppressed, and says so once", async () => {
    await scene.insert(3);
    const relay = await scene.relay({ natsUrl: null });
    await scene.allSettled();
    await scene.insert(2);
    await scene.allSettled();
    expect((await rows()).map((row) => [row.suppressed_at !== null, row.published_at])).toEqual(
      Array(5).fill([true, null]),
    );
    await waitUntil({ forWhat: "both to be counted", deadlineMs: 5_000 }, () =>
      relay.state().suppressed === 5 ? { found: 1 } : { seen: "" },
    );
    expect(relay.lines.map(({ event, level }) => [event, level])).toEqual([["relay_suppressing", "info"]]);
  });

  test("does not load the client at all; one with NATS_URL does", async () => {
    await scene.nats.start();
    const loaded = async (natsUrl: string) => {
      const child = Bun.spawn(
        [process.execPath, `${import.meta.dir}/relay_process.ts`, scene.hub.url, natsUrl, "tell-modules"],
        { stderr: "inherit" },
      );
      return JSON.parse(await new Response(child.stdout).text()) as boolean;
    };
    expect(await loaded("")).toBe(false);
    expect(await loaded(scene.nats.url)).toBe(true);
  });
});

describe("a database that goes away and comes back", () => {
  test("is told of once, and every event goes out", async () => {
    const relay = await scene.relay();
    await relay.reaches("relaying");
    const { sql } = scene.hub.database;
    const elsewhere = await connectAs({ url: (await testServer()).url.reveal() }, "test-operator");
    const name = new URL(scene.hub.url).pathname.slice(1);
    const accepting = (yes: boolean) => elsewhere.sql.unsafe(`alter database ${name} allow_connections ${yes}`);
    await accepting(false);
    await sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'test-relay%'`;
    const { problem } = await relay.reaches("database");
    expect(problem).toContain("Could not read or mark the events that wait");
    const ids = await scene.insert(100);
    await accepting(true);
    await scene.allSettled();
    await relay.reaches("relaying");
    expect(await idsStored()).toEqual(ids.sort());
    expect(relay.lines.map(({ event }) => event)).toEqual(["relay_relaying", "relay_database", "relay_relaying"]);
    await elsewhere.close();
  });
});

describe("stop()", () => {
  test("lets what is under way end, and leaves the rest for the next", async () => {
    const ids = await scene.insert(5_000);
    const relay = await scene.relay();
    await waitUntil({ forWhat: "a first batch", deadlineMs: 5_000, intervalMs: 1 }, () =>
      relay.state().published > 0 ? { found: 1 } : { seen: "" },
    );
    await relay.stop();
    const unmarked = (await rows()).filter(({ published_at }) => published_at === null).map(({ id }) => id);
    const stored = await idsStored();
    expect(unmarked.filter((id) => stored.includes(id))).toEqual([]);
    expect(relay.state().state).toBe("stopped");
    await scene.relay();
    await scene.allSettled();
    expect(await idsStored()).toEqual(ids.sort());
  });

  test("comes with the signal as well", async () => {
    const ending = new AbortController();
    const database = await connectAs(scene.hub, "test-relay");
    const events: string[] = [];
    const relay = startRelay({
      database,
      natsUrl: new Secret(scene.nats.url),
      log: ({ event }) => events.push(event),
      signal: ending.signal,
    });
    ending.abort();
    await relay.stop();
    await scene.insert(1);
    await database.close();
    expect(events.at(-1)).toBe("relay_stopped");
    expect((await rows())[0]?.attempted_at).toBeNull();
  });
});
