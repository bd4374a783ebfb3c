// Tasks as lists: which ones can be begun now, filtered, and each given once however many there are.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type ServedHub, servedHub } from "../../../support/served_hub.ts";
import { type Page, plant } from "./planted_rows.ts";

let hub: ServedHub;
beforeAll(async () => {
  hub = await servedHub();
});
afterAll(() => hub.close());

interface Task {
  readonly id: string;
  readonly task_id: string;
}

describe("GET /tasks", () => {
  const keys = async (query: string) =>
    ((await (await hub.ask(`/tasks?${query}`)).json()) as Page<Task>).items.map(({ task_id }) => task_id).sort();

  test("gives the next steps: to do, in active plans whose dependencies are all finished", async () => {
    const { sql } = hub.database;
    const repo = "next";
    await plant(sql, repo, { plan: "N-WP-0001", status: "finished", tasks: [{ status: "done" }] });
    await plant(sql, repo, {
      plan: "N-WP-0002",
      dependsOn: ["N-WP-0001"],
      tasks: [{}, { status: "done" }, { status: "blocked" }],
    });
    await plant(sql, repo, { plan: "N-WP-0003", dependsOn: ["N-WP-0001", "N-WP-0002"], tasks: [{}] });
    await plant(sql, repo, { plan: "N-WP-0004", dependsOn: ["UNKNOWN-WP-0001"], tasks: [{}] });
    await plant(sql, repo, { plan: "N-WP-0005", status: "draft", tasks: [{}] });
    await plant(sql, repo, { plan: "N-WP-0006", tasks: [{ needsHuman: true }, { orphaned: true }] });
    expect(await keys("repo=next&ready=true")).toEqual(["N-WP-0002-T01", "N-WP-0006-T01"]);
    expect(await keys("repo=next&ready=true&needs_human=false")).toEqual(["N-WP-0002-T01"]);
    await sql`update workstreams set status = 'finished' where workplan_id = 'N-WP-0002'`;
    expect(await keys("repo=next&ready=true")).toEqual(["N-WP-0003-T01", "N-WP-0006-T01"]);
  });

  test("filters by repository, workplan, workstream, status and orphaned", async () => {
    const { id } = await plant(hub.database.sql, "filters", {
      plan: "F-WP-0001",
      tasks: [{ status: "blocked" }, {}, { orphaned: true }],
    });
    expect(await keys("repo=filters")).toEqual(["F-WP-0001-T01", "F-WP-0001-T02"]);
    expect(await keys(`workstream_id=${id}&status=blocked`)).toEqual(["F-WP-0001-T01"]);
    expect(await keys("workplan_id=F-WP-0001&orphaned=true")).toEqual(["F-WP-0001-T03"]);
    expect(await keys("repo=filters&status=done")).toEqual([]);
    expect((await hub.ask("/tasks?ready=false")).status).toBe(422);
  });

  test("goes through many rows of one moment without giving one twice", async () => {
    const { sql } = hub.database;
    const { id, repoId } = await plant(sql, "many", { plan: "M-WP-0001" });
    await sql`insert into tasks (repo_id, workstream_id, task_id, line, title, status, priority)
      select ${repoId}, ${id}, 'M-' || n, 1, 't', 'todo', 'low' from generate_series(1, 25) n`;
    // An id that a file brought along need not be of a version that RFC 9562 knows.
    await sql`update tasks set id = 'ffffffff-0000-0000-0000-000000000001' where task_id = 'M-7'`;
    const seen: string[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const page = await hub.ask(`/tasks?repo=many&limit=1${cursor === "" ? "" : `&cursor=${cursor}`}`);
      const { items, next_cursor } = (await page.json()) as Page<Task>;
      seen.push(...items.map((each) => each.id));
      cursor = next_cursor;
    }
    expect([seen.length, new Set(seen).size]).toEqual([25, 25]);
    const odd = await (await hub.ask("/tasks/ffffffff-0000-0000-0000-000000000001")).json();
    expect(odd).toMatchObject({ task_id: "M-7" });
  });
});
