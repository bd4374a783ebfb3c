// consistency_check.ts --via, against answers that are no hub's and hubs that refuse: what it says, how it exits, and that
// the token goes nowhere else.
import { afterAll, expect, test } from "bun:test";
import { runVia } from "../../../../lib/hub/via/run_via.ts";
import { runViaHub } from "../../../../lib/hub/via/run_via_hub.ts";
import { Secret } from "../../../../lib/secret.ts";
import { waitUntil } from "../../../../lib/wait_until.ts";
import { runCheck, startCheck } from "../../../support/check_process.ts";
import { freePort } from "../../../support/free_port.ts";

const TOKEN = "a-token-that-nobody-may-see";
const servers: { stop(force: boolean): unknown }[] = [];
afterAll(() => {
  for (const server of servers) server.stop(true);
});

interface Asked {
  readonly method: string;
  readonly token: string | null;
  readonly prefer: string | null;
  readonly body: string;
}

interface FakeHub {
  readonly at: string;
  readonly requests: readonly Asked[];
}

function answering(answer: (request: Request) => Response | Promise<Response>, port = 0): FakeHub {
  const requests: Asked[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port,
    fetch: async (request) => {
      const { method, headers } = request;
      requests.push({
        method,
        token: headers.get("authorization"),
        prefer: headers.get("prefer"),
        body: await request.text(),
      });
      return answer(request);
    },
  });
  servers.push(server);
  return { at: `http://127.0.0.1:${server.port}`, requests };
}

const problem = (status: number, title: string, detail: string, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify({ status, title, detail }), {
    status,
    headers: { "content-type": "application/problem+json", ...headers },
  });

const via = (at: string, ...flags: string[]) =>
  runCheck(["--remote", ...(flags.includes("--repo") ? [] : ["--all"]), "--via", at, ...flags], {
    STATE_HUB_TOKEN: TOKEN,
  });

test("flags that a hub would not heed are wrong usage, and so is a URL that is none or holds a password", async () => {
  const hub = answering(() => new Response("never", { status: 500 }));
  const wrong = [
    ["--all", "--via", hub.at],
    ["--remote", "--via", hub.at],
    ...["--dry-run", "--full", "--write-back", "--no-write-back", "--strict"].map((flag) => [
      "--remote",
      "--all",
      "--via",
      hub.at,
      flag,
    ]),
    ["--remote", "--all", "--via", hub.at, "--plan", "p.json"],
    ["--remote", "--all", "--via", hub.at, "--apply", "p.json"],
    ["--remote", "--all", "--via", hub.at, "--max-seconds", "3601"],
    ["--remote", "--all", "--via", hub.at, "--concurrency", "3"],
    ["--remote", "--repo", ".", "--via", hub.at],
    ["--remote", "--repo", "a", "--max-seconds", "3", "--via", hub.at],
    ["--remote", "--all", "--via", `http://me:${TOKEN}@127.0.0.1:1/`],
    ["--remote", "--all", "--via", "ftp://127.0.0.1"],
    ["--remote", "--all", "--via", "http://127.0.0.1/?token=x"],
  ];
  const ran = await Promise.all(wrong.map((args) => runCheck(args, {})));
  expect(ran.map(({ code }) => code)).toEqual(wrong.map(() => 64));
  for (const { err, out } of ran) expect(err + out).not.toContain(TOKEN);
  expect(hub.requests).toEqual([]);
});

test("a refusal ends it with a hint: no token, another name, no such repository, no hub at all", async () => {
  const cases: [Response, number, string][] = [
    [problem(401, "Token required", "That is not this hub's token"), 2, "STATE_HUB_TOKEN_FILE"],
    [problem(403, "Host not allowed", "This hub is not called by that name"), 2, "STATE_HUB_ALLOWED_HOSTS"],
    [problem(404, "Not found", "No repository has the slug lost"), 64, "repo list"],
    [problem(404, "Not found", "No such route"), 64, "a State Hub's URL"],
    [new Response("<html>", { status: 404 }), 64, "a State Hub's URL"],
    [new Response("<html>", { status: 200 }), 64, "a State Hub's URL"],
    [problem(422, "Invalid value", "source"), 2, "Invalid value"],
  ];
  const ran = await Promise.all(
    cases.map(([response]) => via(answering(() => response.clone() as Response).at, "--repo", "lost")),
  );
  for (const [index, [, code, says]] of cases.entries())
    expect({ code: ran[index]?.code, err: ran[index]?.err }).toEqual({ code, err: expect.stringContaining(says) });
  for (const { err, out } of ran) expect(err + out).not.toContain(TOKEN);
});

test("the token goes to the hub that was named, and to none that it points to", async () => {
  const elsewhere = answering(() => new Response("{}"));
  const hub = answering(() => Response.redirect(`${elsewhere.at}/x`, 307));
  const ran = await via(hub.at);
  expect({ code: ran.code, err: ran.err }).toEqual({ code: 64, err: expect.stringContaining("redirects") });
  expect(hub.requests[0]?.token).toBe(`Bearer ${TOKEN}`);
  expect(elsewhere.requests).toEqual([]);
});

test("it asks again under the same id through gateways' errors, also where the hub forgot the run", async () => {
  let asked = 0;
  const hub = answering((request) => {
    asked++;
    if (asked === 1) return problem(503, "Busy", "later", { "retry-after": "0" });
    if (asked === 2) return new Response("<html>bad gateway", { status: 502, headers: { "retry-after": "0" } });
    if (request.method === "POST") return Response.json({ status: "running" }, { status: 202 });
    if (asked === 4) return problem(404, "Not found", "No run has the id");
    return Response.json({ status: "finished", problem: null, result: { exit_code: 0 }, rendering: { hint: null } });
  });
  const order = { path: "/consistency/sweep/remote-all", body: { source: "api", max_seconds: 5 }, maxSeconds: 5 };
  const { signal } = new AbortController();
  const kept = await runVia(order, { url: hub.at, token: new Secret(TOKEN), signal, progress: () => {} });
  expect(kept).toEqual({ document: { exit_code: 0 }, rendering: { hint: null } });
  const posts = hub.requests.filter(({ method }) => method === "POST");
  const ids = new Set(posts.map(({ body }) => (JSON.parse(body) as { run_id: string }).run_id));
  expect({ posts: posts.length, ids: ids.size }).toEqual({ posts: 4, ids: 1 });
  expect(posts.map(({ prefer }) => prefer)).toEqual(posts.map(() => "respond-async"));
});

test("it waits for a hub that is not there yet, or no more", async () => {
  const port = await freePort("127.0.0.1");
  const said: string[] = [];
  const order = { path: "/consistency/sweep/remote-all", body: {}, maxSeconds: 20 };
  const progress = (message: string) => void said.push(message);
  const door = { url: `http://127.0.0.1:${port}`, token: null, signal: new AbortController().signal, progress };
  const asking = runVia(order, door);
  await waitUntil({ forWhat: "a first try", deadlineMs: 5_000 }, () =>
    said[0]?.includes("asking again") ? { found: true } : { seen: said.join() },
  );
  answering(
    ({ method }) =>
      method === "POST"
        ? Response.json({ status: "running" }, { status: 202 })
        : Response.json({ status: "interrupted", problem: "its hub ended", result: null }),
    port,
  );
  await expect(asking).rejects.toMatchObject({
    message: "The hub's run was interrupted",
    observed: "its hub ended",
  });
});

test("it gives up when the run's budget and a minute are over, and says where to look", async () => {
  const hub = answering(() => new Response("", { status: 503, headers: { "retry-after": "0" } }));
  const order = { path: "/consistency/sweep/remote-all", body: {}, maxSeconds: 1 };
  const { signal } = new AbortController();
  const asking = runVia(order, {
    url: hub.at,
    token: null,
    signal,
    progress: () => {},
    patienceMs: 200,
    firstAnswerMs: 1,
  });
  await expect(asking).rejects.toMatchObject({
    kind: "automation",
    message: "Could not learn how the hub's run ended",
    hint: expect.stringContaining(`curl ${hub.at}/consistency/sweep/runs/`),
  });
});

test("it gives up early where nobody has ever answered, and at once where no HTTP is spoken", async () => {
  const url = `http://127.0.0.1:${await freePort("127.0.0.1")}`;
  const order = { path: "/consistency/sweep/remote-all", body: {}, maxSeconds: 600 };
  const { signal } = new AbortController();
  const asking = runVia(order, { url, token: null, signal, progress: () => {}, firstAnswerMs: 500 });
  await expect(asking).rejects.toMatchObject({ message: "Could not reach the hub", hint: `curl ${url}/state/health` });
  const other = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { open: (socket) => void socket.end('INFO {"server_id":"x"} \r\n'), data() {} },
  });
  try {
    const wrong = `http://127.0.0.1:${other.port}`;
    const told = runVia(order, { url: wrong, token: null, signal, progress: () => {} });
    await expect(told).rejects.toMatchObject({ message: "Could not ask the hub", where: wrong });
  } finally {
    other.stop(true);
  }
});

test("stopped by SIGTERM it says that the run goes on, and where", async () => {
  const hub = answering((request) =>
    Response.json({ status: "running" }, { status: request.method === "POST" ? 202 : 200 }),
  );
  const running = startCheck(["--remote", "--all", "--via", hub.at], { STATE_HUB_TOKEN: TOKEN });
  await running.said("The hub is at it");
  running.kill("SIGTERM");
  const { code, err } = await running.ended;
  expect({ code, err }).toEqual({ code: 143, err: expect.stringContaining("the run goes on in the hub") });
  expect(err).toContain(`${hub.at}/consistency/sweep/runs/`);
  expect(err).not.toContain(TOKEN);
});

test("a token that others on the way could read is told of; without one, or on this machine, nothing is", async () => {
  const flags = {
    all: true,
    remote: true,
    concurrency: 8,
    "per-host": 8,
    "dry-run": false,
    full: false,
    source: "manual",
  };
  const told = async (url: string, token: Secret | null) => {
    const notes: string[] = [];
    const [usual, progress] = [{ seconds: 300, atOnce: 8 }, () => {}];
    const terms = { via: url, token, usual, progress, note: (words: string) => notes.push(words) };
    await runViaHub(flags, { ...terms, signal: AbortSignal.abort() }).catch(() => {});
    return notes.join();
  };
  expect(await told("http://hub.example:8000", new Secret(TOKEN))).toContain("plain http");
  expect(await told("https://hub.example", new Secret(TOKEN))).toBe("");
  expect(await told("http://127.0.0.1:8000", new Secret(TOKEN))).toBe("");
  expect(await told("http://hub.example:8000", null)).toBe("");
});
