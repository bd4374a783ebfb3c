// The same comparison over a hub's routes: the same document as from its database, and no verdict at all from an address where
// something else answers.
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { compareFromHub } from "../../../lib/compare/compare_from_hub.ts";
import { compareInDatabase } from "../../../lib/compare/compare_in_database.ts";
import type { Comparison } from "../../../lib/compare/comparison.ts";
import { Secret } from "../../../lib/secret.ts";
import { type ServedHub, servedHub } from "../../support/served_hub.ts";
import { BASELINE, CANDIDATE, finding, type Grid, layGrid, play, playRun } from "./played_runs.ts";

const TOKEN = "a-token-of-a-test";
let hub: ServedHub;
let grid: Grid;
beforeAll(async () => {
  hub = await servedHub({ token: new Secret(TOKEN) });
});
afterAll(() => hub.close());
beforeEach(async () => {
  await hub.database.sql`truncate activity.activity_runs, findings, repos cascade`;
  grid = await layGrid(hub.database);
});

const { signal } = new AbortController();
const door = (url: string, token: string | null = TOKEN) => ({
  url,
  token: token === null ? null : new Secret(token),
  signal,
  answerWithinMs: 5_000,
});

/** But for the moment at which each was asked. */
function timeless({ window, again, ...rest }: Comparison) {
  return { ...rest, hours: [window.hours, again?.hours ?? null] };
}

test("compareFromHub() gives the document that the database gives, page after page", async () => {
  const { database } = hub;
  const ended = new Date((grid.slots(1)[0] ?? 0) + 31_000).toISOString();
  await database.sql`
    with r as (insert into repos (slug, default_branch) values ('alpha', 'main') returning id)
    insert into findings (repo_id, finding_key, origin, check_id, severity, path, subject, message, first_seen)
    select id, n, 'repo', 'C-05', 'error', 'workplans/one.md', 'A-WP-0001', 'm', ${ended}::timestamptz + interval '17 us' from r, unnest(array['a', 'b']) n`;
  const [row] = await database.sql<{ seen: string }[]>`select to_json(first_seen) #>> '{}' as seen from findings`;
  const findings = [finding({ first_seen: row?.seen ?? null }), finding({ first_seen: "2026-01-01T00:00:00+00:00" })];
  await play(database, grid, [
    { source: BASELINE, strip: `${"=sX.hK".repeat(8)}${"=".repeat(12)}`, newest: { findings, slugs: ["x", "y"] } },
    {
      source: CANDIDATE,
      strip: `${"=".repeat(59)}s`,
      newest: { findings: findings.slice(1), durationMs: 12_345.5, slugs: ["x", "y"] },
    },
    { source: "activity-core", strip: "==" },
  ]);
  await database.transaction((tx) => playRun(tx, { source: "manual", sign: "=", firedAt: new Date() }));
  await database.sql`update activity.activity_runs set context_snapshot = '{}' where source = 'activity-core'`;
  const [there, here] = [
    await compareFromHub(door(hub.at), grid.terms(60)),
    await compareInDatabase(database.sql, grid.terms(60)),
  ];
  expect(timeless(there)).toEqual(timeless(here));
  expect(there).toMatchObject({
    verdict: "ready",
    sources: {
      [BASELINE]: { completed: 20, automation_errors: 16, missed: 8, repos_covered: 5 },
      [CANDIDATE]: { completed: 59, lock_skipped: 1 },
      "activity-core": { unreported: 2 },
    },
  });
  expect(there.reasons.at(-1)).toContain("Left aside");
  await database.sql`update findings set times_reopened = 1 where finding_key = 'b'`;
  for (const each of [
    await compareFromHub(door(hub.at), grid.terms(60)),
    await compareInDatabase(database.sql, grid.terms(60)),
  ])
    expect([each.verdict, each.reasons[0]]).toEqual([
      "not_ready",
      "Open findings differ: C-05 in alpha:workplans/one.md",
    ]);
});

test("compareFromHub() says whose fault it is that it could not ask", async () => {
  const terms = grid.terms(24);
  await expect(compareFromHub(door(`${hub.at}/elsewhere`), terms)).rejects.toMatchObject({
    kind: "usage",
    expected: "a State Hub's URL",
  });
  await expect(compareFromHub(door("http://127.0.0.1:1"), terms)).rejects.toMatchObject({
    kind: "automation",
    hint: "curl http://127.0.0.1:1/state/health",
  });
});

test("compareFromHub() takes no other answer for a hub without runs, and waits for none for ever", async () => {
  const seen: (string | null)[] = [];
  let body = '{"items": [], "next_cursor": null}';
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      seen.push(request.headers.get("authorization"));
      const { pathname } = new URL(request.url);
      if (pathname === "/moved/state/summary") return Response.redirect(`${hub.at}/state/summary`);
      if (pathname === "/silent/state/summary")
        await new Promise((resolve) => request.signal.addEventListener("abort", resolve));
      if (pathname === "/locked/state/summary") return Response.json({ title: "Unauthorized" }, { status: 401 });
      return new Response(body, { headers: { "content-type": "application/json" } });
    },
  });
  const at = `http://127.0.0.1:${server.port}`;
  try {
    await expect(compareFromHub(door(at), grid.terms(24))).rejects.toMatchObject({ kind: "usage" });
    body = '{"as_of": "2026-01-01T00:00:00Z"}';
    await expect(compareFromHub(door(at), grid.terms(24))).rejects.toMatchObject({ kind: "usage" });
    await expect(compareFromHub(door(`${at}/moved`), grid.terms(24))).rejects.toMatchObject({ observed: "302" });
    await expect(compareFromHub(door(`${at}/locked`), grid.terms(24))).rejects.toMatchObject({
      kind: "automation",
      observed: "401 Unauthorized",
      hint: "export STATE_HUB_TOKEN_FILE=/path/to/token",
    });
    const impatient = { ...door(`${at}/silent`), answerWithinMs: 200 };
    await expect(compareFromHub(impatient, grid.terms(24))).rejects.toMatchObject({
      expected: "an answer within 0.2 s",
    });
    expect(new Set(seen)).toEqual(new Set([`Bearer ${TOKEN}`]));
  } finally {
    await server.stop(true);
  }
});

test("compareFromHub() gives up on a list that never ends", async () => {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: ({ url }) =>
      Response.json(url.includes("summary") ? { as_of: "2026-01-01T00:00:00Z" } : { items: [], next_cursor: "again" }),
  });
  try {
    const asked = compareFromHub(door(`http://127.0.0.1:${server.port}`), grid.terms(24));
    await expect(asked).rejects.toMatchObject({ message: "Could not read the hub's list to its end" });
  } finally {
    await server.stop(true);
  }
});
