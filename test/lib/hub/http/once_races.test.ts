// A change over HTTP that PostgreSQL ends because it and a sweep wait for each other: it is made again, not handed back.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { waitUntil } from "../../../../lib/wait_until.ts";
import { type ServedHub, servedHub } from "../../../support/served_hub.ts";
import { plant } from "../routes/planted_rows.ts";

let hub: ServedHub;
beforeAll(async () => {
  hub = await servedHub();
});
afterAll(() => hub.close());

const waitsForARow = () =>
  waitUntil({ forWhat: "the PATCH to wait for the repository's row", deadlineMs: 10_000 }, async () => {
    const waiting = await hub.database.sql`
      select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    return waiting.length > 0 ? { found: true } : { seen: "nobody waits" };
  });

test("a PATCH that meets a sweep's changes in the other order is made after them, once", async () => {
  const { sql } = hub.database;
  const { id, tasks } = await plant(sql, "meets", { plan: "MEETS-WP-0001", tasks: [{ status: "todo" }] });
  const [task = ""] = tasks;
  // Both count a change of the repository: the sweep by its first row, the PATCH after it has locked the task.
  const { patched } = await hub.database.transaction(async (tx) => {
    await tx`update workstreams set title = 'swept' where id = ${id}`;
    const headers = { "if-match": '"1"', "idempotency-key": "meets" };
    const asked = hub.send("PATCH", `/tasks/${task}`, { status: "done" }, headers);
    await waitsForARow();
    // The PATCH waited first: it is the one that PostgreSQL ends.
    await tx`select from tasks where id = ${task} for update`;
    return { patched: asked };
  });
  const answer = await patched;
  expect([answer.status, await answer.json()]).toMatchObject([200, { status: "done", version: 2 }]);
});
