// Sweeps and syncs over HTTP, in this process: waited for or not, asked for once or often, through one hub or two.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { hostname } from "node:os";
import { waitUntil } from "../../../../lib/wait_until.ts";
import { type Gate, gateOn } from "../../../support/held_pushes.ts";
import { type ServedHub, servedHub } from "../../../support/served_hub.ts";
import { type SweptFleet, type SweptRepo, sweptFleet } from "../../../support/swept_fleet.ts";

const SWEEP = "/consistency/sweep/remote-all";
const ASYNC = { prefer: "respond-async" };
let [fleet, hub, other]: readonly [SweptFleet?, ServedHub?, ServedHub?] = [];
let repos: SweptRepo[] = [];

const here = () => {
  if (fleet === undefined || hub === undefined || other === undefined) throw new Error("not served yet");
  return { fleet, hub, other };
};

beforeAll(async () => {
  fleet = await sweptFleet();
  repos = [await fleet.add("alpha"), await fleet.add("beta")];
  const on = { hub: fleet.hub, home: fleet.home, host: hostname() };
  hub = await servedHub({}, on);
  other = await servedHub({}, on);
});
afterAll(async () => {
  await hub?.close();
  await other?.close();
  await fleet?.close();
});

interface Said {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the hub says
  readonly body: any;
}

async function said(asking: Promise<Response>): Promise<Said> {
  const response = await asking;
  return { status: response.status, headers: response.headers, body: await response.json() };
}

const sweep = (body: unknown = {}, headers: Record<string, string> = {}, at = here().hub) =>
  said(at.send("POST", SWEEP, body, headers));
const look = (runId: string, at = here().hub) => said(at.ask(`/consistency/sweep/runs/${runId}`));
const countRuns = async () =>
  (await here().fleet.hub.database.sql<{ n: number }[]>`select count(*)::int as n from consistency_runs`)[0]?.n;

async function ended(runId: string): Promise<Said["body"]> {
  return waitUntil({ forWhat: "the run's end", deadlineMs: 30_000 }, async () => {
    const { body } = await look(runId);
    return body.status === "running" ? { seen: "running" } : { found: body };
  });
}

/** Every repository needs a correction, whose push waits until the gate is opened. */
async function heldSweep(runId: string): Promise<Gate> {
  const { fleet, hub } = here();
  await fleet.hub.database.sql`update tasks set status = case when status = 'todo' then 'blocked' else 'todo' end`;
  const gate = gateOn(`${fleet.folder}`, repos);
  const begun = await sweep({ run_id: runId }, ASYNC, hub);
  expect(begun.status).toBe(202);
  await gate.arrivals(1);
  return gate;
}

describe("POST /consistency/sweep/remote-all", () => {
  test("waits, and answers the report as the script prints it; the run is in every book under one id", async () => {
    const { status, body, headers } = await sweep({ max_seconds: 60 });
    expect({ status, exit: body.exit_code, error: body.automation_error }).toEqual({
      status: 200,
      exit: 0,
      error: null,
    });
    expect(body).toMatchObject({
      source: "api",
      mode: "remote-all",
      max_seconds: 60,
      schema_version: 1,
      repos_total: 2,
    });
    expect(body.repos_processed).toHaveLength(2);
    expect(headers.get("content-location")).toBe(`/consistency/sweep/runs/${body.run_id}`);
    const [books] = await here().fleet.hub.database.sql`
      select (select count(*)::int from progress_events where id = ${body.run_id}) as events,
        (select count(*)::int from activity.activity_runs where run_id = ${body.run_id} and source = 'api') as runs`;
    expect({ ...books }).toEqual({ events: 1, runs: 1 });
    const { body: run } = await look(body.run_id);
    expect(run).toMatchObject({ status: "finished", mode: "remote-all", slug: null, problem: null, result: body });
    expect(Date.parse(run.finished_at)).toBeGreaterThanOrEqual(Date.parse(run.requested_at));
  });

  test("answers 202 at once when asked to, with a Location that tells the rest", async () => {
    const { status, body, headers } = await sweep({}, { prefer: "handling=lenient, Respond-Async" });
    expect({ status, applied: headers.get("preference-applied") }).toEqual({ status: 202, applied: "respond-async" });
    expect(body).toMatchObject({ status: "running", max_seconds: 300, source: "api", finished_at: null });
    expect(headers.get("location")).toBe(`/consistency/sweep/runs/${body.run_id}`);
    expect((await ended(body.run_id)).result).toMatchObject({ run_id: body.run_id, exit_code: 0 });
  });

  test("refuses what is no budget, no source, no id, or too much, and begins nothing", async () => {
    const before = await countRuns();
    const wrong: unknown[] = [-1, 0, 3601, 1e9, "5", 1.5, null].map((max_seconds) => ({ max_seconds }));
    wrong.push({ source: "nobody" }, { run_id: "1" }, { run_id: "../x" }, { dry_run: true }, [], "x");
    for (const body of wrong) expect({ body, status: (await sweep(body)).status }).toEqual({ body, status: 422 });
    expect((await sweep({}, { "idempotency-key": "a b" })).status).toBe(422);
    expect(await countRuns()).toBe(before);
  });

  test("the same run_id at once, waiting and not, through two hubs, is one run", async () => {
    const run_id = Bun.randomUUIDv7();
    const { hub, other } = here();
    const before = await countRuns();
    const answers = await Promise.all(
      [hub, other, hub, other].flatMap((at) => [
        sweep({ run_id }, {}, at),
        sweep({ run_id: run_id.toUpperCase() }, ASYNC, at),
      ]),
    );
    expect(new Set(answers.map(({ body }) => body.run_id))).toEqual(new Set([run_id]));
    for (const { status, body } of answers)
      expect(status === 200 ? body.exit_code : body.status).toBe(status === 200 ? 0 : "running");
    expect(await countRuns()).toBe((before ?? 0) + 1);
    expect((await sweep({ run_id }, ASYNC, other)).status).toBe(200);
    const again = await sweep({ run_id, max_seconds: 17 });
    expect(again).toMatchObject({ status: 422, body: { title: "Run id used" } });
  });

  test("the same Idempotency-Key is one run, and another request under it is refused", async () => {
    const key = { "idempotency-key": `night-${Bun.randomUUIDv7()}` };
    const [one, two] = [await sweep({}, key), await sweep({}, key, here().other)];
    expect([one.status, two.status, two.body.run_id]).toEqual([200, 200, one.body.run_id]);
    expect((await sweep({ max_seconds: 9 }, key)).status).toBe(422);
    expect((await sweep({ run_id: Bun.randomUUIDv7() }, key)).body.run_id).not.toBe(one.body.run_id);
  });

  test("an id under which a script has run is refused: its event must not be lost", async () => {
    const { report } = await here().fleet.sweep();
    expect(await sweep({ run_id: report.run_id })).toMatchObject({ status: 422, body: { title: "Run id used" } });
  });

  test("a client that leaves takes no run with it; whoever asks through another hub waits for its end", async () => {
    const run_id = Bun.randomUUIDv7();
    const gate = await heldSweep(run_id);
    const { hub, other } = here();
    const leaving = new AbortController();
    const body = JSON.stringify({ run_id });
    const headers = { "content-type": "application/json" };
    const left = hub.ask(SWEEP, { method: "POST", body, headers, signal: leaving.signal });
    const waiting = sweep({ run_id }, {}, other);
    expect((await look(run_id, other)).body.status).toBe("running");
    leaving.abort();
    await expect(left).rejects.toThrow();
    // Somebody else's sweep meets the lock, as two scripts would.
    const beside = await sweep({}, {}, other);
    expect(beside).toMatchObject({
      status: 200,
      body: { lock_skipped: true, exit_code: 0, lock_holder: { source: "api" } },
    });
    gate.open();
    const { status, body: report } = await waiting;
    expect({ status, id: report.run_id, written: report.repos_processed.length }).toEqual({
      status: 200,
      id: run_id,
      written: 2,
    });
    expect((await look(run_id)).body.status).toBe("finished");
  });
});

describe("POST /repos/{slug}/sync", () => {
  test("answers the report of that repository's run, also where errors are open and nothing was sent along", async () => {
    const { fleet, hub } = here();
    await fleet.add("faulty", { files: { "workplans/FAULTY-WP-0001.md": "---\nid: [\n---\n" } });
    const { status, body } = await said(hub.ask("/repos/faulty/sync/", { method: "POST" }));
    expect({ status, mode: body.mode, exit: body.exit_code, total: body.repos_total }).toEqual({
      status: 200,
      mode: "repo",
      exit: 1,
      total: 1,
    });
    expect((await look(body.run_id)).body).toMatchObject({ mode: "repo", slug: "faulty", max_seconds: 300 });
    const later = await said(hub.send("POST", "/repos/alpha/sync", { source: "git-hook" }, ASYNC));
    expect(later.status).toBe(202);
    expect((await ended(later.body.run_id)).result).toMatchObject({ mode: "repo", source: "git-hook", exit_code: 0 });
  });

  test("of a repository that is not registered, or no more, is 404", async () => {
    const { hub } = here();
    const before = await countRuns();
    for (const slug of ["nowhere", "%2e%2e", "a%20b"])
      expect((await said(hub.ask(`/repos/${slug}/sync`, { method: "POST" }))).status).toBe(404);
    expect(await countRuns()).toBe(before);
  });
});

describe("GET /consistency/sweep/runs/{run_id}", () => {
  test("knows no other run", async () => {
    expect((await look(Bun.randomUUIDv7())).status).toBe(404);
    expect((await look("latest")).status).toBe(422);
  });
});
