import { afterAll, beforeAll, expect, test } from "bun:test";
import { eventsScene, type Scene } from "../lib/events/events_scene.ts";
import { killRelays } from "../lib/events/killed_relays.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await eventsScene();
  await scene.nats.start();
}, 60_000);
afterAll(() => scene.close());

test("relays killed at 100 random points: every committed event once, none that was rolled back", async () => {
  const remembered = await killRelays(scene, 50, 3_600_000);
  await scene.clear();
  const forgotten = await killRelays(scene, 50, 100);
  // Some come before the first event or after the last; if most did, nothing was tested.
  expect(remembered.killedInside + forgotten.killedInside).toBeGreaterThan(25);
}, 600_000);
