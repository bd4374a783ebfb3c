// What happens in the world of the service's runbooks between two of their commands: a NATS that goes away, a stream that is
// lost, a hub without NATS. A page that tells of an outage is rehearsed in one.
import { readFileSync } from "node:fs";
import { waitUntil } from "../../lib/wait_until.ts";
import type { ServiceWorld } from "./service_world.ts";

const WITHIN_MS = 20_000;

type Happening = () => Promise<void>;

/** By the name of the block that it comes before. */
export function meanwhileIn(world: () => ServiceWorld): Readonly<Record<string, Happening>> {
  const happenings = Object.entries(HAPPENINGS);
  return Object.fromEntries(happenings.map(([block, happen]) => [block, () => happen(world())]));
}

const HAPPENINGS: Readonly<Record<string, (world: ServiceWorld) => Promise<void>>> = {
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
  for (const name of ["look-listener", "stop", "prove-stopped"]) await world.pasteNamed(name);
  await world.pasteNamed("start", more);
  await world.up();
}
