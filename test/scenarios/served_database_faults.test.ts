// What PostgreSQL can do to a hub that serves. Each time: 503 with Retry-After in bounded time, health says it too, the
// process goes on by itself when the server does, nothing is half written, and nothing is left open or grows.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import postgres from "postgres";
import { environmentForPrograms } from "../../lib/config.ts";
import { Database, openDatabase } from "../../lib/db/connect.ts";
import { migrate } from "../../lib/db/migrate.ts";
import { embeddedStatus } from "../../lib/postgres/embedded_status.ts";
import { startEmbedded } from "../../lib/postgres/start_embedded.ts";
import { stopEmbedded } from "../../lib/postgres/stop_embedded.ts";
import { Secret } from "../../lib/secret.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import { type Proxy as DatabaseDoor, proxyTo } from "../support/database_proxy.ts";
import { probe, removeHome } from "../support/embedded_home.ts";
import { freshHub } from "../support/hub.ts";
import { preparedHome } from "../support/prepared_home.ts";
import { type ServedHub, servedHub } from "../support/served_hub.ts";
import { type ServedProcess, servedProcess } from "../support/served_process.ts";
import { relayTo } from "../support/tcp_relay.ts";

const WATCHDOG = 60_000;

const post = (at: string, title: string) =>
  fetch(`${at}/decisions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ title }),
  });

/** @param within ms that each answer has */
async function expectAway(at: string, within: number): Promise<void> {
  const asks = [fetch(`${at}/state/health`), fetch(`${at}/decisions`), post(at, "while it was away")];
  for (const ask of asks) await expectUnavailable(await ask);
  const started = performance.now();
  const metrics = await fetch(`${at}/metrics`);
  expect(metrics.status).toBe(200);
  expect(await metrics.text()).toContain("\nstate_hub_up 0\n");
  expect(performance.now() - started).toBeLessThan(within);
}

async function expectUnavailable(answer: Response): Promise<void> {
  expect(answer.status).toBe(503);
  expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  // Nothing of the inside: no address, no statement, no role.
  expect(await answer.text()).not.toMatch(/127\.0\.0\.1|select|insert|postgres:|role/i);
}

const healthy = (at: string) =>
  waitUntil({ forWhat: "a healthy hub", deadlineMs: 20_000 }, async () => {
    const answer = await fetch(`${at}/state/health`);
    return answer.status === 200 ? { found: true } : { seen: await answer.text() };
  });

describe("a hub whose server is stopped, killed and started", () => {
  let home: string;
  let door: DatabaseDoor;
  let served: ServedProcess;
  const openFiles = () => readdirSync(`/proc/${served.pid}/fd`).length;
  const memoryMb = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${served.pid}/status`, "utf8"))?.[1]) / 1024;
  const start = async () =>
    (await startEmbedded({ home, env: environmentForPrograms(), connect: probe, verify: true })).url.reveal();
  const onServer = async <T>(work: (sql: postgres.Sql) => Promise<T>): Promise<T> => {
    const sql = postgres(await start(), { max: 1, onnotice: () => {} });
    return work(sql).finally(() => sql.end({ timeout: 1 }));
  };

  beforeAll(async () => {
    home = await preparedHome();
    const url = await start();
    const database = new Database({ url: new Secret(url), applicationName: "owner", access: "read-write" });
    await migrate(database);
    await database.close();
    door = await proxyTo(url);
    served = await servedProcess({ env: { DATABASE_URL: door.url } });
  }, WATCHDOG);
  afterAll(async () => {
    await served.end();
    door.close();
    await removeHome(home);
  });

  for (const [how, signal] of [
    ["is shut down", "SIGINT"],
    ["crashes", "SIGQUIT"],
  ] as const) {
    test(
      `says so when it ${how} in the middle of a transaction, of which nothing is left, and goes on when it is back`,
      async () => {
        const holder = postgres(await start(), { max: 1, onnotice: () => {} });
        await holder.unsafe("begin; lock table decisions");
        const title = `when it ${how}`;
        const cut = post(served.at, title);
        await onServer((sql) =>
          waitUntil({ forWhat: "the request to wait", deadlineMs: 10_000 }, async () => {
            const rows = await sql`
              select from pg_stat_activity where application_name = 'state_hub serve' and wait_event_type = 'Lock'`;
            return rows.length > 0 ? { found: true } : { seen: "nobody waits" };
          }),
        );
        const { pid } = embeddedStatus({ home });
        if (pid !== null) process.kill(pid, signal);
        await expectUnavailable(await cut);
        await holder.end({ timeout: 0 });
        await stopEmbedded({ home, env: environmentForPrograms() });
        await expectAway(served.at, 6_000);
        door.moveTo(await start());
        await healthy(served.at);
        expect((await post(served.at, `${title}, again`)).status).toBe(201);
        const titles = await onServer(
          (sql) => sql<{ title: string }[]>`select title from decisions where title like ${`${title}%`}`,
        );
        expect(titles.map(({ title: each }) => each)).toEqual([`${title}, again`]);
      },
      WATCHDOG,
    );
  }

  test(
    "keeps neither files nor memory of a thousand requests that failed",
    async () => {
      await healthy(served.at);
      await stopEmbedded({ home, env: environmentForPrograms() });
      const hundredTimes = async (times: number) => {
        for (let n = 0; n < times; n++)
          await Promise.all(Array.from({ length: 100 }, async () => (await fetch(`${served.at}/decisions`)).text()));
      };
      await hundredTimes(3);
      const [files, memory] = [openFiles(), memoryMb()];
      await hundredTimes(10);
      expect(openFiles()).toBeLessThan(files + 30);
      expect(memoryMb()).toBeLessThan(memory + 60);
      door.moveTo(await start());
      await healthy(served.at);
    },
    WATCHDOG,
  );
});

describe("a hub whose server has no connection left", () => {
  test.concurrent(
    "says so, and goes on when there is one",
    async () => {
      const hub = await freshHub();
      const { sql } = hub.database;
      const role = `served_${process.pid}`;
      await sql.unsafe(`create role ${role} login password 'open-sesame'`);
      await sql.unsafe(`grant all on schema public, activity to ${role}; grant all on all tables in schema public, activity to ${role};
        grant execute on function pg_control_system() to ${role}`);
      const url = Object.assign(new URL(hub.url), { username: role, password: "open-sesame" }).href;
      const served = await servedProcess({ env: { DATABASE_URL: url } });
      await healthy(served.at);
      await sql.unsafe(`alter role ${role} connection limit 0`);
      await sql`select pg_terminate_backend(pid) from pg_stat_activity where usename = ${role}`;
      await expectAway(served.at, 6_000);
      await sql.unsafe(`alter role ${role} connection limit 20`);
      await healthy(served.at);
      expect((await post(served.at, "again")).status).toBe(201);
      expect(served.said()).not.toContain("open-sesame");
      await served.end();
      await hub.close();
    },
    WATCHDOG,
  );
});

describe("a hub whose server takes no changes", () => {
  test.concurrent(
    "answers what is read, refuses what is written, says so in its health, and goes on when it is over",
    async () => {
      const hub = await freshHub();
      const served = await servedHub({}, { hub });
      const { sql } = hub.database;
      const name = new URL(hub.url).pathname.slice(1);
      const admin = postgres(hub.url, {
        max: 1,
        onnotice: () => {},
        connection: { default_transaction_read_only: false },
      });
      await admin`select 1`;
      const endOthers = () =>
        admin`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${name} and pid <> pg_backend_pid()`;
      await sql.unsafe(`alter database ${name} set default_transaction_read_only = on`);
      await endOthers();
      await waitUntil({ forWhat: "the hub to notice", deadlineMs: 10_000 }, async () => {
        const { status } = await fetch(`${served.at}/decisions`);
        return status === 200 ? { found: true } : { seen: `${status}` };
      });
      await expectUnavailable(await post(served.at, "read-only"));
      await expectUnavailable(await fetch(`${served.at}/state/health`));
      await admin.unsafe("set default_transaction_read_only = off");
      await admin.unsafe(`alter database ${name} reset default_transaction_read_only`);
      await endOthers();
      await healthy(served.at);
      expect((await post(served.at, "writable")).status).toBe(201);
      await admin.end({ timeout: 1 });
      await served.close();
      await hub.close();
    },
    WATCHDOG,
  );
});

describe("a hub whose server falls silent", () => {
  test.concurrent(
    "says so within its deadline, health within 4 s, and goes on when somebody answers there again",
    async () => {
      const hub = await freshHub();
      const silent = await relayTo(hub.url);
      const door = await proxyTo(silent.url);
      const database = await openDatabase({
        url: new Secret(door.url),
        applicationName: "served",
        access: "read-write",
        // Longer than health waits, so that both limits are seen.
        answerWithinMs: 4_400,
        readers: 4,
        writers: 2,
      });
      const served: ServedHub = await servedHub({}, { hub: { ...hub, database } });
      await healthy(served.at);
      silent.swallow();
      const started = performance.now();
      const health = fetch(`${served.at}/state/health`).then(async (answer) => {
        await expectUnavailable(answer);
        return performance.now() - started;
      });
      await expectUnavailable(await post(served.at, "unanswered"));
      expect(await health).toBeLessThan(4_800);
      expect(performance.now() - started).toBeLessThan(11_000);
      door.moveTo(hub.url);
      await healthy(served.at);
      expect((await post(served.at, "answered")).status).toBe(201);
      expect((await hub.database.sql`select from decisions where title = 'unanswered'`).length).toBe(0);
      await served.close();
      await database.close();
      door.close();
      silent.close();
      await hub.close();
    },
    WATCHDOG,
  );
});
