// What happens in the world of the service's runbooks between two of their commands: a log line that is written a moment
// later, a NATS that goes away, a stream that is lost. A page that tells of an outage is rehearsed in one.
import { readFileSync } from "node:fs";
import { waitUntil } from "../../lib/wait_until.ts";
import type { ServiceWorld } from "./service_world.ts";

const WITHIN_MS = 20_000;

/** By the name of the block that it comes before. */
export const meanwhile: Readonly<Record<string, (world: ServiceWorld) => Promise<void>>> = {
  "look-log": (world) => inLog(world, "look-for-me"),
  "prove-started": (world) => world.up(),
  "ask-with-token": (world) => world.up("OTHERS_PORT"),
  "ask-through-proxy": (world) => world.up("PROXY_PORT"),
  "prove-new-token": (world) => world.up("OTHERS_PORT"),
  "sweep-via": (world) => runsOver(world),
  "prove-events-left": (world) => world.eventsLeft(),
  "outage-depth": async (world) => {
    await world.nats.stop();
    await inLog(world, '"relay_unreachable"');
    await resolveOne(world);
  },
  "caught-up": async (world) => {
    await world.nats.start();
    await world.eventsLeft();
  },
  "replay-dry-run": async (world) => {
    await restart(world, { NATS_URL: "" });
    await resolveOne(world);
    await suppressed(world);
    await restart(world, {});
  },
  "replay-all-dry-run": async (world) => {
    await world.eventsLeft();
    await world.nats.wipe();
    await world.nats.start();
  },
  "prove-in-stream": (world) => world.eventsLeft(),
};

async function inLog({ log }: ServiceWorld, words: string): Promise<void> {
  await waitUntil({ forWhat: `${words} in the log`, deadlineMs: WITHIN_MS }, () => {
    const said = readFileSync(log, "utf8");
    return said.includes(words) ? { found: true } : { seen: said };
  });
}

async function runsOver({ hub }: ServiceWorld): Promise<void> {
  await waitUntil({ forWhat: "runs to end", deadlineMs: WITHIN_MS }, async () => {
    const [row] = await hub.database.sql`select count(*)::int as n from consistency_runs where status = 'running'`;
    return row?.n === 0 ? { found: true } : { seen: `${row?.n} run` };
  });
}

async function suppressed({ hub }: ServiceWorld): Promise<void> {
  await waitUntil({ forWhat: "an event that is suppressed", deadlineMs: WITHIN_MS }, async () => {
    const [row] = await hub.database.sql`select count(*)::int as n from outbox where suppressed_at is not null`;
    return row?.n > 0 ? { found: true } : { seen: "none" };
  });
}

async function resolveOne(world: ServiceWorld): Promise<void> {
  for (const name of ["ask-for-decision", "resolve"]) await world.pasteNamed(name);
}

async function restart(world: ServiceWorld, more: Readonly<Record<string, string>>): Promise<void> {
  await world.pasteNamed("stop");
  await world.down();
  await world.pasteNamed("start", more);
  await world.up();
}
