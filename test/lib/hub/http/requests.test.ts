// What becomes of a request whatever is wrong with it: one answer in one shape, and one line in the log that is JSON.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { pathOf, requestIdOf } from "../../../../lib/hub/http/request_names.ts";
import { waitUntil } from "../../../../lib/wait_until.ts";
import { rawRequest } from "../../../support/raw_request.ts";
import { type ServedHub, servedHub } from "../../../support/served_hub.ts";

let hub: ServedHub;
beforeAll(async () => {
  hub = await servedHub();
});
afterAll(() => hub.close());

const lineOf = (id: string) =>
  waitUntil({ forWhat: `the line of ${id}`, deadlineMs: 5_000 }, () => {
    const line = hub.log.find(({ request_id }) => request_id === id);
    return line === undefined ? { seen: `${hub.log.length} lines` } : { found: line };
  });

describe("the access log", () => {
  test("has one line for each request: who, what, how long, and nothing of query, headers or body", async () => {
    const headers = { "x-request-id": "req-1", "x-secret": "s3cret", "content-type": "application/json" };
    await hub.ask("/decisions/?status=s3cret#s3cret", { method: "POST", headers, body: '{"title":"s3cret"}' });
    const line = await lineOf("req-1");
    expect(line).toEqual({
      level: "info",
      event: "request",
      request_id: "req-1",
      method: "POST",
      path: "/decisions",
      route: "/decisions",
      status: 201,
      duration_ms: expect.any(Number),
    });
    expect(hub.log.filter(({ request_id }) => request_id === "req-1").length).toBe(1);
  });

  test("stays JSON, a line each, for paths that would break it", async () => {
    const paths = [
      "/a%0ab",
      "/%00",
      "/\u2028",
      '/"}{',
      "/%ff%fe",
      "/\x7f",
      `/${"x".repeat(9_000)}`,
      "//",
      "/..%2f..%2f",
    ];
    const before = hub.log.length;
    for (const path of paths) await rawRequest(hub.at, `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    const lines = hub.log.slice(before).map((record) => JSON.stringify(record));
    expect(lines.filter((line) => line.includes("\n") || JSON.parse(line).path.length > 500)).toEqual([]);
    expect(lines.length).toBeGreaterThanOrEqual(paths.length - 1);
  });
});

describe("the request id", () => {
  test("is the client's own where it is harmless, and in answer, problem and log alike", async () => {
    const answer = await hub.ask("/nowhere", { headers: { "x-request-id": "mine.1:a_b-C" } });
    expect(answer.headers.get("x-request-id")).toBe("mine.1:a_b-C");
    expect(await answer.json()).toMatchObject({ request_id: "mine.1:a_b-C", instance: "/nowhere", status: 404 });
    expect(await lineOf("mine.1:a_b-C")).toMatchObject({ status: 404, route: null });
  });

  test("is a new one where it is not", () => {
    for (const given of [null, "", "a b", "a\nb", 'x"y', "x".repeat(101), "ä", "<script>"])
      expect(requestIdOf(given)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  });
});

describe("pathOf()", () => {
  test("is the path alone, also where the target is no path", () => {
    const paths: Record<string, string> = {
      "http://h/a/b/?q=1#f": "/a/b",
      "http://h": "/",
      "http://h/": "/",
      "http://h?q=//x/secret": "/",
      "/decisions?token=//x/secret": "/decisions",
      "http://h/a?b=/c/d": "/a",
      "evil.com:443": "evil.com:443",
      "": "/",
    };
    for (const [url, path] of Object.entries(paths)) expect(pathOf(url)).toBe(path);
  });

  test("takes no longer than the path is long, however many slashes are in it", () => {
    const started = performance.now();
    expect(pathOf(`http://h/${"/".repeat(200_000)}x`).length).toBe(200_002);
    // By a pattern that tries each slash anew: half a minute.
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});

describe("a request that is not one of ours", () => {
  test("gets a problem, whatever its method, its media type or its wish", async () => {
    const asks: readonly [string, RequestInit & { path?: string }, number][] = [
      ["no such route", { path: "/nowhere" }, 404],
      ["another method", { method: "DELETE" }, 405],
      ["another type", { method: "POST", body: "a=b", headers: { "content-type": "text/plain" } }, 415],
      [
        "a type of another charset",
        { method: "POST", body: "{}", headers: { "content-type": "application/json; charset=latin1" } },
        415,
      ],
      ["no JSON", { method: "POST", body: "{", headers: { "content-type": "application/json" } }, 400],
      [
        "no UTF-8",
        { method: "POST", body: Uint8Array.of(0x22, 0xff, 0x22), headers: { "content-type": "application/json" } },
        400,
      ],
      ["too deep", { method: "POST", body: "[".repeat(100_000), headers: { "content-type": "application/json" } }, 422],
      ["a NUL", { method: "POST", body: '{"title":"a\\u0000"}', headers: { "content-type": "application/json" } }, 422],
      [
        "too much",
        { method: "POST", body: `"${"x".repeat(1_048_576)}"`, headers: { "content-type": "application/json" } },
        413,
      ],
      ["another wish", { headers: { accept: "application/xml" } }, 406],
    ];
    for (const [what, { path = "/decisions", ...init }, status] of asks) {
      const answer = await hub.ask(path, init);
      expect({ what, status: answer.status }).toEqual({ what, status });
      expect(answer.headers.get("content-type")).toBe("application/problem+json");
      expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
      expect(await answer.json()).toMatchObject({ status, request_id: answer.headers.get("x-request-id") });
    }
  });

  test("of another method learns which there are, HEAD among them", async () => {
    const answer = await hub.ask("/decisions", { method: "DELETE" });
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, HEAD, POST"]);
  });

  test("may have its charset in quotes (RFC 9110, 5.6.6)", async () => {
    const headers = { "content-type": 'application/json; charset="UTF-8"' };
    expect((await hub.ask("/decisions", { method: "POST", body: '{"title":"quoted"}', headers })).status).toBe(201);
  });

  test("of CONNECT or TRACE gets 405, and is no bug of ours", async () => {
    for (const line of ["CONNECT evil.com:443", "TRACE /decisions", "PURGE /decisions"]) {
      const answer = await rawRequest(hub.at, `${line} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      expect(answer.slice(0, 12)).toMatch(/^HTTP\/1\.1 40[05]/);
    }
    expect(hub.log.filter(({ error }) => error !== undefined)).toEqual([]);
  });
});
