// Decisions over HTTP: asked for, listed, settled once, and others told of it.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type ServedHub, servedHub } from "../../../support/served_hub.ts";

let hub: ServedHub;
beforeAll(async () => {
  hub = await servedHub();
});
afterAll(() => hub.close());

const make = async (body: Record<string, unknown> = {}) =>
  (await (await hub.send("POST", "/decisions/", { title: "Which port", ...body })).json()) as {
    id: string;
    version: number;
  };

describe("POST /decisions/{id}/resolve", () => {
  test("settles an open one, and notes the event in the same transaction", async () => {
    const { id } = await make();
    const answer = await hub.send("POST", `/decisions/${id}/resolve`, { outcome: "8000", resolved_by: "mara" });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ status: "resolved", outcome: "8000", resolved_by: "mara", version: 2 });
    const rows = await hub.database
      .sql`select subject, attributes from outbox where attributes ->> 'decision_id' = ${id}`;
    expect(rows[0]).toMatchObject({
      subject: "org.statehub.decision.resolved",
      attributes: { outcome: "8000", from: "open" },
    });
  });

  test("refuses a second time, and what needs a person's signature; neither tells anybody", async () => {
    const { id } = await make();
    await hub.send("POST", `/decisions/${id}/resolve`, { outcome: "yes", resolved_by: "mara" });
    expect((await hub.send("POST", `/decisions/${id}/resolve`, { outcome: "no", resolved_by: "mara" })).status).toBe(
      409,
    );
    const human = await make({ requires_human: true });
    expect(
      (await hub.send("POST", `/decisions/${human.id}/resolve`, { outcome: "no", resolved_by: "bot" })).status,
    ).toBe(409);
    const rows = await hub.database.sql`select from outbox where attributes ->> 'decision_id' in (${id}, ${human.id})`;
    expect(rows.length).toBe(1);
  });
});

describe("GET /decisions", () => {
  test("gives each once, newest first, page by page, also while new ones come", async () => {
    const made: string[] = [];
    for (let index = 0; index < 5; index++) made.push((await make({ title: `page ${index}` })).id);
    const seen: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const page = await hub.ask(`/decisions?status=open&limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`);
      const { items, next_cursor } = (await page.json()) as { items: { id: string }[]; next_cursor: string | null };
      seen.push(...items.map(({ id }) => id));
      cursor = next_cursor;
      await make({ title: "meanwhile" });
    }
    expect(seen.filter((id) => made.includes(id))).toEqual(made.toReversed());
    expect(new Set(seen).size).toBe(seen.length);
  });
});

describe("Idempotency-Key", () => {
  test("gives the same answer ten times at once, with one effect", async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => hub.send("POST", "/decisions", { title: "once" }, { "idempotency-key": "k-1" })),
    );
    const ids = new Set(await Promise.all(answers.map(async (each) => ((await each.json()) as { id: string }).id)));
    expect([...new Set(answers.map(({ status }) => status))]).toEqual([201]);
    expect(ids.size).toBe(1);
    expect((await hub.database.sql`select from decisions where title = 'once'`).length).toBe(1);
    expect((await hub.send("POST", "/decisions", { title: "other" }, { "idempotency-key": "k-1" })).status).toBe(422);
  });
});

describe("problems", () => {
  test("say what is wrong, in one shape", async () => {
    const cases: [string, string, unknown, number][] = [
      ["POST", "/decisions", { title: "x", extra: 1 }, 422],
      ["POST", "/decisions", { title: 7 }, 422],
      ["POST", "/decisions", { title: "x", repo_id: "0190a8e2-7b1c-7000-8000-00000000000a" }, 422],
      ["POST", "/decisions/0190a8e2-7b1c-7000-8000-00000000000a/resolve", { outcome: "x", resolved_by: "y" }, 404],
      ["POST", "/decisions/x/resolve", { outcome: "x", resolved_by: "y" }, 422],
      ["PATCH", "/decisions", {}, 405],
      ["POST", "/nowhere", {}, 404],
    ];
    for (const [method, path, body, status] of cases) {
      const answer = await hub.send(method, path, body);
      expect(`${method} ${path} ${answer.status}`).toBe(`${method} ${path} ${status}`);
      expect(answer.headers.get("content-type")).toBe("application/problem+json");
      expect(await answer.json()).toMatchObject({
        status,
        instance: path,
        request_id: answer.headers.get("x-request-id"),
      });
    }
    expect((await hub.ask("/decisions?limt=5")).status).toBe(422);
  });
});
