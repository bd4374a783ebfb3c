// How a hub keeps the runs that it is at: for how long, and what is left in their rows when it stops, loses its lock, or its
// work fails.
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Database } from "../../../../lib/db/connect.ts";
import { OpsFailure } from "../../../../lib/failure.ts";
import type { Problem } from "../../../../lib/hub/http/problem.ts";
import type { RunHost } from "../../../../lib/hub/runs/run_host.ts";
import { ABANDONED, interruptRun, type Run, resumeRun } from "../../../../lib/hub/runs/run_rows.ts";
import { waitUntil } from "../../../../lib/wait_until.ts";
import { freshHub, type TestHub } from "../../../support/hub.ts";
import { controlledHost, DONE, order, problemOf, withFirst } from "./controlled_host.ts";

let hub: TestHub;
const opened: RunHost[] = [];
beforeAll(async () => {
  hub = await freshHub();
});
afterAll(async () => {
  for (const host of opened) await host.stop(0);
  await hub.close();
});

const hostOf = async (heeds = true, database: Database = hub.database) => {
  const controlled = await controlledHost(database, heeds);
  opened.push(controlled.host);
  return controlled;
};

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

test("what a hub itself has called interrupted is not taken back as a run of a hub that lost its lock", async () => {
  const { host } = await hostOf();
  const run = await host.begin(order());
  await interruptRun(hub.database.sql, run.run_id, "its work threw", 0);
  await resumeRun(hub.database.sql, run.run_id);
  expect((await host.find(run.run_id))?.status).toBe("interrupted");
});

test("a run that is marked as its own, and that it is not at, is interrupted: who waits for it is told", async () => {
  const { host } = await hostOf();
  const { server } = await host.begin(order());
  const late = order();
  await hub.database.sql`
    insert into consistency_runs (run_id, mode, source, max_seconds, server)
    values (${late.run_id}, 'remote-all', 'api', 300, ${server})`;
  expect(await host.ended(await host.begin(late))).toMatchObject({
    status: "interrupted",
    problem: "it was never begun",
  });
});

test("a host that cannot look for runs of others leaves no connection behind, and says so as a failure", async () => {
  const { sql } = hub.database;
  const locks = async () => {
    const rows = await sql<{ count: number }[]>`
      select count(*)::int as count from pg_stat_activity where datname = current_database() and application_name like 'state-hub-lock hub %'`;
    return rows[0]?.count;
  };
  const before = await locks();
  const broken = withFirst(hub.database, {
    "update consistency_runs set": () => Promise.reject(new Error("the connection closed")),
  });
  await expect(hostOf(true, broken)).rejects.toBeInstanceOf(OpsFailure);
  await waitUntil({ forWhat: "its lock to go", deadlineMs: 3_000 }, async () => {
    const now = await locks();
    return now === before ? { found: true } : { seen: `${now} instead of ${before}` };
  });
});

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
