// A hub that is told to stop: what it has begun it ends, what it has not begun it refuses, and in 10 s it is gone, whatever
// its clients and its database do meanwhile.
import { describe, expect, test } from "bun:test";
import { createConnection } from "node:net";
import postgres from "postgres";
import { waitUntil } from "../../lib/wait_until.ts";
import { freshHub, type TestHub } from "../support/hub.ts";
import { rawRequest } from "../support/raw_request.ts";
import { type ServedProcess, servedProcess } from "../support/served_process.ts";

const H = "Host: localhost\r\n";
const serveHub = (hub: TestHub, more: Parameters<typeof servedProcess>[0] = {}) =>
  servedProcess({ ...more, env: { DATABASE_URL: hub.url, ...more.env } });
const decide = (served: ServedProcess, title: string) =>
  fetch(`${served.at}/decisions`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-request-id": title },
    body: JSON.stringify({ title }),
  });

/** Each with a database of its own: they run at the same time, since what they wait for is time. */
function onHub(work: (hub: TestHub) => Promise<void>): () => Promise<void> {
  return async () => {
    const hub = await freshHub();
    try {
      await work(hub);
    } finally {
      await hub.close();
    }
  };
}

/** Nobody can change decisions until it is given free. */
async function lockDecisions(hub: TestHub): Promise<{ release(): Promise<void> }> {
  const sql = postgres(hub.url, { max: 1, onnotice: () => {} });
  await sql.unsafe("begin; lock table decisions");
  return { release: () => sql.end({ timeout: 0 }) };
}

/** Until so many of the hub's statements wait for a lock. */
const waiting = (hub: TestHub, count: number) =>
  waitUntil({ forWhat: `${count} requests to wait`, deadlineMs: 10_000 }, async () => {
    const rows = await hub.database.sql`
      select from pg_stat_activity where datname = current_database() and application_name = 'state_hub serve' and wait_event_type = 'Lock'`;
    return rows.length >= count ? { found: true } : { seen: `${rows.length} wait` };
  });

async function stopped(served: ServedProcess): Promise<{ code: number; took: number }> {
  const started = performance.now();
  served.kill("SIGTERM");
  return { code: await served.exited, took: performance.now() - started };
}

describe("SIGTERM", () => {
  test.concurrent(
    "ends a hub that has nothing to do at once, connections that are kept included, with exit code 143",
    onHub(async (hub) => {
      const served = await serveHub(hub);
      const { hostname, port } = new URL(served.at);
      const closed: string[] = [];
      for (const [name, bytes] of [
        ["kept", `GET /decisions HTTP/1.1\r\n${H}\r\n`],
        ["half a head", `GET /decisions HTTP/1.1\r\n${H}`],
      ] as const) {
        const socket = createConnection(Number(port), hostname);
        socket.on("close", () => closed.push(name)).on("error", () => {});
        socket.resume();
        socket.write(bytes);
      }
      await fetch(`${served.at}/state/health`);
      const { code, took } = await stopped(served);
      expect(code).toBe(143);
      expect(took).toBeLessThan(5_000);
      await waitUntil({ forWhat: "all to be closed", deadlineMs: 2_000 }, () =>
        closed.length === 2 ? { found: true } : { seen: closed.join() },
      );
    }),
    30_000,
  );

  test.concurrent(
    "lets what has begun end, takes nothing new, refuses who still sends, and has it all in its log",
    onHub(async (hub) => {
      const served = await serveHub(hub);
      const lock = await lockDecisions(hub);
      const asked = ["one", "two", "three"].map((title) => decide(served, title));
      const half = `POST /decisions HTTP/1.1\r\n${H}Content-Type: application/json\r\nContent-Length: 90\r\n\r\n{"title":"`;
      const sending = rawRequest(served.at, half, { withinMs: 9_000 });
      await waiting(hub, 3);
      const ending = stopped(served);
      await waitUntil({ forWhat: "the door to be closed", deadlineMs: 5_000 }, () =>
        fetch(`${served.at}/state/health`).then(
          (answer) => ({ seen: `it answers ${answer.status}` }),
          () => ({ found: true }),
        ),
      );
      expect(await sending).toMatch(/^HTTP\/1\.1 503[\s\S]*retry-after: 5/i);
      await lock.release();
      const answers = await Promise.all(asked);
      expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
      expect(answers.map(({ headers }) => headers.get("connection"))).toEqual(["close", "close", "close"]);
      const { code, took } = await ending;
      expect(code).toBe(143);
      expect(took).toBeLessThan(10_000);
      const logged = served.log().filter(({ status }) => status === 201);
      expect(logged.map(({ request_id }) => request_id).toSorted()).toEqual(["one", "three", "two"]);
      expect((await hub.database.sql`select from decisions where title in ('one', 'two', 'three')`).length).toBe(3);
    }),
    30_000,
  );

  test.concurrent(
    "ends within 10 s when the database holds a request, which is then not done at all",
    onHub(async (hub) => {
      const served = await serveHub(hub);
      const lock = await lockDecisions(hub);
      const asked = decide(served, "held").then(
        ({ status }) => status,
        () => "cut",
      );
      await waiting(hub, 1);
      const { code, took } = await stopped(served);
      expect(code).toBe(143);
      expect(took).toBeGreaterThan(5_000);
      expect(took).toBeLessThan(10_500);
      expect(await asked).toBe("cut");
      expect(served.said()).toContain("drain_gave_up");
      await lock.release();
      await waitUntil({ forWhat: "its transactions to end", deadlineMs: 10_000 }, async () => {
        const rows = await hub.database
          .sql`select from pg_stat_activity where datname = current_database() and application_name like 'state_hub serve%'`;
        return rows.length === 0 ? { found: true } : { seen: `${rows.length} connections` };
      });
      expect((await hub.database.sql`select from decisions where title = 'held'`).length).toBe(0);
    }),
    30_000,
  );

  test.concurrent(
    "ends a hub whose log nobody reads, and one whose client does not read its answer",
    onHub(async (hub) => {
      const served = await serveHub(hub, { readLog: false });
      const path = `/${"x".repeat(400)}`;
      for (let n = 0; n < 20; n++)
        await Promise.all(Array.from({ length: 50 }, async () => (await fetch(served.at + path)).text()));
      const { hostname, port } = new URL(served.at);
      const unread = createConnection(Number(port), hostname).on("error", () => {});
      unread.pause();
      unread.write(`GET /docs/swagger-ui-bundle.js HTTP/1.1\r\n${H}\r\n`);
      const { code, took } = await stopped(served);
      unread.destroy();
      expect(code).toBe(143);
      expect(took).toBeLessThan(11_000);
    }),
    30_000,
  );
});

describe("SIGINT", () => {
  test.concurrent(
    "ends a hub at once when it is asked a second time",
    onHub(async (hub) => {
      const served = await serveHub(hub);
      const lock = await lockDecisions(hub);
      const asked = decide(served, "hurried").catch(() => "cut");
      await waiting(hub, 1);
      served.kill("SIGINT");
      await waitUntil({ forWhat: "the first to be heard", deadlineMs: 5_000 }, () =>
        served.said().includes('"stopping"') ? { found: true } : { seen: served.said() },
      );
      const started = performance.now();
      served.kill("SIGINT");
      expect(await served.exited).toBe(130);
      expect(performance.now() - started).toBeLessThan(1_500);
      expect(await asked).toBe("cut");
      await lock.release();
    }),
    30_000,
  );
});

describe("the proxy of a workstation", () => {
  test.concurrent(
    "needs no database, keeps the token to itself, and stops like the hub",
    onHub(async (hub) => {
      const served = await serveHub(hub);
      const token = "correct-horse-battery-staple";
      const proxy = await servedProcess({ args: ["--proxy", served.at], env: { STATE_HUB_TOKEN: token } });
      expect((await fetch(`${proxy.at}/state/health`)).status).toBe(200);
      expect((await stopped(proxy)).code).toBe(143);
      expect(proxy.said()).not.toContain(token);
      await served.end();
    }),
    30_000,
  );
});
