// The proxy between a workstation's clients and the cluster's hub: everything passes but what belongs to one connection,
// nothing is kept, and nobody else's page gets to use the token.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { isReadable, requireLoopback, targetOf, upstreamOf } from "../../../../lib/hub/proxy/upstream.ts";
import { freePort } from "../../../../lib/postgres/free_port.ts";
import { Secret } from "../../../../lib/secret.ts";
import { waitUntil } from "../../../../lib/wait_until.ts";
import { whenTestsEnd } from "../../../stop_what_tests_started.ts";
import { rawRequest } from "../../../support/raw_request.ts";
import { type ServedHub, servedHub } from "../../../support/served_hub.ts";
import { type ServedProxy, servedProxy } from "../../../support/served_proxy.ts";

const TOKEN = "correct-horse-battery-staple";

/** What a hub behind a proxy sees, and answers by path. */
function recordingHub() {
  const seen: { path: string; method: string; headers: Record<string, string>; chunks: number; body: string }[] = [];
  const left: string[] = [];
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    fetch: async (request) => {
      const { pathname, search } = new URL(request.url);
      request.signal.addEventListener("abort", () => left.push(pathname));
      if (pathname === "/prefix/held") await released;
      if (pathname === "/prefix/away")
        return new Response(null, { status: 307, headers: { location: "http://127.0.0.1:1/elsewhere" } });
      if (pathname === "/prefix/zipped")
        return new Response(Bun.gzipSync("hello"), {
          headers: {
            "content-encoding": "gzip",
            "keep-alive": "timeout=9",
            connection: "x-hop",
            "x-hop": "1",
            etag: '"7"',
          },
        });
      if (pathname === "/prefix/endless") return new Response(endless());
      const chunks: Uint8Array[] = [];
      for await (const chunk of request.body ?? []) chunks.push(chunk);
      const headers = Object.fromEntries(request.headers);
      const body = Buffer.concat(chunks).toString();
      seen.push({ path: `${pathname}${search}`, method: request.method, headers, chunks: chunks.length, body });
      return Response.json({ got: body.length }, { status: pathname === "/prefix/refused" ? 503 : 200 });
    },
  });
  whenTestsEnd(() => server.stop(true));
  return { url: `http://127.0.0.1:${server.port}/prefix/`, seen, left, release };
}

function endless(): ReadableStream {
  return new ReadableStream({
    pull: (controller) => {
      controller.enqueue(new TextEncoder().encode("tick\n"));
      return Bun.sleep(5);
    },
  });
}

let upstream: ReturnType<typeof recordingHub>;
let proxy: ServedProxy;
beforeAll(async () => {
  upstream = recordingHub();
  proxy = await servedProxy(upstream.url, TOKEN);
});
afterAll(() => proxy.close());

const H = "Host: localhost:8000\r\n";
const lastSeen = () => upstream.seen.at(-1);

describe("a request through the proxy", () => {
  test("arrives with the token, its id and its own headers; not with those of one connection or of a browser", async () => {
    const headers = ["Connection: close, X-Hop", "X-Hop: 1", "Keep-Alive: 5", "TE: trailers", "Cookie: a=b"];
    const more = ["Authorization: Bearer other", "X-Request-Id: r-7", 'If-Match: "7"', "Origin: http://localhost:3000"];
    await rawRequest(proxy.at, `GET /tasks/?a=b%20c HTTP/1.1\r\n${H}${[...headers, ...more].join("\r\n")}\r\n\r\n`);
    const { headers: got = {}, path } = lastSeen() ?? {};
    expect(path).toBe("/prefix/tasks/?a=b%20c");
    expect(got).toMatchObject({ authorization: `Bearer ${TOKEN}`, "x-request-id": "r-7", "if-match": '"7"' });
    expect(got.host).toBe(new URL(upstream.url).host);
    for (const name of ["x-hop", "keep-alive", "te", "cookie", "origin", "transfer-encoding"])
      expect(got[name]).toBeUndefined();
  });

  test("cannot leave the hub's own path", async () => {
    for (const path of ["/../admin", "/a/../../admin", "/%2e%2e/admin", "/x/%2E%2e/%2e./admin", "//admin"]) {
      await rawRequest(proxy.at, `GET ${path} HTTP/1.1\r\n${H}\r\n`);
      expect(lastSeen()?.path).toStartWith("/prefix/");
    }
  });

  test("brings its body, also one that comes piece by piece, and its answer's status", async () => {
    const pieces = new ReadableStream({
      start: async (controller) => {
        for (let n = 0; n < 5; n++) {
          controller.enqueue(new TextEncoder().encode(`piece ${n};`));
          await Bun.sleep(10);
        }
        controller.close();
      },
    });
    const answer = await fetch(`${proxy.at}/refused`, { method: "POST", body: pieces });
    expect([answer.status, lastSeen()?.body]).toEqual([503, "piece 0;piece 1;piece 2;piece 3;piece 4;"]);
    await fetch(`${proxy.at}/patched`, { method: "PATCH", body: '{"a":1}' });
    expect(lastSeen()).toMatchObject({ method: "PATCH", body: '{"a":1}' });
  });

  test("brings the answer as it is: still zipped, with its headers, and a redirect not followed", async () => {
    const zipped = await rawRequest(proxy.at, `GET /zipped HTTP/1.1\r\n${H}Accept-Encoding: gzip\r\n\r\n`);
    expect(zipped.toLowerCase()).toContain("content-encoding: gzip");
    expect(zipped.toLowerCase()).toContain('etag: "7"');
    expect(zipped.toLowerCase()).not.toMatch(/keep-alive|x-hop/);
    expect(await (await fetch(`${proxy.at}/zipped`)).text()).toBe("hello");
    const away = await fetch(`${proxy.at}/away`, { redirect: "manual" });
    expect([away.status, away.headers.get("location")]).toEqual([307, "http://127.0.0.1:1/elsewhere"]);
  });

  test("brings an answer as it comes, and its end when the client leaves", async () => {
    const received = await rawRequest(proxy.at, `GET /endless HTTP/1.1\r\n${H}\r\n`, {
      until: (text) => text.split("tick").length > 5,
    });
    expect(received).toContain("tick");
    const held = rawRequest(proxy.at, `GET /held HTTP/1.1\r\n${H}\r\n`, { withinMs: 300 });
    expect(await held).toBe("");
    await waitUntil({ forWhat: "the hub to be left", deadlineMs: 5_000 }, () =>
      ["/prefix/endless", "/prefix/held"].every((path) => upstream.left.includes(path))
        ? { found: true }
        : { seen: upstream.left.join() },
    );
  });

  test("is refused when another site's page makes it: the token is not for them", async () => {
    const before = upstream.seen.length;
    const ask = (headers: string) => rawRequest(proxy.at, `GET /tasks HTTP/1.1\r\n${headers}\r\n\r\n`);
    const refused = ["Host: evil.com", `Host: localhost:8000\r\nOrigin: https://evil.com`, "Host: 10.0.0.1:8000"];
    for (const headers of refused) expect(await ask(headers)).toStartWith("HTTP/1.1 403");
    expect(await ask("Host: 10.0.0.1:8000\r\nX-A: b")).toStartWith("HTTP/1.1 403");
    expect(upstream.seen.length).toBe(before);
  });

  test("leaves a line in the log, and the token nowhere", async () => {
    await fetch(`${proxy.at}/tasks?token=${TOKEN}`, { headers: { "x-request-id": "logged" } });
    expect(proxy.log.find(({ request_id }) => request_id === "logged")).toMatchObject({
      event: "request",
      method: "GET",
      path: "/tasks",
      status: 200,
    });
    expect(JSON.stringify(proxy.log) + proxy.notes.join()).not.toContain(TOKEN);
  });
});

describe("a proxy whose hub is away", () => {
  test("says so at once where nobody listens, and that one may come back", async () => {
    const alone = await servedProxy(`http://127.0.0.1:${freePort()}`, TOKEN);
    const answer = await fetch(`${alone.at}/state/health`, { headers: { "x-request-id": "away" } });
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([502, "5"]);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    const problem = (await answer.json()) as { detail: string };
    expect(problem).toMatchObject({ status: 502, instance: "/state/health", request_id: "away" });
    // Why, in the system's word: a refused certificate and a tunnel that is down are mended in different places.
    expect(problem.detail).toContain("(ECONNREFUSED)");
    await alone.close();
  });

  test("refuses to forward to itself for ever", async () => {
    const port = freePort();
    const one = await servedProxy(`http://127.0.0.1:${port}`, null);
    const other = Bun.serve({
      port,
      hostname: "127.0.0.1",
      fetch: (request) =>
        fetch(new URL(new URL(request.url).pathname, one.at), { headers: { via: request.headers.get("via") ?? "" } }),
    });
    expect((await fetch(`${one.at}/x`)).status).toBe(508);
    await other.stop(true);
    await one.close();
  });
});

describe("a real hub behind the proxy", () => {
  let hub: ServedHub;
  let through: ServedProxy;
  beforeAll(async () => {
    hub = await servedHub({ host: "0.0.0.0", token: new Secret(TOKEN) });
    through = await servedProxy(hub.at, TOKEN);
  });
  afterAll(async () => {
    await through.close();
    await hub.close();
  });

  test("answers clients that know no token", async () => {
    expect((await hub.ask("/decisions")).status).toBe(401);
    expect((await fetch(`${through.at}/decisions`)).status).toBe(200);
    const made = await fetch(`${through.at}/decisions/`, {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": "p-1" },
      body: '{"title":"through the proxy"}',
    });
    expect([made.status, made.headers.get("etag")]).toEqual([201, '"1"']);
    expect((await fetch(`${through.at}/docs/swagger-ui.css`)).status).toBe(200);
  });

  test("has the same request id in both logs and in its problems", async () => {
    const answer = await fetch(`${through.at}/nowhere`, { headers: { "x-request-id": "both" } });
    expect(await answer.json()).toMatchObject({ status: 404, request_id: "both" });
    expect(hub.log.some(({ request_id }) => request_id === "both")).toBe(true);
    const own = (await fetch(`${through.at}/nowhere`)).headers.get("x-request-id");
    expect(hub.log.some(({ request_id }) => request_id === own)).toBe(true);
  });
});

describe("upstreamOf()", () => {
  test("takes plain URLs, with a path where there is one", () => {
    expect(upstreamOf("https://hub.example")).toBe("https://hub.example");
    expect(upstreamOf("http://127.0.0.1:8000/hub/")).toBe("http://127.0.0.1:8000/hub");
    expect(targetOf("https://h/hub", "http://localhost/a/?b=c")).toBe("https://h/hub/a/?b=c");
  });

  test("refuses credentials without printing them, queries, and what is no http", () => {
    for (const url of ["https://u:s3cret@hub", "https://s3cret@hub", "https://hub/?t=s3cret", "hub", "ftp://hub", ""]) {
      let said = "";
      try {
        upstreamOf(url);
      } catch (error) {
        said = Bun.inspect(error);
      }
      expect(said).toContain("Could not use the URL");
      expect(said).not.toMatch(/[:/]s3cret|=s3cret/);
    }
  });

  test("knows where a token would travel readable", () => {
    expect(["https://hub", "http://127.0.0.1:1", "http://[::1]:1"].some(isReadable)).toBe(false);
    expect(isReadable("http://hub.example")).toBe(true);
  });

  test("is used on loopback only", () => {
    expect(() => requireLoopback("0.0.0.0")).toThrow("Could not open the proxy to others");
    expect(() => requireLoopback("127.0.0.1")).not.toThrow();
  });
});
