// Requests byte for byte, as no client library would send them: paths that climb, headers that end lines, bodies without
// an end, other people's host names. Sent by curl, or as bytes on a socket.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { environmentForPrograms } from "../../lib/config.ts";
import { run } from "../../lib/process/run.ts";
import { changedTables, digestOf } from "../support/hub_digest.ts";
import { type ServedHub, servedHub } from "../support/served_hub.ts";

let hub: ServedHub;
beforeAll(async () => {
  hub = await servedHub();
});
afterAll(() => hub.close());

/** Status, headers and body, as curl got them. */
async function curl(...flags: readonly string[]): Promise<{ status: number; head: string; body: string }> {
  const argv = ["curl", "--silent", "--include", "--http1.1", "--max-time", "20", ...flags];
  const { stdout } = await run(argv, { env: environmentForPrograms(), deadlineMs: 30_000 });
  const [head = "", ...body] = stdout.replace(/^HTTP\/1\.1 100[\s\S]*?\r\n\r\n/, "").split("\r\n\r\n");
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1] ?? 0), head, body: body.join("\r\n\r\n") };
}

/** All that comes back for these bytes, until the hub closes. */
async function raw(text: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let answer = "";
  const { hostname, port } = new URL(hub.at);
  await Bun.connect({
    hostname,
    port: Number(port),
    socket: {
      open: (socket) => void socket.write(text),
      data: (_, chunk) => {
        answer += chunk.toString("latin1");
      },
      close: () => resolve(answer),
      error: (_, error) => reject(error),
    },
  });
  return promise;
}

test("paths that climb or hold bytes lead nowhere", async () => {
  const paths = [
    "/../../etc/passwd",
    "/tasks/../../../etc/passwd",
    "/tasks/..%2f..%2f..%2fetc%2fpasswd",
    "/docs/../../package.json",
    "/docs/..%2f..%2fpackage.json",
    "/docs/%2e%2e/%2e%2e/package.json",
    "/tasks/%00",
    "/tasks/%c0%ae%c0%ae/",
    "//etc/passwd",
    "/tasks;x=1",
    "/tasks/%0d%0aX-Injected:%201",
  ];
  for (const path of paths) {
    const { status, head, body } = await curl("--path-as-is", `${hub.at}${path}`);
    expect([path, [400, 404, 422].includes(status)]).toEqual([path, true]);
    expect(`${head}${body}`).not.toMatch(/root:|"dependencies"|\r\nX-Injected/i);
  }
});

test("bodies over 1 MiB are refused, declared or not, and the connection does not wait for the rest", async () => {
  const large = `{"title":"${"x".repeat(2_000_000)}"}`;
  for (const headers of [[], ["--header", "Transfer-Encoding: chunked"]]) {
    const argv = [
      "curl",
      "--silent",
      "--include",
      "--http1.1",
      "--max-time",
      "20",
      "--header",
      "Content-Type: application/json",
      "--header",
      "Expect:",
      ...headers,
      "--data-binary",
      "@-",
      `${hub.at}/decisions`,
    ];
    const { stdout } = await run(argv, { env: environmentForPrograms(), deadlineMs: 30_000, stdin: large });
    expect(stdout).toMatch(/^HTTP\/1\.1 413/);
    expect(stdout).toContain("urn:state-hub:problem:body-too-large");
  }
});

test("headers that end lines put nothing into the answer or the log", async () => {
  const body = '{"event_type":"from.bytes"}';
  const lines = (...extra: readonly string[]) =>
    [
      "POST /progress HTTP/1.1",
      "Host: 127.0.0.1",
      "Content-Type: application/json",
      `Content-Length: ${body.length}`,
      "Connection: close",
      ...extra,
      "",
      body,
    ].join("\r\n");
  for (const header of [
    "Idempotency-Key: a\u0001b",
    "Idempotency-Key: two words",
    `Idempotency-Key: ${"k".repeat(300)}`,
  ]) {
    expect(await raw(lines(header))).toMatch(/^HTTP\/1\.1 4\d\d /);
  }
  for (const id of ["a b", "<script>", "a%0d%0aSet-Cookie: x=y", "x".repeat(2_000)]) {
    const { status, head } = await curl("--header", `X-Request-Id: ${id}`, `${hub.at}/state/health`);
    expect(status).toBe(200);
    expect(head).toMatch(/\r\nx-request-id: [0-9a-f-]{36}(\r\n|$)/i);
    expect(head).not.toMatch(/set-cookie|script/i);
  }
  const split = await raw(lines("X-Request-Id: mine\r\nIdempotency-Key: k\r\n\r\nHTTP/1.1 200 OK"));
  expect(split.match(/^HTTP\/1\.1 \d+/gm)).toEqual(["HTTP/1.1 400"]);
  expect(JSON.stringify(hub.log)).not.toMatch(/script|Set-Cookie|two words/);
});

test("another host's name, another page's origin, and methods that are none, are refused", async () => {
  const before = await digestOf(hub.database.sql);
  const data = ["--header", "Content-Type: application/json", "--data", '{"event_type":"x"}'];
  for (const headers of [
    ["Host: evil.example"],
    ["Host: 127.0.0.1.evil.example"],
    ["Origin: https://evil.example"],
    ["Origin: null"],
    ["Host: 127.0.0.1@evil.example"],
  ]) {
    const flags = headers.flatMap((each) => ["--header", each]);
    expect([headers, (await curl(...flags, ...data, `${hub.at}/progress`)).status]).toEqual([headers, 403]);
  }
  for (const method of ["TRACE", "PROPFIND", "PUT", "DELETE"]) {
    const { status } = await curl("--request", method, `${hub.at}/progress`);
    expect([method, [400, 404, 405, 501].includes(status)]).toEqual([method, true]);
  }
  expect(changedTables(before, await digestOf(hub.database.sql))).toEqual([]);
});

test("a key given twice counts as it was given last, for what is checked and for what is stored", async () => {
  const { status, body } = await curl(
    "--header",
    "Content-Type: application/json",
    "--data",
    '{"event_type":"FIRST","event_type":"last","detail":{"a":1,"a":2}}',
    `${hub.at}/progress`,
  );
  expect(status).toBe(201);
  expect(JSON.parse(body)).toMatchObject({ event_type: "last", detail: { a: 2 } });
});
