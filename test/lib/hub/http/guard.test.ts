// Who may ask: names and origins that are not ours are refused whatever they look like, and only the whole token opens.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { networkInterfaces } from "node:os";
import { admit, isLoopback } from "../../../../lib/hub/http/guard.ts";
import { Problem } from "../../../../lib/hub/http/problem.ts";
import { Secret } from "../../../../lib/secret.ts";
import { type ServedHub, servedHub } from "../../../support/served_hub.ts";

const TOKEN = "correct-horse-battery-staple";

interface Asked {
  readonly headers: Record<string, string>;
  readonly path?: string;
  readonly token?: string | null;
  readonly allowedHosts?: readonly string[];
}

/** @returns the status of the refusal, 200 when it was let through */
function asked({ headers, path = "/tasks", token = null, allowedHosts = [] }: Asked): number {
  const given = new Headers(headers);
  try {
    admit({ headers: given } as Request, path, { token: token === null ? null : new Secret(token), allowedHosts });
    return 200;
  } catch (error) {
    if (error instanceof Problem) return error.status;
    throw error;
  }
}

const byHost = (host: string, more: Partial<Asked> = {}) => asked({ headers: { host }, ...more });
const LOCAL = "localhost:8000";

describe("the Host header", () => {
  const ours = ["localhost", "LOCALHOST:8000", "127.0.0.1", "127.0.0.1:8000", "127.9.9.9:1", "[::1]", "[::1]:8000"];
  const others = [
    "evil.com",
    "localhost.evil.com",
    "localhost.",
    "127.0.0.1.evil",
    "127.0.0.1.nip.io:8000",
    "0.0.0.0",
    "0.0.0.0:8000",
    "[::]",
    "[::]:8000",
    "[::ffff:127.0.0.1]",
    "[fe80::1]",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "127.1",
    "localhost@evil.com",
    "evil.com#localhost",
    "evil.com/localhost",
    "localhost:8000:80",
    "localhost:port",
    "localhost, evil.com",
    "10.0.0.7:8000",
    "",
  ];
  test("may name this machine in any spelling of loopback", () => {
    expect(ours.filter((host) => byHost(host) !== 200)).toEqual([]);
  });

  test("may not name anything else, however much it looks like it", () => {
    expect(others.filter((host) => byHost(host) !== 403)).toEqual([]);
    expect(asked({ headers: {} })).toBe(403);
  });

  test("may be a name that was allowed: with its port only that one, without one any", () => {
    const allowedHosts = ["hub.example", "other.example:9000", "fd00::7", "[fd00::8]"];
    const may = (host: string) => byHost(host, { allowedHosts });
    expect(["hub.example", "HUB.example:1234", "other.example:9000", "[fd00::7]:8000", "[fd00::8]"].map(may)).toEqual([
      200, 200, 200, 200, 200,
    ]);
    expect(["other.example", "other.example:9001", "hub.example.evil", "x.hub.example", "[fd00::9]"].map(may)).toEqual([
      403, 403, 403, 403, 403,
    ]);
  });

  test("may be a number where a probe or a scraper asks a hub that others can reach, and only for what is open", () => {
    const open = (host: string, path: string, token: string | null) => byHost(host, { path, token });
    expect(open("10.0.0.7:8000", "/metrics", TOKEN)).toBe(200);
    expect(open("[fd00::7]:8000", "/state/health", TOKEN)).toBe(200);
    expect(open("evil.com", "/metrics", TOKEN)).toBe(403);
    expect(open("0.0.0.0:8000", "/metrics", TOKEN)).toBe(403);
    expect(open("10.0.0.7:8000", "/tasks", TOKEN)).toBe(403);
    expect(open("10.0.0.7:8000", "/metrics", null)).toBe(403);
  });
});

describe("the Origin header", () => {
  const from = (origin: string) => asked({ headers: { host: LOCAL, origin } });

  test("may be a page of this machine", () => {
    expect(["http://localhost:3000", "http://127.0.0.1:8000", "https://[::1]:8000"].map(from)).toEqual([200, 200, 200]);
  });

  test("may not be a page of anybody else, nor of nobody", () => {
    const others = ["https://evil.com", "null", "http://localhost.evil.com", "file://", "http://", "", "localhost"];
    const more = ["chrome-extension://localhost", "http://localhost@evil.com", "http://0.0.0.0:8000"];
    expect([...others, ...more].filter((origin) => from(origin) !== 403)).toEqual([]);
  });

  test("is not needed to know a page of another site that only loads something", () => {
    const fetched = (mode: string, site = "cross-site") =>
      asked({ headers: { host: LOCAL, "sec-fetch-site": site, "sec-fetch-mode": mode } });
    expect([fetched("no-cors"), fetched("cors")]).toEqual([403, 403]);
    expect([fetched("navigate"), fetched("cors", "same-origin"), fetched("no-cors", "none")]).toEqual([200, 200, 200]);
  });
});

describe("the token", () => {
  const with_ = (authorization?: string, path = "/tasks") =>
    asked({ headers: { host: LOCAL, ...(authorization === undefined ? {} : { authorization }) }, token: TOKEN, path });

  test("opens whole, whatever the case of the word before it", () => {
    expect([with_(`Bearer ${TOKEN}`), with_(`bearer ${TOKEN}`), with_(`BEARER ${TOKEN}`)]).toEqual([200, 200, 200]);
  });

  test("does not open in part, with more, in another case, or as another scheme", () => {
    const wrong = [undefined, "", "Bearer", "Bearer ", `Bearer ${TOKEN}x`, `Bearer ${TOKEN.slice(1)}`, TOKEN];
    const more = [`Bearer ${TOKEN.toUpperCase()}`, `Basic ${btoa(`x:${TOKEN}`)}`, `Bearer ${"y".repeat(10_000)}`];
    expect([...wrong, ...more].filter((each) => with_(each) !== 401)).toEqual([]);
  });

  test("is not asked for by health and metrics, and by nothing that only begins like them", () => {
    expect([with_(undefined, "/state/health"), with_(undefined, "/metrics")]).toEqual([200, 200]);
    expect([with_(undefined, "/metrics/x"), with_(undefined, "/state")]).toEqual([401, 401]);
  });
});

describe("isLoopback()", () => {
  test("is true for addresses that only this machine can reach", () => {
    expect(["127.0.0.1", "127.255.0.9", "::1", "[::1]", "localhost"].every(isLoopback)).toBe(true);
    expect(["0.0.0.0", "::", "128.0.0.1", "127.0.0.256", "127.evil", "10.0.0.1", ""].some(isLoopback)).toBe(false);
  });
});

describe("a hub that others can reach", () => {
  let hub: ServedHub;
  beforeAll(async () => {
    hub = await servedHub({ host: "0.0.0.0", token: new Secret(TOKEN) });
  });
  afterAll(() => hub.close());

  test("asks everybody for the token, on every path but two, and says so", async () => {
    const paths = ["/decisions", "/openapi.json", "/docs", "/docs/start.js", "/nowhere", "/metrics/", "/state/health/"];
    const statuses = await Promise.all(paths.map(async (path) => (await hub.ask(path)).status));
    expect(statuses).toEqual([401, 401, 401, 401, 401, 200, 200]);
    const refused = await hub.ask("/decisions");
    expect(refused.headers.get("www-authenticate")).toBe('Bearer realm="state-hub"');
    const let_ = await hub.ask("/decisions", { headers: { authorization: `Bearer ${TOKEN}` } });
    expect(let_.status).toBe(200);
  });

  test("answers a probe that calls it by its number", async () => {
    const own = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
    const address = own.find(({ family, internal }) => family === "IPv4" && !internal)?.address ?? "127.0.0.1";
    expect((await fetch(`http://${address}:${new URL(hub.at).port}/state/health`)).status).toBe(200);
  });

  test("writes the token into no answer and no line of its log", async () => {
    const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
    const asks = [
      hub.ask(`/decisions?token=${TOKEN}`, { headers }),
      hub.ask("/decisions", { method: "POST", headers, body: "{" }),
      hub.ask("/decisions", { method: "POST", headers: { ...headers, "idempotency-key": "ä" }, body: "{}" }),
      hub.ask(`/nowhere#${TOKEN}`, { headers: { ...headers, "x-request-id": `${TOKEN} with a space` } }),
      hub.ask("/decisions", { headers: { authorization: `Bearer ${TOKEN}x` } }),
    ];
    const answers = await Promise.all(asks.map(async (each) => (await each).text()));
    expect(answers.join("\n") + JSON.stringify(hub.log)).not.toContain(TOKEN);
    expect(hub.log.length).toBeGreaterThan(4);
  });

  test("is not opened at all without a token", async () => {
    await expect(servedHub({ host: "0.0.0.0", token: null })).rejects.toThrow("others can reach");
  });
});
