// Clients that nobody should have to be afraid of: thousands that say nothing, that send a byte a second, that leave, that
// lie about where a request ends. Each time the others are served meanwhile, and the hub is as it was afterwards.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { createConnection, type Socket } from "node:net";
import { waitUntil } from "../../lib/wait_until.ts";
import { freshHub, type TestHub } from "../support/hub.ts";
import { idleConnections } from "../support/idle_connections.ts";
import { rawRequest } from "../support/raw_request.ts";
import { type ServedProcess, servedProcess } from "../support/served_process.ts";

let hub: TestHub;
let served: ServedProcess;
let slow: ReturnType<typeof slowSenders>;
beforeAll(async () => {
  hub = await freshHub();
  served = await servedProcess({ env: { DATABASE_URL: hub.url } });
  // While everything else is tested.
  slow = slowSenders();
}, 60_000);
afterAll(async () => {
  slow.close();
  await served.end();
  await hub.close();
});

const H = "Host: localhost\r\n";
const JSON_BODY = "Content-Type: application/json\r\n";

async function othersAreServed(): Promise<void> {
  const started = performance.now();
  const answers = await Promise.all(["/state/health", "/decisions", "/metrics"].map((path) => fetch(served.at + path)));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  await Promise.all(answers.map((answer) => answer.text()));
  expect(performance.now() - started).toBeLessThan(2_000);
}

const openFiles = () => readdirSync(`/proc/${served.pid}/fd`).length;
const memoryMb = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${served.pid}/status`, "utf8"))?.[1]) / 1024;

/** Connections that send a byte a second of something that never ends. */
function trickling(head: string, count: number): { readonly sockets: readonly Socket[]; close(): void } {
  const { hostname, port } = new URL(served.at);
  const sockets = Array.from({ length: count }, () => {
    const socket = createConnection(Number(port), hostname);
    socket.on("error", () => {});
    socket.write(head);
    return socket;
  });
  const timer = setInterval(() => {
    for (const socket of sockets) if (socket.writable) socket.write("a");
  }, 1_000);
  return {
    sockets,
    close: () => {
      clearInterval(timer);
      for (const socket of sockets) socket.destroy();
    },
  };
}

function slowSenders() {
  const post = `POST /decisions HTTP/1.1\r\n${H}${JSON_BODY}`;
  const heads = trickling(`GET /decisions HTTP/1.1\r\n${H}X-Slow: `, 200);
  const bodies = trickling(`${post}Content-Length: 900\r\n\r\n{"title":"`, 200);
  const endless = trickling(`${post}Transfer-Encoding: chunked\r\n\r\nfffffff\r\n`, 50);
  const answers: string[] = [];
  for (const socket of [...bodies.sockets, ...endless.sockets])
    socket.once("data", (data) => answers.push(data.toString().slice(0, 12)));
  const close = () => {
    for (const each of [heads, bodies, endless]) each.close();
  };
  return { answers, close };
}

describe("a hub with 10,000 connections that say nothing", () => {
  test("serves the others as before, and has its files back when they are gone", async () => {
    await othersAreServed();
    const before = openFiles();
    const idle = await Promise.all([idleConnections(served.at, 5_000), idleConnections(served.at, 5_000)]);
    await waitUntil({ forWhat: "all of them to be accepted", deadlineMs: 10_000 }, () =>
      openFiles() > before + 9_990 ? { found: true } : { seen: `${openFiles()} open` },
    );
    await othersAreServed();
    await Promise.all(idle.map(async (each) => expect(await each.open()).toBe(5_000)));
    expect(memoryMb()).toBeLessThan(400);
    await Promise.all(idle.map((each) => each.close()));
    await waitUntil({ forWhat: "its files to be closed", deadlineMs: 10_000 }, () =>
      openFiles() < before + 50 ? { found: true } : { seen: `${openFiles()} open` },
    );
    await othersAreServed();
  }, 60_000);
});

describe("a hub with liars", () => {
  const smuggled = `GET /smuggled HTTP/1.1\r\n${H}\r\n`;
  const refused: readonly [string, string][] = [
    ["two lengths", `POST /decisions HTTP/1.1\r\n${H}Content-Length: 4\r\nContent-Length: 40\r\n\r\nabcd${smuggled}`],
    [
      "a length and chunks",
      `POST /decisions HTTP/1.1\r\n${H}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    ],
    [
      "chunks and a length",
      `POST /decisions HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${smuggled}`,
    ],
    [
      "chunks of a kind that is none",
      `POST /decisions HTTP/1.1\r\n${H}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${smuggled}`,
    ],
    ["chunks after a blank", `POST /decisions HTTP/1.1\r\n${H}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${smuggled}`],
    [
      "a chunk whose size is no number",
      `POST /decisions HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n0\r\n\r\n`,
    ],
    [
      "a chunk beyond all numbers",
      `POST /decisions HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nab`,
    ],
    ["a negative length", `POST /decisions HTTP/1.1\r\n${H}Content-Length: -4\r\n\r\nabcd`],
    ["a folded header", `GET /decisions HTTP/1.1\r\n${H}X-A: b\r\n Content-Length: 4\r\n\r\n${smuggled}`],
    ["a NUL in a header", `GET /decisions HTTP/1.1\r\n${H}X-A: b\0c\r\n\r\n`],
    ["two hosts", `GET /decisions HTTP/1.1\r\n${H}Host: evil.com\r\n\r\n`],
    ["no host", "GET /decisions HTTP/1.1\r\n\r\n"],
    ["the protocol of 1991", "GET /decisions\r\n"],
    ["a tunnel", `CONNECT evil.com:443 HTTP/1.1\r\n${H}\r\n`],
    ["the next protocol", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["no HTTP", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
    ["a huge header", `GET /decisions HTTP/1.1\r\n${H}X-A: ${"a".repeat(1_000_000)}\r\n\r\n`],
    ["100,000 headers", `GET /decisions HTTP/1.1\r\n${H}${"X-A: b\r\n".repeat(100_000)}\r\n`],
    ["a huge path", `GET /${"a".repeat(100_000)} HTTP/1.1\r\n${H}\r\n`],
  ];

  test("refuses requests whose end is unclear, and answers none that was hidden in them", async () => {
    for (const [what, bytes] of refused) {
      const received = await rawRequest(served.at, bytes, { until: () => false, withinMs: 200 });
      const statuses = [...received.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status);
      expect({ what, statuses: statuses.filter((status) => !/^(400|403|405|431|505)$/.test(status ?? "")) }).toEqual({
        what,
        statuses: [],
      });
      expect({ what, answers: statuses.length }).toEqual({ what, answers: 1 });
    }
    expect(served.said()).not.toContain("smuggled");
    await othersAreServed();
  }, 30_000);

  test("answers by the Host header, whatever host the first line names", async () => {
    const absolute = (line: string, host: string) =>
      rawRequest(served.at, `GET http://${line}/decisions HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    expect(await absolute("localhost", "evil.com")).toStartWith("HTTP/1.1 403");
    expect(await absolute("evil.com", "localhost")).toStartWith("HTTP/1.1 200");
  });

  test("refuses a body of more than 1 MiB, said or not, and keeps none of it", async () => {
    const before = memoryMb();
    const big = "x".repeat(20 * 1_048_576);
    for (const body of [big, new Blob([big]).stream()]) {
      const headers = { "content-type": "application/json" };
      const status = await fetch(`${served.at}/decisions`, { method: "POST", headers, body }).then(
        (answer) => answer.status,
        () => 413,
      );
      expect(status).toBe(413);
    }
    expect(memoryMb() - before).toBeLessThan(150);
    await othersAreServed();
  }, 30_000);
});

describe("a hub whose clients leave", () => {
  test("in the middle of a request or of an answer: nothing is half written, no bug is logged, nothing stays open", async () => {
    const before = openFiles();
    const half = `POST /decisions HTTP/1.1\r\n${H}${JSON_BODY}Content-Length: 90\r\n\r\n{"title":"half`;
    const whole = `GET /openapi.json HTTP/1.1\r\n${H}\r\n`;
    await Promise.all(
      Array.from({ length: 200 }, (_, n) =>
        rawRequest(served.at, n % 2 === 0 ? half : whole, { until: (text) => text !== "", withinMs: 100 }),
      ),
    );
    await othersAreServed();
    await waitUntil({ forWhat: "its files to be closed", deadlineMs: 10_000 }, () =>
      openFiles() < before + 50 ? { found: true } : { seen: `${openFiles()} open` },
    );
    expect((await hub.database.sql`select from decisions`).length).toBe(0);
    expect(served.log().filter(({ error }) => error !== undefined)).toEqual([]);
  }, 30_000);

  test("closes a connection on which requests are sent ahead of their answers, or answers each; never mixes them up", async () => {
    const ahead = ["/decisions?limit=1", "/state/health", "/decisions?limit=2"];
    const bytes = ahead.map((path) => `GET ${path} HTTP/1.1\r\n${H}\r\n`).join("");
    const received = await rawRequest(served.at, bytes, { until: () => false, withinMs: 500 });
    const statuses = [...received.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status);
    expect([0, 3]).toContain(statuses.length);
    expect(statuses.every((status) => status === "200")).toBe(true);
    await othersAreServed();
  });
});

describe("a hub with slow senders", () => {
  test("has served all the others, and refuses a body that does not come within 10 s", async () => {
    await waitUntil({ forWhat: "the slow bodies to be refused", deadlineMs: 20_000 }, () =>
      slow.answers.length === 250 ? { found: true } : { seen: `${slow.answers.length} refused` },
    );
    expect(new Set(slow.answers)).toEqual(new Set(["HTTP/1.1 408"]));
    await othersAreServed();
    expect((await hub.database.sql`select from decisions`).length).toBe(0);
  }, 30_000);
});
