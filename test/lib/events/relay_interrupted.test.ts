// A NATS that goes away while the relay runs, in each way that a server can: ended, restarted, frozen, with a full disk. The
// hub's own changes need no NATS at any time, and stopping never waits for one.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { waitUntil } from "../../../lib/wait_until.ts";
import { canMount, freeDisk, onSmallDisk } from "../../support/failing_remotes.ts";
import { temporaryFolder } from "../../support/git_repo.ts";
import { eventsScene, type Scene, storedEvents } from "./events_scene.ts";

const WATCHDOG = 30_000;
let scene: Scene;
beforeAll(async () => {
  scene = await eventsScene();
}, WATCHDOG);
afterEach(async () => {
  await scene.clear();
  await scene.nats.wipe();
});
afterAll(() => scene.close());

const idsStored = async () => (await storedEvents(scene.nats.url)).map(({ id }) => id).sort();
const eventsOf = (relay: { lines: readonly { event: string }[] }) => relay.lines.map(({ event }) => event);

describe("a NATS that goes away while the relay runs", () => {
  test("and comes back with its store: everything arrives once, told of in two lines", async () => {
    await scene.nats.start();
    const relay = await scene.relay();
    await relay.reaches("relaying");
    const ids = await scene.insert(100);
    await scene.allSettled();
    await scene.nats.stop();
    await relay.reaches("unreachable");
    for (let change = 0; change < 5; change++) ids.push(...(await scene.insert(20)));
    await scene.nats.start();
    await scene.allSettled();
    await relay.reaches("relaying");
    expect(await idsStored()).toEqual(ids.sort());
    expect(eventsOf(relay)).toEqual(["relay_relaying", "relay_unreachable", "relay_relaying"]);
  });

  test("in the middle of thousands of events, again and again: each arrives once", async () => {
    await scene.nats.start();
    const relay = await scene.relay();
    const ids: string[] = [];
    for (let round = 0; round < 4; round++) {
      ids.push(...(await scene.insert(3_000)));
      const before = relay.state().published;
      await waitUntil({ forWhat: "some to be published", deadlineMs: 10_000, intervalMs: 1 }, () =>
        relay.state().published > before ? { found: true } : { seen: JSON.stringify(relay.state()) },
      );
      await scene.nats.start();
    }
    await scene.allSettled();
    expect(await idsStored()).toEqual(ids.sort());
  });

  test("by freezing in the middle: that is told of, and each arrives once when it goes on", async () => {
    await scene.nats.start();
    const relay = await scene.relay();
    await relay.reaches("relaying");
    scene.nats.pause();
    const ids = await scene.insert(1_500);
    const { problem } = await relay.reaches("unanswered");
    expect(problem).toContain("Could not get an answer from NATS");
    await relay.reaches("unreachable");
    scene.nats.resume();
    await scene.allSettled();
    expect(await idsStored()).toEqual(ids.sort());
    expect(eventsOf(relay).slice(0, 3)).toEqual(["relay_relaying", "relay_unanswered", "relay_unreachable"]);
  });

  test("costs no more open files however long it hangs", async () => {
    await scene.nats.start();
    scene.nats.pause();
    const relay = await scene.relay({ pace: { silenceMs: 20, retryMs: 1, retryAtMostMs: 1 } });
    await relay.reaches("unreachable");
    const open = () => readdirSync("/proc/self/fd").length;
    const before = open();
    await Bun.sleep(800);
    expect(open()).toBeLessThan(before + 10);
    scene.nats.resume();
  });

  test.if(canMount)("with a full disk: that is told of, and when there is room each arrives once", async () => {
    const folder = temporaryFolder();
    const disk = join(folder.path, "disk");
    onSmallDisk(disk, "600k");
    await scene.nats.start({ store: disk });
    const relay = await scene.relay();
    await relay.reaches("relaying");
    const ids = await scene.insert(4_000);
    const { problem } = await relay.reaches("full");
    expect(problem).toContain("insufficient resources");
    Bun.spawnSync(["mount", "-o", "remount,size=20m", disk]);
    // It looks at the room it has when it starts, and switches JetStream off until then.
    await scene.nats.start();
    await scene.allSettled();
    expect(await idsStored()).toEqual(ids.sort());
    await scene.clear();
    await scene.nats.stop();
    freeDisk(disk);
    folder.remove();
    // The next start would make that folder again.
    await scene.nats.start({});
  });
});

describe("stop() of a relay to a frozen NATS takes less than 3 s", () => {
  const stopsInTime = async (relay: { stop(): Promise<void> }) => {
    const started = performance.now();
    await relay.stop();
    expect(performance.now() - started).toBeLessThan(3_000);
    scene.nats.resume();
  };

  test("with events under way, and marks those that were acknowledged", async () => {
    await scene.nats.start();
    const ids = await scene.insert(20_000);
    const relay = await scene.relay({ pace: { silenceMs: 60_000 } });
    await waitUntil({ forWhat: "some to be published", deadlineMs: 10_000, intervalMs: 1 }, () =>
      relay.state().published > 0 ? { found: true } : { seen: JSON.stringify(relay.state()) },
    );
    scene.nats.pause();
    await stopsInTime(relay);
    await scene.relay();
    await scene.allSettled();
    expect(await idsStored()).toEqual(ids.sort());
  });

  test("while it asks for the stream", async () => {
    await scene.nats.start();
    const relay = await scene.relay({ pace: { silenceMs: 60_000, lookEveryMs: 20 } });
    await relay.reaches("relaying");
    scene.nats.pause();
    // Several looks later it is in the middle of one; nothing outside shows it.
    await Bun.sleep(150);
    await stopsInTime(relay);
  });

  test("while it connects", async () => {
    await scene.nats.start();
    scene.nats.pause();
    await stopsInTime(await scene.relay({ pace: { silenceMs: 60_000 } }));
  });
});
