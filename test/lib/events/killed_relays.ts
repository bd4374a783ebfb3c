// Relays that are killed with SIGKILL in the middle of their work, and what the next one makes of it: every committed event
// once by its id, and none that was rolled back. The quick suite tries a few points, the long one many.
import { expect } from "bun:test";
import { insertEvents, nanos, onlyStreams, type Scene, storedEvents, withNats } from "./events_scene.ts";

const PROCESS = `${import.meta.dir}/relay_process.ts`;
const EVENTS = 2_000;
/**
 * @param windowMs the stream's duplicate window: a short one leaves it to the relay alone to know what it has sent
 * @returns how many were killed when they had sent some of their events and not all
 */
export async function killRelays(scene: Scene, points: number, windowMs: number): Promise<{ killedInside: number }> {
  await onlyStreams(scene.nats.url, [
    { name: "ACTIVITY_EVENTS", subjects: ["org.>"], duplicate_window: nanos(windowMs) },
  ]);
  const committed: string[] = [];
  const workMs = await undisturbed(scene, committed);
  let killedInside = 0;
  for (let point = 0; point < points; point++) {
    const child = startRelayProcess(scene);
    await child.said("relay_relaying");
    const before = await stored(scene);
    committed.push(...(await scene.insert(EVENTS)));
    await scene.hub.database.transaction((tx) => insertEvents({ sql: tx as never }, 5), { rollBack: true });
    // The moment is the thing under test: nothing is waited for.
    await Bun.sleep((workMs * (point + Math.random())) / points);
    await child.kill();
    const sent = (await stored(scene)) - before;
    if (sent > 0 && sent < EVENTS) killedInside++;
  }
  await scene.relay();
  await scene.allSettled();
  expect((await storedEvents(scene.nats.url)).map(({ id }) => id).sort()).toEqual(committed.sort());
  return { killedInside };
}

export interface RelayProcess {
  /** Waits until it has printed this. */
  said(word: string): Promise<void>;
  /** With SIGKILL. */
  kill(): Promise<void>;
}

/** To be killed. */
export function startRelayProcess({ hub, nats }: Scene, extra = ""): RelayProcess {
  const child = Bun.spawn([process.execPath, PROCESS, hub.url, nats.url, extra], { stderr: "inherit" });
  const reader = child.stdout.getReader();
  let text = "";
  return {
    said: async (word) => {
      while (!text.includes(word)) {
        const { value, done } = await reader.read();
        if (done) throw new Error(`The relay's process ended before it said ${word}`);
        text += new TextDecoder().decode(value);
      }
    },
    kill: async () => {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

/** How long a relay needs for as many, in milliseconds. */
async function undisturbed(scene: Scene, committed: string[]): Promise<number> {
  const child = startRelayProcess(scene);
  await child.said("relay_relaying");
  committed.push(...(await scene.insert(EVENTS)));
  const started = performance.now();
  await scene.allSettled();
  const tookMs = performance.now() - started;
  await child.kill();
  return tookMs;
}

/** How many events the stream holds. */
async function stored({ nats }: Scene): Promise<number> {
  return withNats(nats.url, async (connection) => {
    const { state } = await (await connection.jetstreamManager()).streams.info("ACTIVITY_EVENTS");
    return state.messages;
  });
}
