// The summary: right counts, ages from the moment that was asked about, and the same bytes from a copy of the database.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Database, openDatabase } from "../../../../lib/db/connect.ts";
import { migrate } from "../../../../lib/db/migrate.ts";
import { readSummary } from "../../../../lib/hub/routes/summary_rows.ts";
import { Secret } from "../../../../lib/secret.ts";
import { freshDatabase } from "../../../support/postgres_server.ts";
import { type ServedHub, servedHub } from "../../../support/served_hub.ts";
import { plant } from "./planted_rows.ts";

const AS_OF = "as_of=2026-03-01T12:00:00Z";
let hub: ServedHub;
beforeAll(async () => {
  hub = await servedHub();
});
afterAll(() => hub.close());

test("of an empty hub every status is there, with none", async () => {
  const summary = await (await hub.ask("/state/summary")).json();
  expect(summary).toMatchObject({ repos: 0, tasks: { todo: 0, done: 0 }, last_progress: null, sweep: null });
  expect(summary).toMatchObject({ orphaned: { workstreams: 0, tasks: 0 }, open_findings: { error: 0, by_check: {} } });
});

test("counts what has a file in a registered repository, and tells ages before as_of", async () => {
  const { sql } = hub.database;
  const { repoId } = await plant(sql, "counted", {
    plan: "S-WP-0001",
    tasks: [{}, {}, { status: "done" }, { orphaned: true }, { needsHuman: true }],
  });
  await plant(sql, "counted", { plan: "S-WP-0002", status: "finished" });
  await plant(sql, "counted", { plan: "S-WP-0003", orphaned: true });
  const removed = await plant(sql, "out", { plan: "S-WP-0004", tasks: [{}, { orphaned: true }] });
  await sql`update repos set removed_at = now() where id = ${removed.repoId}`;
  await sql`insert into decisions (title, repo_id) values ('open', null), ('of a removed one', ${removed.repoId})`;
  await sql`
    insert into findings (repo_id, finding_key, origin, check_id, severity, message) values
      (${repoId}, 'a', 'repo', 'C-19', 'error', 'm'), (${repoId}, 'b', 'repo', 'C-19', 'warning', 'm'),
      (${repoId}, 'c', 'repo', 'C-05', 'error', 'm'), (${removed.repoId}, 'd', 'repo', 'C-05', 'error', 'm')`;
  await sql`
    insert into writeback_intents (repo_id, row_id, path, subject, key, value, reason, created_at)
    values (${repoId}, ${repoId}, 'p', 's', 'status', 'done', 'the hub moved', '2026-03-01T11:00:00Z')`;
  await sql`insert into progress_events (event_type, created_at) values ('older', '2026-03-01T11:58:00Z'), ('oldest', '2026-01-01T00:00:00Z')`;
  const states = { [repoId]: { ok_at: "2026-03-01T11:00:00Z", failures: 2 } };
  await sql`
    insert into sweep_state (run_id, write_back, finished_at, repos)
    values (${repoId}, true, '2026-03-01T11:45:00Z', ${JSON.stringify(states)}::text::jsonb)`;
  expect(await (await hub.ask(`/state/summary/?${AS_OF}`)).json()).toMatchObject({
    as_of: "2026-03-01T12:00:00+00:00",
    repos: 1,
    workstreams: { draft: 0, active: 1, finished: 1 },
    tasks: { todo: 3, in_progress: 0, done: 1 },
    needs_human: 1,
    orphaned: { workstreams: 1, tasks: 1 },
    open_decisions: 1,
    last_progress: { event_type: "older", age_seconds: 120 },
    sweep: {
      age_seconds: 900,
      oldest_check: { repo: "counted", age_seconds: 3600 },
      backing_off: 1,
    },
    open_findings: {
      error: 2,
      warning: 1,
      waived: 0,
      by_check: { "C-05": { error: 1 }, "C-19": { error: 1, warning: 1 } },
    },
    pending_writebacks: { count: 1, age_seconds: 3600 },
    held_plans: { count: 0, oldest: null, age_seconds: null },
  });
  expect((await hub.ask("/state/summary?as_of=yesterday")).status).toBe(422);
});

test("a copy of the database gives the same bytes for the same as_of, whoever reads it and when", async () => {
  const original = await freshDatabase();
  const here = await within(original.url, async (database) => {
    await migrate(database);
    await plant(database.sql, "copied", { plan: "C-WP-0001", tasks: [{}, { status: "done" }, { orphaned: true }] });
    await database.sql`insert into progress_events (event_type) values ('now')`;
    return readSummary(database.sql, "2026-03-01T12:00:00Z");
  });
  const url = new URL(original.url);
  const name = `${original.name}_copy`;
  await hub.database.sql`create database ${hub.database.sql(name)} template ${hub.database.sql(original.name)}`;
  url.pathname = name;
  await within(url.href, async (database) => {
    expect(await readSummary(database.sql, "2026-03-01T12:00:00Z")).toBe(here);
    await database.sql`update tasks set status = 'blocked' where status = 'done'`;
    expect(await readSummary(database.sql, "2026-03-01T12:00:00Z")).not.toBe(here);
  });
  await hub.database.sql`drop database ${hub.database.sql(name)} with (force)`;
  await original.drop();
});

test("shows what the caller wrote before it asked, also while others ask all the time", async () => {
  const { sql } = hub.database;
  for (let round = 1; round <= 20; round++) {
    const crowd = Array.from({ length: 10 }, () => hub.ask("/state/summary").then((answer) => answer.json()));
    await sql`insert into domain_goals (domain_id, title, status) select id, 'g', 'active' from domains limit 1`;
    expect(await (await hub.ask("/state/summary")).json()).toMatchObject({ active_goals: round });
    await Promise.all(crowd);
  }
});

async function within<T>(url: string, work: (database: Database) => Promise<T>): Promise<T> {
  const terms = { url: new Secret(url), applicationName: "state-hub-test", access: "read-write" } as const;
  const database = await openDatabase(terms);
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}
