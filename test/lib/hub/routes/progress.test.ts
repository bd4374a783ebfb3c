// Progress events over HTTP: what was sent comes back whole, and a list of one kind is read from an index however much there is.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { progressPage } from "../../../../lib/hub/routes/progress.ts";
import { type ServedHub, servedHub } from "../../../support/served_hub.ts";
import { type Page, plant } from "./planted_rows.ts";

let hub: ServedHub;
beforeAll(async () => {
  hub = await servedHub();
});
afterAll(() => hub.close());

interface ProgressEvent {
  readonly id: string;
  readonly event_type: string;
  readonly created_at: string;
  readonly detail: Readonly<Record<string, unknown>>;
}
const list = async (query: string) =>
  ((await (await hub.ask(`/progress/?${query}`)).json()) as Page<ProgressEvent>).items;

describe("POST /progress", () => {
  test("keeps what was sent, with its detail whole, and gives it back", async () => {
    const { id: workstream_id, tasks } = await plant(hub.database.sql, "noted", { plan: "P-WP-0001", tasks: [{}] });
    const detail = { Größe: "42 €", deep: { list: [1, 2.5, null, true] }, empty: {}, text: "line\nline" };
    const sent = {
      event_type: "note.made",
      source: "a-test",
      summary: "What happened",
      workstream_id,
      task_id: tasks[0],
      detail,
    };
    const answer = await hub.send("POST", "/progress/", sent);
    expect(answer.status).toBe(201);
    const event = (await answer.json()) as ProgressEvent;
    expect(event).toMatchObject(sent);
    expect(await list("event_type=note.made")).toEqual([event]);
  });

  test("refuses what could not be kept as it is", async () => {
    for (const body of [
      '{"n":1e400}',
      '{"n":9223372036854775808}',
      '{"__proto__":{"a":1}}',
      '{"a":[{"__proto__":1}]}',
      '{"a":"\\u0000"}',
      '{"a":"\\ud800"}',
      "[]",
      '"x"',
    ]) {
      const answer = await hub.ask("/progress", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: `{"event_type":"refused","detail":${body}}`,
      });
      expect([body, answer.status]).toEqual([body, 422]);
    }
    for (const body of [
      {},
      { event_type: "Upper" },
      { event_type: "x".repeat(101) },
      { event_type: "x", workstream_id: "0190a8e2-7b1c-7000-8000-00000000000a" },
    ])
      expect((await hub.send("POST", "/progress", body)).status).toBe(422);
    expect((await hub.database.sql`select from progress_events where event_type in ('refused', 'x')`).length).toBe(0);
  });
});

describe("GET /progress", () => {
  test("filters by type, source and time", async () => {
    for (const [event_type, source] of [
      ["one", "a"],
      ["two", "a"],
      ["one", "b"],
    ])
      await hub.send("POST", "/progress", { event_type, source });
    expect((await list("event_type=one&source=a")).map(({ event_type }) => event_type)).toEqual(["one"]);
    const [newest] = await list("event_type=one&limit=1");
    expect((await list(`since=${encodeURIComponent(newest?.created_at ?? "")}`)).map(({ id }) => id)).toEqual([
      newest?.id ?? "",
    ]);
    expect((await hub.ask("/progress?since=yesterday")).status).toBe(422);
  });

  test("reads a page of one type or source from an index, among many rows of others", async () => {
    const { sql } = hub.database;
    await sql`
      insert into progress_events (event_type, source, created_at)
      select 'many_' || n % 3, 'many', now() - n * interval '1 s' from generate_series(1, 30000) n`;
    await sql`
      insert into progress_events (event_type, source, created_at) values ('rare', 'rare', now() - interval '1 day')`;
    await sql`analyze progress_events`;
    const indexes = { event_type: "progress_events_by_type", source: "progress_events_by_source" };
    for (const [column, index] of Object.entries(indexes)) {
      const query = { [column]: "rare", limit: 5, since: "2020-01-01T00:00:00Z" };
      const plan = await sql<{ "QUERY PLAN": string }[]>`explain ${progressPage(sql, query)}`;
      const text = plan.map((row) => row["QUERY PLAN"]).join("\n");
      expect(text).toContain(index);
      expect(text).not.toContain("Sort");
      expect((await list(`${column}=rare&limit=5`)).length).toBe(1);
    }
  });

  test("ends a page early where details are large, and goes on with the next", async () => {
    // Random, so that it is stored as large as it is.
    const text = Buffer.from(crypto.getRandomValues(new Uint8Array(60_000))).toString("base64");
    const { sql } = hub.database;
    await sql`
      insert into progress_events (event_type, detail, created_at)
      select 'large', jsonb_build_object('n', n, 'parts', (select jsonb_agg(md5(n::text || '-' || i) || ${text}::text) from generate_series(1, 20) i)),
        now() - n * interval '1 s'
      from generate_series(1, 20) n`;
    const seen: unknown[] = [];
    let pages = 0;
    for (let cursor = ""; ; pages++) {
      const answer = await hub.ask(`/progress?event_type=large&limit=500${cursor}`);
      const { items, next_cursor } = (await answer.json()) as {
        items: { detail: { n: number } }[];
        next_cursor: string | null;
      };
      expect(items.length).toBeGreaterThan(0);
      seen.push(...items.map(({ detail }) => detail.n));
      if (next_cursor === null) break;
      cursor = `&cursor=${next_cursor}`;
    }
    expect(seen).toEqual(Array.from({ length: 20 }, (_, at) => at + 1));
    expect(pages).toBeGreaterThan(1);
  });
});
