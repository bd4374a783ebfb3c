// The runbooks of the service as their reader follows them: every command of both, from the first page to the last, on one
// scratch world in which NATS goes away, a stream is lost and a hub runs without NATS. What is printed must be what the
// pages show.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { unexpected } from "../../lib/runbook/expected_output.ts";
import { isCommand, type Runbook, readRunbook } from "../../lib/runbook/read_runbook.ts";
import { recordExecuted } from "../support/record_executed.ts";
import { meanwhile } from "../support/service_events.ts";
import { BLOCK_MS, makeServiceWorld, type ServiceWorld } from "../support/service_world.ts";

const FOLDER = join(import.meta.dir, "../../runbooks");
const service = readRunbook(join(FOLDER, "state_hub.md"));
const events = readRunbook(join(FOLDER, "lifecycle_events.md"));

let world: ServiceWorld;
beforeAll(async () => {
  world = await makeServiceWorld();
  await world.pasteNamed("start");
  await world.up();
  await world.pasteNamed("register", { CHECKOUT: world.checkout("kitchen") });
  await world.eventsLeft();
}, BLOCK_MS);
afterAll(() => world?.remove(), BLOCK_MS);

// Dangers too: nothing here is worth anything, and a command that nobody may try is one that nobody trusts.
function rehearse(page: Runbook): void {
  const { blocks } = page;
  for (const block of blocks.filter(isCommand)) {
    test(
      `${block.name}, as the runbook has it, does what the runbook says`,
      async () => {
        await meanwhile[block.name]?.(world);
        const { exitCode, stdout, stderr } = await world.paste(block.text);
        expect({ exitCode, said: exitCode === 0 ? "" : stderr }).toEqual({ exitCode: 0, said: "" });
        const shown = blocks.find(({ name }) => name === `${block.name}-output`);
        const missing = shown ? unexpected(shown.text, stdout) : null;
        expect(missing === null ? null : { missing, printed: stdout }).toBeNull();
        recordExecuted(page, block);
      },
      BLOCK_MS,
    );
  }
}

describe("state_hub.md", () => {
  afterAll(() => world.end("OTHERS_PORT", "PROXY_PORT"), BLOCK_MS);
  rehearse(service);

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

describe("lifecycle_events.md", () => rehearse(events));
