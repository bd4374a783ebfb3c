// A hub that cannot serve: it says why, ends at once, and has changed nothing. A second one that is started by mistake, on a
// port that is taken, must not keep events from those who wait for them.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import { freshHub, type TestHub } from "../support/hub.ts";

const ROOT = join(import.meta.dir, "../..");
let hub: TestHub;
beforeAll(async () => {
  hub = await freshHub();
});
afterAll(() => hub.close());

async function startFails(env: Readonly<Record<string, string>>, ...args: string[]) {
  const started = performance.now();
  const child = Bun.spawn([join(ROOT, "scripts/bun"), join(ROOT, "scripts/state_hub.ts"), "serve", ...args], {
    env: { ...environmentForPrograms(), DATABASE_URL: hub.url, ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const said = await new Response(child.stderr).text();
  return { code: await child.exited, said, took: performance.now() - started };
}

const connections = async () => {
  const [row] = await hub.database.sql<{ count: number }[]>`
    select count(*)::int as count from pg_stat_activity
    where datname = current_database() and application_name ~ '^state_hub |^state-hub-lock'`;
  return row?.count;
};

test("with a NATS_URL that is none, it ends at once and opens nothing", async () => {
  const { code, said, took } = await startFails({ NATS_URL: "http://user:hidden@example" }, "--port", "0");
  expect(code).toBe(64);
  expect(said).toContain("Could not use NATS_URL");
  expect(said).not.toContain("hidden");
  // The time after which a process that left something open is ended by force.
  expect(took).toBeLessThan(4_000);
});

test("on a port that is taken, it ends at once, and the events that wait still wait", async () => {
  const { sql } = hub.database;
  await sql`insert into outbox (subject, attributes) select 'org.statehub.repo.registered', '{}' from generate_series(1, 10)`;
  const taken = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("taken") });
  const { code, said, took } = await startFails({}, "--port", String(taken.port));
  await taken.stop(true);
  expect(code).toBe(2);
  expect(said).toContain("Could not listen");
  expect(took).toBeLessThan(4_000);
  const [row] = await sql<{ waiting: number }[]>`
    select count(*)::int as waiting from outbox where published_at is null and suppressed_at is null`;
  expect(row?.waiting).toBe(10);
  await waitUntil({ forWhat: "its connections to go", deadlineMs: 5_000 }, async () => {
    const count = await connections();
    return count === 0 ? { found: true } : { seen: `${count} connections` };
  });
});
