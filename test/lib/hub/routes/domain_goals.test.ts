// Domain goals and token events over HTTP: drafted, activated once with its event; counted exactly.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type ServedHub, servedHub } from "../../../support/served_hub.ts";
import type { Page } from "./planted_rows.ts";

let hub: ServedHub;
beforeAll(async () => {
  hub = await servedHub();
});
afterAll(() => hub.close());

interface Goal {
  readonly id: string;
  readonly status: string;
}
const draft = async (domain: string, title = "Reach it") =>
  (await (await hub.send("POST", "/domain-goals/", { domain, title })).json()) as Goal;
const eventsOf = (id: string) =>
  hub.database.sql`select subject, attributes from outbox where attributes ->> 'domain_goal_id' = ${id}`;

describe("POST /domain-goals/{id}/activate", () => {
  test("activates a draft and tells of it once; another active goal stays", async () => {
    const [first, second] = [await draft("energy"), await draft("energy", "Another")];
    expect((await eventsOf(first.id)).length).toBe(0);
    for (const { id } of [first, first, second]) {
      const answer = await hub.send("POST", `/domain-goals/${id}/activate`, {});
      expect(answer.status).toBe(200);
      expect(await answer.json()).toMatchObject({ id, status: "active", domain: "energy", version: 2 });
    }
    const events = await eventsOf(first.id);
    expect(events.length).toBe(1);
    expect(events[0]).toMatchObject({
      subject: "org.statehub.domain.goal.activated",
      attributes: { domain: "energy", from: "draft", to: "active" },
    });
    const active = (await (await hub.ask("/domain-goals?domain=energy&status=active")).json()) as Page<Goal>;
    expect(active.items.map(({ id }) => id)).toEqual([second.id, first.id]);
  });

  test("refuses one that is over, and an unknown one", async () => {
    const { id } = await draft("energy");
    await hub.database.sql`update domain_goals set status = 'dropped' where id = ${id}`;
    expect((await hub.ask(`/domain-goals/${id}/activate`, { method: "POST" })).status).toBe(409);
    const unknown = "/domain-goals/0190a8e2-7b1c-7000-8000-00000000000a/activate";
    expect((await hub.ask(unknown, { method: "POST" })).status).toBe(404);
    expect((await eventsOf(id)).length).toBe(0);
  });
});

test("POST /domain-goals makes a domain that the hub does not know, and not a second one", async () => {
  await Promise.all(Array.from({ length: 5 }, (_, index) => draft("new-domain", `goal ${index}`)));
  const { items } = (await (await hub.ask("/domains?slug=new-domain")).json()) as Page<{ slug: string }>;
  expect(items.map(({ slug }) => slug)).toEqual(["new-domain"]);
});

test("POST /token-events counts exactly, up to what a reader of JSON can count, and refuses more", async () => {
  const most = Number.MAX_SAFE_INTEGER;
  const sent = { agent: "a", model: "m", input_tokens: most, output_tokens: 0, detail: { run: "r-1" } };
  const answer = await hub.send("POST", "/token-events/", sent);
  expect(answer.status).toBe(201);
  expect(await answer.json()).toMatchObject(sent);
  for (const input_tokens of [-1, 1.5, most + 1, "5", null])
    expect((await hub.send("POST", "/token-events", { input_tokens, output_tokens: 1 })).status).toBe(422);
  const { items } = (await (await hub.ask("/token-events")).json()) as Page<unknown>;
  expect(items).toMatchObject([sent]);
});
