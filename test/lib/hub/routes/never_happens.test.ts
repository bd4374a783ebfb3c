// What must never happen: the hub writes activity-core's tables or makes work up, tells of what was not committed, or lets
// a client feel that nobody listens to its events.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Glob } from "bun";
import { waitUntil } from "../../../../lib/wait_until.ts";
import { makeRepo, temporaryFolder } from "../../../support/git_repo.ts";
import { changedTables, digestOf } from "../../../support/hub_digest.ts";
import { offeredRoutes } from "../../../support/offered_routes.ts";
import { type ServedHub, servedHub } from "../../../support/served_hub.ts";
import { plant } from "./planted_rows.ts";

const ROOT = join(import.meta.dir, "../../../..");
let hub: ServedHub;
const folder = temporaryFolder();
beforeAll(async () => {
  hub = await servedHub();
});
afterAll(async () => {
  await hub.close();
  folder.remove();
});

/** Runs, not rows: what they write is the capability's that does them. */
const RUNS = ["POST /consistency/sweep/remote-all", "POST /repos/{slug}/sync", "GET /consistency/sweep/runs/{run_id}"];

test("every route, asked for what it is there for, writes the hub's own tables alone, and no work", async () => {
  const { sql } = hub.database;
  const { id, tasks } = await plant(sql, "worked", { plan: "V-WP-0001", tasks: [{}] });
  const [decision] = await sql<{ id: string }[]>`insert into decisions (title) values ('which') returning id`;
  const [goal] = await sql<{ id: string }[]>`
    insert into domain_goals (domain_id, title) select id, 'goal' from domains returning id`;
  const { path } = await makeRepo(folder.path, "given");
  const asked: Readonly<Record<string, readonly [path: string, body: unknown, status: number]>> = {
    "POST /repos": ["/repos", { path, domain: "brand-new" }, 201],
    "PATCH /workstreams/{id}": [`/workstreams/${id}`, { status: "finished" }, 200],
    "PATCH /tasks/{id}": [`/tasks/${tasks[0]}`, { status: "done" }, 200],
    "POST /decisions": ["/decisions", { title: "what", task_id: tasks[0] }, 201],
    "POST /decisions/{id}/resolve": [
      `/decisions/${decision?.id}/resolve`,
      { outcome: "this", resolved_by: "mara" },
      200,
    ],
    "POST /domain-goals": ["/domain-goals", { domain: "brand-new", title: "t" }, 201],
    "POST /domain-goals/{id}/activate": [`/domain-goals/${goal?.id}/activate`, {}, 200],
    "POST /progress": ["/progress", { event_type: "noted" }, 201],
    "POST /token-events": ["/token-events", { input_tokens: 1, output_tokens: 1 }, 201],
    "GET /repos/{slug}": ["/repos/worked", undefined, 200],
    "GET /workstreams/{id}": [`/workstreams/${id}`, undefined, 200],
    "GET /tasks/{id}": [`/tasks/${tasks[0]}`, undefined, 200],
    "GET /decisions/{id}": [`/decisions/${decision?.id}`, undefined, 200],
  };
  await forbidWrites(
    ["activity.activity_runs", "activity.activity_definitions"],
    "insert or update or delete or truncate",
  );
  await forbidWrites(["tasks", "workstreams", "dependencies"], "insert or delete or truncate");
  const before = await digestOf(sql);
  for (const { method, path: route } of await offeredRoutes(hub)) {
    const name = `${method} ${route}`;
    if (RUNS.includes(name)) continue;
    const [target, body, status] = asked[name] ?? [route, undefined, 200];
    expect(target).not.toContain("{");
    const headers = { "idempotency-key": `key-of-${name.replaceAll(" ", "-")}`, "if-match": '"1"' };
    const answer = method === "GET" ? await hub.ask(target) : await hub.send(method, target, body, headers);
    expect([name, answer.status]).toEqual([name, status]);
  }
  expect(changedTables(before, await digestOf(sql))).toEqual(
    [
      "decisions",
      "domain_goals",
      "domains",
      "idempotency_keys",
      "outbox",
      "progress_events",
      "repo_checkouts",
      "repos",
      "tasks",
      "token_events",
      "workstreams",
    ].map((table) => `public.${table}`),
  );
  const told = await sql<{ subject: string }[]>`select subject from outbox order by subject`;
  expect(told.map(({ subject }) => subject)).toEqual([
    "org.statehub.decision.resolved",
    "org.statehub.domain.goal.activated",
    "org.statehub.repo.registered",
    "org.statehub.workstream.completed",
  ]);
});

test("no route knows how events leave the hub: they note a change, and nothing that publishes can fail them", () => {
  const sources = [...new Glob("lib/hub/{routes,http}/*.ts").scanSync(ROOT)];
  const imports = sources.flatMap((file) => [
    ...readFileSync(join(ROOT, file), "utf8").matchAll(/from "[./]+(events\/[^"]+)"/g),
  ]);
  expect(sources.length).toBeGreaterThan(20);
  expect([...new Set(imports.map(([, from]) => from))]).toEqual(["events/transitions.ts"]);
});

test("whoever waits for events hears of a commit, and of nothing that was rolled back", async () => {
  const { sql } = hub.database;
  const make = async (title: string) =>
    (await (await hub.send("POST", "/domain-goals", { domain: "heard", title })).json()) as { id: string };
  const [refused, kept] = [await make("refused"), await make("kept")];
  await sql`create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$`;
  await sql`create constraint trigger refuse after update on domain_goals deferrable initially deferred
    for each row when (new.title = 'refused') execute function refuse()`;
  let heard = 0;
  const listener = hub.database.listen("state_hub_outbox", () => heard++);
  const hears = (count: number) =>
    waitUntil({ forWhat: "notices", deadlineMs: 10_000 }, () =>
      heard >= count ? { found: heard } : { seen: `${heard} of them` },
    );
  try {
    // The first one says that it listens.
    const before = await hears(1);
    expect((await hub.send("POST", `/domain-goals/${refused.id}/activate`, {})).status).toBe(500);
    expect((await hub.send("POST", `/domain-goals/${kept.id}/activate`, {})).status).toBe(200);
    // They come in the order of the commits: one of the refused change would be here by now.
    expect(await hears(before + 1)).toBe(before + 1);
    const noted = await sql`select from outbox where attributes ->> 'domain_goal_id' in (${refused.id}, ${kept.id})`;
    expect(noted.length).toBe(1);
  } finally {
    await listener.close();
  }
});

async function forbidWrites(tables: readonly string[], what: string): Promise<void> {
  const { sql } = hub.database;
  await sql`
    create or replace function forbidden() returns trigger language plpgsql as $$ begin raise exception 'written: %', tg_table_name; end $$`;
  for (const table of tables)
    await sql`create trigger forbidden before ${sql.unsafe(what)} on ${sql(table)} for each statement execute function forbidden()`;
}
