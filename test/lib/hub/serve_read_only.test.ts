// The hub over a copy that must stay as it is: it is healthy, answers what is asked, and its server refuses every change. A
// drill that changed what it compares would prove nothing; one whose hub called itself ill would never pass.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Database, openDatabase } from "../../../lib/db/connect.ts";
import { OpsFailure } from "../../../lib/failure.ts";
import type { LogRecord } from "../../../lib/hub/http/log_request.ts";
import { identityOf } from "../../../lib/hub/identity.ts";
import { serve } from "../../../lib/hub/serve.ts";
import { type ReadOnlyHub, serveReadOnly } from "../../../lib/hub/serve_read_only.ts";
import { summaryAt } from "../../../lib/hub/summary_at.ts";
import { Secret } from "../../../lib/secret.ts";
import { waitUntil } from "../../../lib/wait_until.ts";
import { freshHub, type TestHub } from "../../support/hub.ts";
import { changedTables, digestOf } from "../../support/hub_digest.ts";
import { offeredRoutes } from "../../support/offered_routes.ts";
import { type FreshDatabase, freshDatabase } from "../../support/postgres_server.ts";
import { servedHub } from "../../support/served_hub.ts";
import { type Planted, plant } from "./routes/planted_rows.ts";

const AS_OF = "2026-03-01T12:00:00Z";
/** Not of the database alone: counts, who may ask for runs, and runs, which a hub that may write calls interrupted. */
const OF_ONE_HUB: ReadonlySet<string> = new Set(["/metrics", "/openapi.json", "/consistency/sweep/runs/{run_id}"]);
const log: LogRecord[] = [];
let hub: TestHub;
let served: ReadOnlyHub;
let planted: Planted;
let ids: Record<"decision" | "goal" | "run", string>;
beforeAll(async () => {
  hub = await freshHub();
  const { sql } = hub.database;
  planted = await plant(sql, "garden", { plan: "R-WP-0001", tasks: [{}, { status: "done" }] });
  const [decision] = await sql<{ id: string }[]>`insert into decisions (title) values ('open') returning id`;
  const [goal] = await sql<{ id: string }[]>`
    insert into domain_goals (domain_id, title, status) select id, 'g', 'draft' from domains limit 1 returning id`;
  const run = Bun.randomUUIDv7();
  await sql`
    insert into consistency_runs (run_id, mode, source, max_seconds, server) values (${run}, 'remote-all', 'api', 60, 'gone')`;
  ids = { decision: decision?.id ?? "", goal: goal?.id ?? "", run };
  served = await serveReadOnly({ url: new Secret(hub.url), log: (record) => log.push(record) });
});
afterAll(async () => {
  await served.stop();
  await hub.close();
});

const ask = (path: string, init: RequestInit = {}) => fetch(`${served.url}${path}`, init);

/** A request to each route that changes something, which any other hub would carry out. */
const changes = (): Readonly<Record<string, { readonly path?: string; readonly body: object }>> => ({
  "POST /repos": { body: { slug: "new", remote_url: "/srv/git/new.git" } },
  "PATCH /workstreams/{id}": { path: `/workstreams/${planted.id}`, body: { status: "blocked" } },
  "PATCH /tasks/{id}": { path: `/tasks/${planted.tasks[0]}`, body: { status: "in_progress" } },
  "POST /decisions": { body: { title: "whether" } },
  "POST /decisions/{id}/resolve": {
    path: `/decisions/${ids.decision}/resolve`,
    body: { outcome: "yes", resolved_by: "ada" },
  },
  "POST /domain-goals": { body: { domain: "ops", title: "better" } },
  "POST /domain-goals/{id}/activate": { path: `/domain-goals/${ids.goal}/activate`, body: {} },
  "POST /progress": { body: { event_type: "note" } },
  "POST /token-events": { body: { agent: "a", model: "m", input_tokens: 1, output_tokens: 1 } },
  "POST /consistency/sweep/remote-all": { body: {} },
  "POST /repos/{slug}/sync": { path: "/repos/garden/sync", body: {} },
});

async function change(at: string, route: string, headers: Record<string, string> = {}) {
  const { path, body } = changes()[route] ?? { body: {} };
  const [method = "", template = ""] = route.split(" ");
  return fetch(`${at}${path ?? template}`, {
    method,
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", "if-match": '"1"', ...headers },
  });
}

describe("serveReadOnly()", () => {
  test("is healthy, and says which hub it is", async () => {
    const health = await ask("/state/health");
    expect(health.status).toBe(200);
    expect(await health.json()).toEqual({ status: "ok", db: "connected", ...(await identityOf(hub.database.sql)) });
  });

  test("answers every read as another hub of the database does", async () => {
    const other = await servedHub({}, { hub });
    const values: Readonly<Record<string, string>> = {
      "/tasks/{id}": `/tasks/${planted.tasks[0]}`,
      "/workstreams/{id}": `/workstreams/${planted.id}`,
      "/repos/{slug}": "/repos/garden",
      "/decisions/{id}": `/decisions/${ids.decision}`,
      "/domain-goals/{id}": `/domain-goals/${ids.goal}`,
      "/state/summary": `/state/summary?as_of=${AS_OF}`,
    };
    const reads = (await offeredRoutes(other)).filter(({ method, path }) => method === "GET" && !OF_ONE_HUB.has(path));
    for (const { path } of reads) {
      const asked = values[path] ?? path;
      const [mine, its] = [await ask(asked), await other.ask(asked)];
      expect([path, mine.status, await mine.text()]).toEqual([path, its.status, await its.text()]);
    }
    expect(reads.length).toBeGreaterThan(10);
    const offered = (await offeredRoutes(other)).filter(({ method }) => method !== "GET");
    expect(offered.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(Object.keys(changes()).sort());
    await other.close();
  });

  test("refuses each route that changes something, in words, and nothing is changed", async () => {
    const before = await digestOf(hub.database.sql);
    for (const route of Object.keys(changes())) {
      for (const key of [null, crypto.randomUUID()]) {
        const answer = await change(served.url, route, key === null ? {} : { "idempotency-key": key });
        const body = (await answer.json()) as { title: string; detail: string };
        expect([route, answer.status, body.title]).toEqual([route, 503, "Database read-only"]);
        expect(body.detail).toContain("nothing was written");
      }
    }
    expect(changedTables(before, await digestOf(hub.database.sql))).toEqual([]);
    expect(log.filter(({ error }) => error !== undefined)).toEqual([]);
  });

  test("leaves a run that was under way in the copy as its row has it", async () => {
    await hub.database.sql`update consistency_runs set status = 'running', problem = null, finished_at = null`;
    const answer = await ask(`/consistency/sweep/runs/${ids.run}`);
    expect(await answer.json()).toMatchObject({ run_id: ids.run, status: "running", result: null });
  });

  test("cannot be talked into writing by the URL or by the database's own settings", async () => {
    const { sql } = hub.database;
    const name = new URL(hub.url).pathname.slice(1);
    await sql`alter database ${sql(name)} set default_transaction_read_only = off`;
    const url = new URL(hub.url);
    url.searchParams.set("default_transaction_read_only", "off");
    url.searchParams.set("options", "-c default_transaction_read_only=off");
    const tricked = await serveReadOnly({ url: new Secret(url.href), log: () => {} });
    expect((await change(tricked.url, "POST /decisions")).status).toBe(503);
    await tricked.stop();
    await sql`alter database ${sql(name)} reset default_transaction_read_only`;
  });

  test("refuses a database without a hub, and leaves no connection behind, here or when it stops", async () => {
    const open = async () =>
      (await hub.database.sql`select from pg_stat_activity where application_name = 'state_hub read-only'`).count;
    const empty = await freshDatabase();
    const refusal = await serveReadOnly({ url: new Secret(empty.url), log: () => {} }).catch((error) => error);
    expect(refusal).toBeInstanceOf(OpsFailure);
    expect(refusal.observed).toBe("it holds no State Hub");
    const before = await open();
    const again = await serveReadOnly({ url: new Secret(hub.url), log: () => {} });
    expect((await fetch(`${again.url}/state/health`)).status).toBe(200);
    expect(await open()).toBeGreaterThan(before);
    await again.stop();
    await waitUntil({ forWhat: "its connections to end", deadlineMs: 10_000 }, async () => {
      const left = await open();
      return left === before ? { found: true } : { seen: `${left}, ${before} before` };
    });
    await expect(fetch(`${again.url}/state/health`)).rejects.toThrow();
    await empty.drop();
  });
});

test("a hub whose database takes no changes by accident calls itself ill all the same", async () => {
  const terms = { url: new Secret(hub.url), applicationName: "an accident", access: "read-only" } as const;
  const database = await openDatabase(terms);
  const runs = { sources: ["api"], maxSeconds: 1, begin: none, find: none, ended: none, stop: async () => {} };
  const where = { host: "127.0.0.1", port: 0, token: null, allowedHosts: [], log: () => {} };
  const server = serve({ hub: { database, runs, registerRepo: none }, ...where });
  const health = await fetch(`${server.url}/state/health`);
  expect(health.status).toBe(503);
  expect(await health.json()).toMatchObject({ title: "Database read-only" });
  await server.stop();
  await database.close();
});

async function none(): Promise<never> {
  throw new Error("not asked for");
}

describe("summaryAt()", () => {
  test("is the very body of /state/summary, also inside of a snapshot", async () => {
    const body = await (await ask(`/state/summary?as_of=${AS_OF}`)).text();
    expect(await summaryAt(hub.database.sql, AS_OF)).toBe(body);
    const inside = await hub.database.transaction(async (tx) => {
      await tx`set transaction isolation level repeatable read, read only`;
      return summaryAt(tx, AS_OF);
    });
    expect(inside).toBe(body);
    expect(JSON.parse(body)).toMatchObject({ repos: 1, tasks: { todo: 1, done: 1 } });
  });

  test("refuses a session of another zone, whose bytes would be others", async () => {
    const refusal = await hub.database
      .transaction(async (tx) => {
        await tx`set local timezone = 'Asia/Tokyo'`;
        return summaryAt(tx, AS_OF);
      })
      .catch((error) => error);
    expect(refusal).toBeInstanceOf(OpsFailure);
    expect(refusal.observed).toContain("Asia/Tokyo");
  });
});

describe("identityOf()", () => {
  let other: FreshDatabase;
  beforeAll(async () => {
    other = await freshDatabase();
  });
  afterAll(() => other.drop());

  /** Asked in a transaction that goes on: a statement that fails would end it. */
  const identityIn = (database: Database) =>
    database.transaction(async (tx) => {
      const identity = await identityOf(tx);
      await tx`select 1`;
      return identity;
    });

  test("is null for a database that holds no hub, somebody else's table of the name included", async () => {
    const terms = { url: new Secret(other.url), applicationName: "another", access: "read-write" } as const;
    const database = await openDatabase(terms);
    expect(await identityIn(database)).toBeNull();
    await database.sql`create table hub_instance (id int)`;
    expect(await identityIn(database)).toBeNull();
    await database.sql`create table schema_migrations (version text)`;
    expect(await identityIn(database)).toBeNull();
    await database.close();
  });

  test("says so where the session does not see the hub, or the hub has no identity: it is not taken for none", async () => {
    const hidden = hub.database.transaction(async (tx) => {
      await tx`set local search_path = pg_catalog`;
      return identityOf(tx);
    });
    await expect(hidden).rejects.toMatchObject({ observed: expect.stringContaining("search_path") });
    const lost = hub.database.transaction(async (tx) => {
      await tx`delete from hub_instance`;
      return identityOf(tx);
    });
    await expect(lost).rejects.toMatchObject({ observed: "its table hub_instance is empty" });
  });
});
