// Tasks changed over HTTP: what may be changed by whom, against which version, and what goes with a change.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { waitUntil } from "../../../../lib/wait_until.ts";
import { type ServedHub, servedHub } from "../../../support/served_hub.ts";
import { type Page, type PlantedTask, plant } from "./planted_rows.ts";

let hub: ServedHub;
beforeAll(async () => {
  hub = await servedHub();
});
afterAll(() => hub.close());

interface Task {
  readonly id: string;
  readonly status: string;
  readonly completed: string | null;
  readonly version: number;
}

let plans = 0;
async function oneTask(task: PlantedTask = {}, repo = "tasks"): Promise<string> {
  const { tasks } = await plant(hub.database.sql, repo, { plan: `T-WP-${1000 + plans++}`, tasks: [task] });
  return tasks[0] ?? "";
}
const read = async (id: string) => (await (await hub.ask(`/tasks/${id}`)).json()) as Task;
const patch = (id: string, body: unknown, version = '"1"', headers = {}) =>
  hub.send("PATCH", `/tasks/${id}`, body, { "if-match": version, ...headers });
const today = async () => {
  const [row] = await hub.database.sql<
    { day: string }[]
  >`select to_char(now() at time zone 'utc', 'YYYY-MM-DD') as day`;
  return row?.day ?? "";
};

describe("PATCH /tasks/{id}", () => {
  test("moves the status to done with today's date, and away from it without one", async () => {
    const id = await oneTask();
    const done = await patch(id, { status: "done" });
    expect(done.status).toBe(200);
    expect(done.headers.get("etag")).toBe('"2"');
    expect(await done.json()).toMatchObject({ status: "done", completed: await today(), version: 2 });
    expect(await (await patch(id, { status: "todo" }, '"2"')).json()).toMatchObject({
      status: "todo",
      completed: null,
    });
  });

  test("keeps a day that is given, or was there, and takes a day alone", async () => {
    const id = await oneTask();
    const given = await patch(id, { status: "done", completed: "2026-01-31" });
    expect(await given.json()).toMatchObject({ status: "done", completed: "2026-01-31" });
    expect(await (await patch(id, { completed: null }, '"2"')).json()).toMatchObject({
      status: "done",
      completed: null,
    });
    const early = await oneTask({ completed: "2025-12-24" });
    expect(await (await patch(early, { status: "done" })).json()).toMatchObject({ completed: "2025-12-24" });
    expect((await patch(early, { completed: "2025-02-30" }, '"2"')).status).toBe(422);
  });

  test("writes nothing where nothing changes", async () => {
    const id = await oneTask();
    for (const body of [{}, { status: "todo" }, { completed: null }]) {
      const answer = await patch(id, body);
      expect([answer.status, answer.headers.get("etag")]).toEqual([200, '"1"']);
    }
  });

  test("asks for the version that was read, and refuses an older one with nothing written", async () => {
    const id = await oneTask();
    expect((await hub.send("PATCH", `/tasks/${id}`, { status: "done" })).status).toBe(428);
    await patch(id, { status: "in_progress" });
    const late = await patch(id, { status: "done" });
    expect([late.status, late.headers.get("etag")]).toEqual([412, '"2"']);
    expect(await read(id)).toMatchObject({ status: "in_progress", version: 2 });
    for (const tag of ["7", 'W/"2"', '"x"', "*", '"1", "2"', `"${"9".repeat(40)}"`])
      expect([tag, (await patch(id, { status: "done" }, tag)).status]).toEqual([tag, 422]);
    expect((await patch("0190a8e2-7b1c-7000-8000-00000000000a", { status: "done" })).status).toBe(404);
  });

  test("lets one of two at once win, and tells the other, also where it had to wait for the first", async () => {
    const id = await oneTask();
    const [begun, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const first = hub.database.transaction(async (tx) => {
      await tx`update tasks set status = 'blocked' where id = ${id}`;
      begun.resolve();
      await ended.promise;
    });
    await begun.promise;
    let answered = false;
    const second = patch(id, { status: "done" }).finally(() => {
      answered = true;
    });
    await waitUntil({ forWhat: "the second to wait", deadlineMs: 10_000 }, async () => {
      const waiting = await hub.database.sql`
        select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
      return answered || waiting.length > 0 ? { found: true } : { seen: "neither waiting nor answered" };
    });
    ended.resolve();
    await first;
    expect((await second).status).toBe(412);
    expect(await read(id)).toMatchObject({ status: "blocked", version: 2 });
  });

  test("leaves what is the file's to the file, and says where it stands", async () => {
    const id = await oneTask();
    for (const body of [
      { title: "x" },
      { priority: "low" },
      { needs_human: true },
      { intervention_note: "x" },
      { line: 3 },
      { extra: {} },
    ]) {
      const answer = await patch(id, { status: "done", ...body });
      expect(answer.status).toBe(409);
      const problem = (await answer.json()) as { path: string; detail: string };
      expect(problem).toMatchObject({ title: "Owned by the file", line: 17, fields: Object.keys(body) });
      expect(problem.path).toMatch(/^workplans\/T-WP-/);
      expect(problem.detail).toContain("The file owns");
    }
    expect(await read(id)).toMatchObject({ status: "todo", version: 1 });
  });

  test("takes those fields where no file stands behind the row", async () => {
    const change = { title: "Another", priority: "high", needs_human: true, intervention_note: "Look" };
    const alone = await oneTask({ orphaned: true });
    expect(await (await patch(alone, change)).json()).toMatchObject({ ...change, version: 2 });
    const { tasks } = await plant(hub.database.sql, "tasks", { plan: "GONE-WP-0001", orphaned: true, tasks: [{}] });
    expect((await patch(tasks[0] ?? "", change)).status).toBe(200);
    expect((await patch(alone, { extra: {} }, '"2"')).status).toBe(409);
  });

  test("leaves the rows of a removed repository as they are, and still shows them", async () => {
    const id = await oneTask({}, "removed");
    await hub.database.sql`update repos set removed_at = now() where slug = 'removed'`;
    expect((await patch(id, { status: "done" })).status).toBe(409);
    expect(await read(id)).toMatchObject({ status: "todo", version: 1 });
    expect(((await (await hub.ask("/tasks?repo=removed")).json()) as Page<Task>).items).toEqual([]);
  });

  test("gives the first answer again for the same Idempotency-Key, whatever became of the row since", async () => {
    const id = await oneTask();
    const first = await patch(id, { status: "in_progress" }, '"1"', { "idempotency-key": "task-1" });
    await patch(id, { status: "done" }, '"2"');
    const again = await patch(id, { status: "in_progress" }, '"1"', { "idempotency-key": "task-1" });
    expect([again.status, again.headers.get("etag"), again.headers.get("idempotency-replayed")]).toEqual([
      200,
      '"2"',
      "true",
    ]);
    expect(await again.json()).toEqual(await first.json());
    expect(await read(id)).toMatchObject({ status: "done", version: 3 });
  });
});
