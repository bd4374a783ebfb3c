// Events that were suppressed, or that a lost stream held, are published again when somebody asks, and what the stream still
// has is not sent a second time; how the outbox stands is told without reading through it.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { outboxStatus } from "../../../lib/events/outbox_status.ts";
import { replayEvents } from "../../../lib/events/replay_events.ts";
import { eventsScene, nanos, onlyStreams, type Scene, storedEvents } from "./events_scene.ts";

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

const ALL = { since: null, onlySuppressed: true, dryRun: false };
const SUBJECT = "org.statehub.workstream.completed";
const idsStored = async () => (await storedEvents(scene.nats.url)).map(({ id }) => id).sort();
const sql = () => scene.hub.database.sql;

async function suppressed(events: number): Promise<string[]> {
  const ids = await scene.insert(events);
  const relay = await scene.relay({ natsUrl: null });
  await scene.allSettled();
  await relay.stop();
  return ids;
}

describe("replayEvents()", () => {
  test("publishes what was suppressed, and wakes the relay", async () => {
    const ids = await suppressed(30);
    const relay = await scene.relay({ pace: { lookEveryMs: 60_000 } });
    await relay.reaches("relaying");
    expect(await replayEvents(sql(), ALL)).toEqual({ events: 30, by_subject: { [SUBJECT]: 30 } });
    await scene.allSettled();
    expect(await idsStored()).toEqual(ids.sort());
  });

  test("counts more than one batch of them by subject, each once, and in a rehearsal changes nothing", async () => {
    await sql()`insert into outbox (subject, attributes, created_at, suppressed_at)
      select case when g % 5 = 0 then 'org.statehub.repo.registered' else ${SUBJECT} end, '{}', now() - g % 3 * interval '1 s', now()
      from generate_series(1, 25000) g`;
    const counted = { events: 25_000, by_subject: { "org.statehub.repo.registered": 5_000, [SUBJECT]: 20_000 } };
    expect(await replayEvents(sql(), { ...ALL, dryRun: true })).toEqual(counted);
    expect(await outboxStatus(sql())).toMatchObject({ waiting: 0, suppressed: 25_000 });
    expect(await replayEvents(sql(), ALL)).toEqual(counted);
    expect(await outboxStatus(sql())).toMatchObject({ waiting: 25_000, suppressed: 0 });
  });

  test("leaves what was changed before `since`, and what was published unless that is asked for", async () => {
    await sql()`insert into outbox (subject, attributes, created_at, published_at, suppressed_at) values
      ('org.statehub.old', '{}', '2026-01-01T00:00:00Z', null, now()), ('org.statehub.on_time', '{}', '2026-01-02T00:00:00Z', null, now()),
      ('org.statehub.sent', '{}', '2026-01-03T00:00:00Z', now(), null)`;
    const since = "2026-01-02T00:00:00Z";
    expect((await replayEvents(sql(), { ...ALL, since, dryRun: true })).by_subject).toEqual({
      "org.statehub.on_time": 1,
    });
    expect((await replayEvents(sql(), { since, onlySuppressed: false, dryRun: true })).by_subject).toEqual({
      "org.statehub.on_time": 1,
      "org.statehub.sent": 1,
    });
  });

  test("of published ones sends those alone that the stream has lost, also after its memory for ids has ended", async () => {
    await onlyStreams(scene.nats.url, [{ name: "ACTIVITY_EVENTS", subjects: ["org.>"], duplicate_window: nanos(100) }]);
    const relay = await scene.relay();
    const ids = await scene.insert(20);
    await scene.allSettled();
    const lost = (await storedEvents(scene.nats.url)).slice(0, 5);
    const { connect } = await import("nats");
    const connection = await connect({ servers: scene.nats.url.slice("nats://".length) });
    const manager = await connection.jetstreamManager();
    for (const at of lost.keys()) await manager.streams.deleteMessage("ACTIVITY_EVENTS", at + 1);
    await connection.close();
    // The server's memory for ids ends by its own timer, which nothing shows.
    await Bun.sleep(400);
    await sql()`update outbox set attempted_at = attempted_at - interval '2 hours'`;
    await replayEvents(sql(), { ...ALL, onlySuppressed: false });
    await scene.allSettled();
    expect(await idsStored()).toEqual(ids.sort());
    expect(
      (await storedEvents(scene.nats.url))
        .slice(-5)
        .map(({ id }) => id)
        .sort(),
    ).toEqual(lost.map(({ id }) => id).sort());
    await relay.stop();
  });

  for (const since of ["yesterday", "", "2026-13-01T00:00:00Z"]) {
    test(`refuses ${JSON.stringify(since)} as a time`, () => {
      expect(replayEvents(sql(), { ...ALL, since })).rejects.toThrow("Could not replay events");
    });
  }
});

describe("outboxStatus()", () => {
  test("of an empty outbox has nothing to tell", async () => {
    const nothing = { waiting: 0, oldest_waiting_seconds: null, suppressed: 0, last_published_at: null };
    expect(await outboxStatus(sql())).toEqual(nothing);
  });

  test("tells how many wait and for how long, how many were suppressed, and when the last went out", async () => {
    await sql()`insert into outbox (subject, attributes, created_at, published_at, suppressed_at) values
      ('a', '{}', now() - interval '90 s', null, null), ('a', '{}', now(), null, null), ('a', '{}', now(), null, now()),
      ('a', '{}', now(), '2026-02-01T00:00:00Z', null), ('a', '{}', now(), '2026-02-02T12:00:00.5Z', null)`;
    const { oldest_waiting_seconds, ...status } = await outboxStatus(sql());
    expect(status).toEqual({ waiting: 2, suppressed: 1, last_published_at: "2026-02-02T12:00:00.500Z" });
    expect(oldest_waiting_seconds).toBeGreaterThanOrEqual(90);
    expect(oldest_waiting_seconds).toBeLessThan(150);
  });

  test("reads indexes alone, however many events were published", async () => {
    await sql()`insert into outbox (subject, attributes, created_at, published_at)
      select 'a', '{}', now(), now() from generate_series(1, 50000)`;
    await sql()`insert into outbox (subject, attributes) values ('a', '{}')`;
    await sql()`analyze outbox`;
    const [before] = await reads();
    await outboxStatus(sql());
    const [after] = await reads();
    expect(Number(after?.seq_scan) - Number(before?.seq_scan)).toBe(0);
    expect(Number(after?.rows) - Number(before?.rows)).toBeLessThan(10);
  });
  /** What this backend has read of the table, once its counts are written. */
  const reads = async () => {
    await sql()`select pg_stat_force_next_flush()`;
    await sql()`select pg_stat_clear_snapshot()`;
    return sql()<{ seq_scan: string; rows: string }[]>`
      select seq_scan, coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) as rows from pg_stat_user_tables where relname = 'outbox'`;
  };
});
