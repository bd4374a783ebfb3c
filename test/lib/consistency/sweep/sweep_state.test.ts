// The one row of the sweeps, in a real database: what comes back, what drops out, and what a moved clock does.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { NEVER_TRIED, type RepoState } from "../../../../lib/consistency/sweep/back_off.ts";
import { loadSweepState, storeRepoState, storeSweepState } from "../../../../lib/consistency/sweep/sweep_state.ts";
import type { Database } from "../../../../lib/db/connect.ts";
import { freshHub, type TestHub } from "../../../support/hub.ts";

let hub: TestHub;
let database: Database;
beforeAll(async () => {
  hub = await freshHub();
  database = hub.database;
});
afterAll(() => hub.close());
beforeEach(async () => {
  await database.sql`delete from sweep_state`;
  await database.sql`delete from repos`;
});

async function register(...slugs: string[]): Promise<string[]> {
  const rows = await database.sql<{ id: string }[]>`
    insert into repos (slug) select value from json_array_elements_text(${JSON.stringify(slugs)}::text::json) returning id`;
  return rows.map(({ id }) => id);
}

function store(repos: Record<string, RepoState>, { runId = Bun.randomUUIDv7(), writeBack = true } = {}) {
  return database.transaction((tx) => storeSweepState(tx, { runId, writeBack, repos: new Map(Object.entries(repos)) }));
}

async function load(): Promise<{ repos: Record<string, RepoState>; now: string; finishedAt: string | null }> {
  const { repos, now, finishedAt } = await loadSweepState(database.sql);
  return { repos: Object.fromEntries(repos), now, finishedAt };
}

/** By the database's clock. */
async function clock(minutes = 0): Promise<string> {
  const [row] = await database.sql<{ at: string }[]>`
    select to_json(now() + ${minutes} * interval '1 min') #>> '{}' as at`;
  return row?.at ?? "";
}

const failing = (tried_at: string): RepoState => ({
  ok_at: null,
  tried_at,
  failures: 2,
  retry_at: "2026-11-21T12:30:00.000Z",
  tip: "a1",
  problem: 'Permission denied: "x" \\ \u00e9',
});

describe("loadSweepState()", () => {
  test("gives the database's clock also before the first sweep", async () => {
    const before = await clock();
    const state = await loadSweepState(database.sql);
    expect(state).toMatchObject({ finishedAt: null, writeBack: false, repos: new Map() });
    expect(Date.parse(state.now)).toBeGreaterThanOrEqual(Date.parse(before));
    expect(Date.parse(state.now)).toBeLessThanOrEqual(Date.parse(await clock()));
  });

  test("reads a row that somebody has spoilt as one of repositories that were never tried", async () => {
    const spoilt = { x: null, y: 7, z: { ok_at: "yesterday", failures: "many", tip: 3, retry_at: {} }, w: [] };
    await database.sql`
      insert into sweep_state (run_id, write_back, finished_at, repos)
      values (${Bun.randomUUIDv7()}, false, now(), ${JSON.stringify(spoilt)}::text::jsonb)`;
    const { repos } = await load();
    expect(repos).toEqual({ x: NEVER_TRIED, y: NEVER_TRIED, z: NEVER_TRIED, w: NEVER_TRIED });
  });
});

describe("storeSweepState()", () => {
  test("keeps one row, and gives back what was put in", async () => {
    const [a = "", b = ""] = await register("a", "b");
    const tried = await clock();
    const states = { [a]: failing(tried), [b]: { ...NEVER_TRIED, ok_at: tried, tried_at: tried } };
    await store(states);
    const runId = Bun.randomUUIDv7();
    await store(states, { runId, writeBack: false });
    expect((await load()).repos).toEqual(states);
    const rows = await database.sql`select run_id, write_back, finished_at <= now() as past from sweep_state`;
    // A hub that was written back from once goes on owing what it has noted.
    expect([...rows]).toEqual([{ run_id: runId, write_back: true, past: true }]);
    expect((await loadSweepState(database.sql)).finishedAt).not.toBeNull();
  });

  test("keeps the state of those it does not name, drops removed ones, and begins anew with those that come back", async () => {
    const [a = "", b = "", c = ""] = await register("a", "b", "c");
    const tried = await clock();
    await store({ [a]: failing(tried), [b]: failing(tried) });
    expect((await load()).repos).toEqual({ [a]: failing(tried), [b]: failing(tried), [c]: NEVER_TRIED });

    await database.sql`update repos set removed_at = now() where id = ${b}`;
    await store({ [b]: failing(tried), [c]: failing(tried) });
    expect((await load()).repos).toEqual({ [a]: failing(tried), [c]: failing(tried) });
    await database.sql`update repos set removed_at = null where id = ${b}`;
    await store({});
    expect((await load()).repos[b]).toEqual(NEVER_TRIED);
  });

  test("works in a hub without repositories", async () => {
    await store({});
    expect((await load()).repos).toEqual({});
  });

  test("lets a newer try by somebody else stand, but none from a clock that has been set back", async () => {
    const [a = "", b = ""] = await register("a", "b");
    const [begun, person] = [await clock(-5), await clock(-1)];
    await store({ [a]: failing(begun), [b]: failing(begun) });
    const helped: RepoState = { ...NEVER_TRIED, ok_at: person, tried_at: person };
    const fromTheFuture: RepoState = { ...NEVER_TRIED, tried_at: await clock(600) };
    await database.transaction((tx) => storeRepoState(tx, a, helped));
    await database.transaction((tx) => storeRepoState(tx, b, fromTheFuture));
    await store({ [a]: failing(begun), [b]: failing(begun) });
    expect((await load()).repos).toEqual({ [a]: helped, [b]: failing(begun) });
  });

  test("gives way to another sweep's end instead of undoing it", async () => {
    const [a = ""] = await register("a");
    await store({ [a]: failing(await clock(-60)) });
    const [slow, quick] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const late = database.transaction(
      async (tx) => {
        await tx`select 1 from sweep_state`;
        slow.resolve();
        await quick.promise;
        await storeSweepState(tx, { runId: Bun.randomUUIDv7(), writeBack: true, repos: new Map() });
      },
      { isolation: "repeatable read" },
    );
    await slow.promise;
    await store({ [a]: NEVER_TRIED });
    quick.resolve();
    // The caller repeats the transaction, and reads the newer row then.
    await expect(late).rejects.toMatchObject({ code: "40001" });
  });
});

describe("storeRepoState()", () => {
  test("changes one repository's state and nothing else, and does nothing before the first sweep", async () => {
    const [a = "", b = ""] = await register("a", "b");
    const tried = await clock();
    await database.transaction((tx) => storeRepoState(tx, a, failing(tried)));
    expect((await load()).finishedAt).toBeNull();

    await store({ [a]: failing(tried), [b]: failing(tried) });
    const before = await database.sql`select run_id, write_back, finished_at::text as finished_at from sweep_state`;
    await database.transaction((tx) => storeRepoState(tx, a, NEVER_TRIED));
    expect((await load()).repos).toEqual({ [a]: NEVER_TRIED, [b]: failing(tried) });
    expect([
      ...(await database.sql`select run_id, write_back, finished_at::text as finished_at from sweep_state`),
    ]).toEqual([...before]);
  });
});
