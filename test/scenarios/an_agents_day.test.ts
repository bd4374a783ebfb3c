// A day with the hub, as the runbooks tell it: each command stands in one of them and is pasted as it is. NATS goes away
// and comes back, the hub is killed and started, and in the evening everybody was told of everything, once.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { BLOCK_MS, makeServiceWorld, type ServiceWorld } from "../support/service_world.ts";

let world: ServiceWorld;
beforeAll(async () => {
  world = await makeServiceWorld();
}, BLOCK_MS);
afterAll(() => world?.remove(), BLOCK_MS);

const paste = (name: string, more?: Record<string, string>) => world.pasteNamed(name, more);

interface Told {
  readonly subject: string;
  readonly envelope: { readonly id: string; readonly attributes: Readonly<Record<string, unknown>> };
}

/** The first so many events of the day, as the runbook watches them. */
async function watched(count: number): Promise<readonly Told[]> {
  const { stdout } = await world.paste(
    `scripts/state_hub.ts events tail --since "\${SINCE:?}" --count ${count} --json`,
  );
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Told);
}

const kindOf = ({ subject }: Told) => subject.replace("org.statehub.", "");

test(
  "the hub is started, and two repositories are registered and swept over the API",
  async () => {
    await paste("start");
    await world.up();
    expect(await paste("look-health")).toContain('"status":"ok"');
    await paste("register");
    await paste("register", { CHECKOUT: world.checkout("kitchen") });
    expect(JSON.parse(await paste("sweep"))).toMatchObject({
      exit_code: 0,
      repos_processed: [
        { slug: "garden", actions: { created: 3, written_back: 3 } },
        { slug: "kitchen", actions: { created: 3, written_back: 3 } },
      ],
    });
  },
  BLOCK_MS,
);

test(
  "a decision is asked for and resolved, and its event is seen by whoever watches",
  async () => {
    await paste("ask-for-decision");
    const decision = JSON.parse(await paste("resolve")) as { id: string };
    const events = await watched(3);
    expect(events.map(kindOf)).toEqual(["repo.registered", "repo.registered", "decision.resolved"]);
    expect(events[2]?.envelope.attributes).toMatchObject({ decision_id: decision.id, outcome: "8000", to: "resolved" });
  },
  BLOCK_MS,
);

test(
  "while NATS is away, work goes on: a workstream is finished and a goal activated, and their events wait",
  async () => {
    await world.nats.stop();
    expect(await paste("read-version")).toContain('"status":"active"');
    expect(JSON.parse(await paste("finish-workstream"))).toMatchObject({ status: "finished", repo: "garden" });
    await paste("draft-goal");
    expect(JSON.parse(await paste("activate-goal"))).toMatchObject({ status: "active" });
    expect(await paste("look-metrics")).toContain("state_hub_outbox_waiting 2");
  },
  BLOCK_MS,
);

test(
  "when NATS is back, everything has arrived, each once",
  async () => {
    await world.nats.start();
    await world.eventsLeft();
    expect(await paste("prove-events-left")).toBe("state_hub_outbox_waiting 0\n");
    const events = await watched(5);
    expect(events.map(kindOf).toSorted()).toEqual([
      "decision.resolved",
      "domain.goal.activated",
      "repo.registered",
      "repo.registered",
      "workstream.completed",
    ]);
    expect(new Set(events.map(({ envelope }) => envelope.id)).size).toBe(5);
  },
  BLOCK_MS,
);

test(
  "the hub is killed in the moment in which it has answered; started again, it does one more thing, and all is told once",
  async () => {
    await paste("ask-for-decision");
    await paste("resolve");
    await world.end("PORT");
    await paste("start");
    await world.up();
    expect(JSON.parse(await paste("sweep"))).toMatchObject({ exit_code: 0, automation_error: null });
    await paste("ask-for-decision");
    await paste("resolve");
    await world.eventsLeft();
    const events = await watched(7);
    expect(events.map(kindOf).slice(5)).toEqual(["decision.resolved", "decision.resolved"]);
    expect(new Set(events.map(({ envelope }) => envelope.id)).size).toBe(7);
    const { stdout } = await world.paste("scripts/state_hub.ts events tail --last 1 --count 1 --json");
    expect((JSON.parse(stdout) as { sequence: number }).sequence).toBe(7);
  },
  BLOCK_MS,
);

test(
  "the file says what the hub was told: the finished workstream was written back",
  async () => {
    const { stdout } = await world.paste('git -C "$CHECKOUT" show origin/main:workplans/GARDEN-WP-0001-plan.md');
    expect(stdout).toContain("status: finished");
  },
  BLOCK_MS,
);
