// How a hub keeps the runs that it is at: how many, for how long, and what is left in their rows when it stops, loses its
// lock, or its work fails. The work is a promise that the test settles.
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Database } from "../../../../lib/db/connect.ts";
import { OpsFailure } from "../../../../lib/failure.ts";
import type { Problem } from "../../../../lib/hub/http/problem.ts";
import { openRunHost, type RunHost } from "../../../../lib/hub/runs/run_host.ts";
import { ABANDONED, interruptRun, type Run, resumeRun } from "../../../../lib/hub/runs/run_rows.ts";
import type { KeptResult, RunTerms } from "../../../../lib/hub/runs/run_work.ts";
import { waitUntil } from "../../../../lib/wait_until.ts";
import { freshHub, type TestHub } from "../../../support/hub.ts";

const DONE: KeptResult = { document: { exit_code: 0 }, rendering: null };
let hub: TestHub;
const opened: RunHost[] = [];
beforeAll(async () => {
  hub = await freshHub();
});
afterAll(async () => {
  for (const host of opened) await host.stop(0);
  await hub.close();
});

interface Controlled {
  readonly host: RunHost;
  /** Ends the run of that id. */
  readonly end: (runId: string, how?: Error) => void;
  /** Each time that a run was at work. */
  readonly begun: readonly string[];
}

/** @param heeds whether its work ends when its signal is aborted */
async function hostOf(heeds = true, database = hub.database): Promise<Controlled> {
  const begun: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<KeptResult>>();
  const begin = ({ runId, signal }: RunTerms) => {
    const end = Promise.withResolvers<KeptResult>();
    ends.set(runId, end);
    begun.push(runId);
    if (heeds) signal.addEventListener("abort", () => end.reject(signal.reason));
    return end.promise;
  };
  const work = { sources: ["api"], maxSeconds: 300, sweep: begin, sync: begin };
  const host = await openRunHost({ database, work, host: "here", log: () => {} });
  opened.push(host);
  const end: Controlled["end"] = (runId, how) =>
    how === undefined ? ends.get(runId)?.resolve(DONE) : ends.get(runId)?.reject(how);
  return { host, end, begun };
}

const order = () => ({
  run_id: Bun.randomUUIDv7(),
  mode: "remote-all" as const,
  slug: null,
  source: "api",
  max_seconds: 300,
});
const problemOf = async (asking: Promise<unknown>) =>
  asking.then(
    () => null,
    ({ status, title }: Problem) => `${status} ${title}`,
  );

test("begins four runs at once, and the next when one has ended", async () => {
  const { host, end } = await hostOf();
  const runs = await Promise.all([order(), order(), order(), order()].map((each) => host.begin(each)));
  const refused = order();
  expect(await problemOf(host.begin(refused))).toBe("503 Too many runs");
  expect(await host.find(refused.run_id)).toBeNull();
  const [first] = runs as [Run, ...Run[]];
  // A run that is known is no new one.
  expect((await host.begin({ ...order(), run_id: first.run_id })).status).toBe("running");
  end(first.run_id);
  expect(await host.ended(first)).toMatchObject({ status: "finished", result: DONE });
  expect((await host.begin(refused)).status).toBe("running");
});

test("says what went wrong where the work threw, without a secret in it", async () => {
  const { host, end } = await hostOf();
  const run = await host.begin(order());
  end(run.run_id, new OpsFailure("Could not", { observed: "postgres://me:hidden@host/x" }));
  expect(await host.ended(run)).toMatchObject({ status: "interrupted", problem: "Could not: postgres://me@host/x" });
  expect(await host.find(run.run_id)).toMatchObject({ status: "interrupted", result: null });
});

test("stopped, it begins no run, lets one end that can, and records the others as interrupted in its time", async () => {
  const [heeding, deaf] = [await hostOf(), await hostOf(false)];
  const [quick, stopped, hung] = [
    await heeding.host.begin(order()),
    await heeding.host.begin(order()),
    await deaf.host.begin(order()),
  ];
  const elsewhere = await hostOf();
  const begun = performance.now();
  const stopping = [heeding.host.stop(2_000), deaf.host.stop(2_000)];
  expect(await problemOf(heeding.host.begin(order()))).toBe("503 Stopping");
  const waiting = heeding.host.ended(hung).catch(({ given }: Problem) => given.headers?.location);
  expect(await waiting).toBe(`/consistency/sweep/runs/${hung.run_id}`);
  heeding.end(quick.run_id);
  await Promise.all(stopping);
  expect(performance.now() - begun).toBeLessThan(3_000);
  const said = async ({ run_id }: Run) => {
    const run = await elsewhere.host.find(run_id);
    return [run?.status, run?.problem];
  };
  expect(await said(quick)).toEqual(["finished", null]);
  expect(await said(stopped)).toEqual(["interrupted", "its hub was stopped"]);
  expect(await said(hung)).toEqual(["interrupted", "its hub was stopped, and did not end in time"]);
});

test("whose lock was lost and who was taken for dead, it takes the run back, and its end stands", async () => {
  const { host, end } = await hostOf();
  const run = await host.begin(order());
  const { sql } = hub.database;
  await sql`update consistency_runs set status = 'interrupted', problem = ${ABANDONED}, finished_at = now() where run_id = ${run.run_id}`;
  await sql`
    select pg_terminate_backend(pid) from pg_locks
    where locktype = 'advisory' and (classid::int8 << 32) | objid::int8 = hashtextextended(${run.server}, 0)`;
  const seen = (status: string) =>
    waitUntil({ forWhat: `a run that is ${status}`, deadlineMs: 10_000 }, async () => {
      const found = await host.find(run.run_id);
      return found?.status === status ? { found } : { seen: String(found?.status) };
    });
  expect((await seen("running")).problem).toBeNull();
  // Nobody may take it for dead now.
  expect((await (await hostOf()).host.find(run.run_id))?.status).toBe("running");
  await sql`update consistency_runs set status = 'interrupted', problem = 'x' where run_id = ${run.run_id}`;
  end(run.run_id);
  expect(await seen("finished")).toMatchObject({ problem: null, result: DONE });
});

test("where the answer to its row's writing got lost, the row goes, and the same request begins the run", async () => {
  const { host } = await hostOf(true, losingAnswers());
  const asked = order();
  await expect(host.begin(asked)).rejects.toThrow("the answer was lost");
  const rows = () => hub.database.sql`select from consistency_runs where run_id = ${asked.run_id}`;
  await waitUntil({ forWhat: "the row to go", deadlineMs: 5_000 }, async () =>
    (await rows()).length === 0 ? { found: true } : { seen: "there" },
  );
  expect((await host.begin(asked)).status).toBe("running");
});

test("while it is not known whether a row was written, its id begins nothing; then it begins a run that stays", async () => {
  const { promise: back, resolve: comeBack } = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  const away = withFirst({
    "insert into consistency_runs": () => Promise.reject(new Error("the connection closed")),
    "delete from consistency_runs": (statement) => back.then(() => statement).finally(gone.resolve),
  });
  const { host } = await hostOf(true, away);
  const asked = order();
  await expect(host.begin(asked)).rejects.toThrow("the connection closed");
  const meanwhile = await problemOf(host.begin(asked));
  comeBack();
  await gone.promise;
  await waitUntil({ forWhat: "the run to begin", deadlineMs: 5_000 }, async () => {
    const problem = await problemOf(host.begin(asked));
    return problem === null ? { found: true } : { seen: problem };
  });
  expect(meanwhile).toBe("503 Database unavailable");
  expect((await host.find(asked.run_id))?.status).toBe("running");
});

test("of two requests for one run at the same moment, one that loses its connection does not take the other's row", async () => {
  // The other's statement is sent, on the same connection, before this one is known to be lost.
  const lostLate = () => hub.database.sql`select pg_sleep(0.05)`.then(lostAnswer);
  const cut = withFirst({ "insert into consistency_runs": lostLate });
  const { host, begun } = await hostOf(true, cut);
  const asked = order();
  await Promise.allSettled([host.begin(asked), host.begin(asked)]);
  await waitUntil({ forWhat: "the run to begin", deadlineMs: 5_000 }, async () => {
    const problem = await problemOf(host.begin(asked));
    return problem === null ? { found: true } : { seen: problem };
  });
  expect((await host.find(asked.run_id))?.status).toBe("running");
  expect(begun).toEqual([asked.run_id]);
});

test("what a hub itself has called interrupted is not taken back as a run of a hub that lost its lock", async () => {
  const { host } = await hostOf();
  const run = await host.begin(order());
  await interruptRun(hub.database.sql, run.run_id, "its work threw", 0);
  await resumeRun(hub.database.sql, run.run_id);
  expect((await host.find(run.run_id))?.status).toBe("interrupted");
});

test("a host that cannot look for runs of others leaves no connection behind, and says so as a failure", async () => {
  const { sql } = hub.database;
  const locks = async () => {
    const rows = await sql<{ count: number }[]>`
      select count(*)::int as count from pg_stat_activity where datname = current_database() and application_name like 'state-hub-lock hub %'`;
    return rows[0]?.count;
  };
  const before = await locks();
  const broken = withFirst({ "update consistency_runs set": () => Promise.reject(new Error("the connection closed")) });
  await expect(hostOf(true, broken)).rejects.toBeInstanceOf(OpsFailure);
  await waitUntil({ forWhat: "its lock to go", deadlineMs: 3_000 }, async () => {
    const now = await locks();
    return now === before ? { found: true } : { seen: `${now} instead of ${before}` };
  });
});

const lostAnswer = () => Promise.reject(new Error("the answer was lost"));

/** The first row of a run is written, and nobody hears of it. */
const losingAnswers = () => withFirst({ "insert into consistency_runs": (statement) => statement.then(lostAnswer) });

/** The hub's database, in which the first statement with each of these words comes to something else. */
function withFirst(instead: Readonly<Record<string, (statement: Promise<unknown>) => Promise<unknown>>>): Database {
  const left = new Map(Object.entries(instead));
  const sql = new Proxy(hub.database.sql, {
    apply: (target, self, given) => {
      const made = Reflect.apply(target, self, given);
      const words = [...left.keys()].find((each) => String(given[0]).includes(each)) ?? "";
      const other = left.get(words);
      left.delete(words);
      return other === undefined ? made : other(made);
    },
  });
  return new Proxy(hub.database, {
    get: (target, name) => {
      if (name === "sql") return sql;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

test("of runs whose hub is gone, each hub says so at its start", async () => {
  const [lost, kept] = [order(), order()];
  const living = await hostOf();
  await living.host.begin(kept);
  await hub.database.sql`
    insert into consistency_runs (run_id, mode, source, max_seconds, server)
    values (${lost.run_id}, 'remote-all', 'api', 300, 'state-hub:server:nobody')`;
  await waitUntil({ forWhat: "a run of nobody", deadlineMs: 15_000, intervalMs: 200 }, async () => {
    const { host } = await hostOf();
    await host.stop(0);
    const rows = await hub.database.sql<{ status: string }[]>`
      select status from consistency_runs where run_id = ${lost.run_id}`;
    return rows[0]?.status === "interrupted" ? { found: true } : { seen: String(rows[0]?.status) };
  });
  expect((await living.host.find(kept.run_id))?.status).toBe("running");
});
