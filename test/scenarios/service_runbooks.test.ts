// The runbooks of the service as their reader follows them by `scripts/runbook.ts run`: every block of both, dangers too, from
// the first page to the last, on one scratch world in which NATS goes away, a stream is lost and a hub runs without NATS.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { pageNamed, type RunbookReader, rehearse, runbookReader } from "../support/runbook_reader.ts";
import { meanwhileIn } from "../support/service_events.ts";
import { BLOCK_MS, makeServiceWorld, type ServiceWorld } from "../support/service_world.ts";

const service = pageNamed("state_hub");

let world: ServiceWorld;
let reader: RunbookReader;
const before = meanwhileIn(() => world);
beforeAll(async () => {
  world = await makeServiceWorld();
  reader = runbookReader({ env: world.env });
  await world.pasteNamed("start");
  await world.up();
  await world.pasteNamed("register", { CHECKOUT: world.checkout("kitchen") });
  await world.eventsLeft();
}, BLOCK_MS);
afterAll(() => world?.remove(), BLOCK_MS);

describe("state_hub.md", () => {
  afterAll(() => world.end("OTHERS_PORT", "PROXY_PORT"), BLOCK_MS);
  rehearse({ page: "state_hub", reader: () => reader, before });

  test("tells what a second hub on the same port says, and that it ends at once, with exit 2", async () => {
    const began = performance.now();
    const { exitCode, stderr } = await world.paste('scripts/state_hub.ts serve --port "$PORT"');
    expect({ exitCode, said: stderr }).toEqual({
      exitCode: 2,
      said: expect.stringMatching(/Could not listen.*in use/),
    });
    // A connection that is left open would hold it for five.
    expect(performance.now() - began).toBeLessThan(4_000);
  });

  test("explains every metric that the hub has, and no other", async () => {
    const text = await (await fetch(`${world.at}/metrics`)).text();
    const told = [...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name = ""]) => name);
    const explained = service.rows
      .filter(({ titles }) => titles.includes("what it tells") && titles[0] === "metric")
      .map(({ cells }) => cells[0]?.replaceAll("`", "") ?? "");
    expect(told.length).toBeGreaterThan(15);
    expect(explained.toSorted()).toEqual(told.toSorted());
  });
});

describe("lifecycle_events.md", () => {
  rehearse({ page: "lifecycle_events", reader: () => reader, before });
});
