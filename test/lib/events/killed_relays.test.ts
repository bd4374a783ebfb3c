import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { eventsScene, nanos, onlyStreams, type Scene, storedEvents } from "./events_scene.ts";
import { killRelays, startRelayProcess } from "./killed_relays.ts";

const WATCHDOG = 60_000;
let scene: Scene;
beforeAll(async () => {
  scene = await eventsScene();
  await scene.nats.start();
}, WATCHDOG);
afterEach(() => scene.clear());
afterAll(() => scene.close());

for (const [what, windowMs] of [
  ["a stream that remembers ids for an hour", 3_600_000],
  ["a stream that forgets them at once", 100],
] as const) {
  test(`a relay killed between publishing and its commit leaves the trace by which ${what} gets each event once`, async () => {
    await onlyStreams(scene.nats.url, [
      { name: "ACTIVITY_EVENTS", subjects: ["org.>"], duplicate_window: nanos(windowMs) },
    ]);
    const ids = await scene.insert(300);
    const child = startRelayProcess(scene, "hold-commit");
    await child.said("published");
    expect(await storedEvents(scene.nats.url)).toHaveLength(300);
    await child.kill();
    const rows = await scene.hub.database.sql<{ attempted: boolean; published: boolean }[]>`
      select distinct attempted_at is not null as attempted, published_at is not null as published from outbox`;
    expect(rows.map((row) => ({ ...row }))).toEqual([{ attempted: true, published: false }]);
    // Longer than the short window lasts: the moment itself is what is tested.
    await Bun.sleep(110);
    await scene.relay();
    await scene.allSettled();
    expect((await storedEvents(scene.nats.url)).map(({ id }) => id).sort()).toEqual(ids.sort());
  });
}

test(
  "relays killed at 10 random points: every committed event once, none that was rolled back",
  async () => {
    const remembered = await killRelays(scene, 5, 3_600_000);
    await scene.clear();
    const forgotten = await killRelays(scene, 5, 100);
    // Some come before the first event or after the last; if all did, nothing was tested.
    expect(remembered.killedInside + forgotten.killedInside).toBeGreaterThan(0);
  },
  WATCHDOG,
);
