// Workstreams over HTTP: read with their names, moved by status alone, and what a move tells others.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type ServedHub, servedHub } from "../../../support/served_hub.ts";
import { type Page, plant } from "./planted_rows.ts";

let hub: ServedHub;
beforeAll(async () => {
  hub = await servedHub();
});
afterAll(() => hub.close());

const patch = (id: string, body: unknown, version = '"1"') =>
  hub.send("PATCH", `/workstreams/${id}`, body, { "if-match": version });
const eventsOf = (id: string) =>
  hub.database.sql`select subject, attributes from outbox where attributes ->> 'workstream_id' = ${id}`;

describe("PATCH /workstreams/{id}", () => {
  test("moves the status, and tells of a finished one, once, in the same transaction", async () => {
    const { id } = await plant(hub.database.sql, "moved", { plan: "W-WP-0001" });
    expect((await patch(id, { status: "blocked" })).status).toBe(200);
    expect((await eventsOf(id)).length).toBe(0);
    const answer = await patch(id, { status: "finished" }, '"2"');
    expect(await answer.json()).toMatchObject({
      id,
      status: "finished",
      version: 3,
      repo: "moved",
      domain: "ops",
      topic: "hub",
    });
    await patch(id, { status: "finished" }, '"3"');
    const [event, ...others] = await eventsOf(id);
    expect(others.length).toBe(0);
    expect(event).toMatchObject({
      subject: "org.statehub.workstream.completed",
      attributes: { workplan_id: "W-WP-0001", repo: "moved", from: "blocked", to: "finished" },
    });
  });

  test("refuses what is the file's with its place, and `completed`, which it does not have", async () => {
    const { id } = await plant(hub.database.sql, "owned", { plan: "W-WP-0002" });
    for (const field of [
      "title",
      "owner",
      "domain",
      "topic",
      "depends_on",
      "path",
      "workplan_id",
      "extra",
      "updated",
    ]) {
      const answer = await patch(id, { [field]: "x" });
      expect([field, answer.status]).toEqual([field, 409]);
      expect(await answer.json()).toMatchObject({
        path: "workplans/W-WP-0002.md",
        line: 1,
        repo: "owned",
        fields: [field],
      });
    }
    expect((await patch(id, { completed: "2026-01-01" })).status).toBe(422);
    expect((await patch(id, { status: "done" })).status).toBe(422);
    expect((await patch(id, { status: "active" }, '"2"')).status).toBe(412);
    const gone = await plant(hub.database.sql, "owned", { plan: "W-WP-0003", orphaned: true });
    expect(await (await patch(gone.id, { title: "Another" })).json()).toMatchObject({ title: "Another", version: 2 });
  });

  test("tells nobody when the commit fails", async () => {
    const { sql } = hub.database;
    const { id } = await plant(sql, "fails", { plan: "W-WP-0004" });
    await sql`create function refuse() returns trigger language plpgsql as $$ begin raise exception 'refused at the end'; end $$`;
    await sql`create constraint trigger refuse after update on workstreams deferrable initially deferred
      for each row when (new.workplan_id = 'W-WP-0004') execute function refuse()`;
    const answer = await patch(id, { status: "finished" });
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain("refused at the end");
    expect((await eventsOf(id)).length).toBe(0);
    expect(await (await hub.ask(`/workstreams/${id}`)).json()).toMatchObject({ status: "active", version: 1 });
  });
});

describe("GET /workstreams", () => {
  test("filters, and shows dependencies in order", async () => {
    const { sql } = hub.database;
    await plant(sql, "listed", { plan: "L-WP-0001", status: "draft", dependsOn: ["Z-WP-0001", "A-WP-0001"] });
    await plant(sql, "listed", { plan: "L-WP-0002", orphaned: true });
    await plant(sql, "listed-too", { plan: "L-WP-0001" });
    const list = async (query: string) =>
      (
        (await (await hub.ask(`/workstreams/?${query}`)).json()) as Page<{
          workplan_id: string;
          repo: string;
          depends_on: string[];
        }>
      ).items;
    expect((await list("workplan_id=L-WP-0001")).map(({ repo }) => repo)).toEqual(["listed-too", "listed"]);
    expect(await list("repo=listed")).toMatchObject([
      { workplan_id: "L-WP-0001", depends_on: ["A-WP-0001", "Z-WP-0001"] },
    ]);
    expect((await list("repo=listed&orphaned=true")).map(({ workplan_id }) => workplan_id)).toEqual(["L-WP-0002"]);
    expect((await list("repo=listed&status=draft&domain=ops")).length).toBe(1);
    expect((await list("repo=listed&domain=other")).length).toBe(0);
  });
});
