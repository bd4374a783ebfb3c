// Sweeps that a hub does for somebody else, through proxies that cut lines, hubs that are killed and stopped, and a
// database that restarts. Whoever asked learns what became of the run.
import { afterAll, describe, expect, test } from "bun:test";
import { hostname } from "node:os";
import { environmentForPrograms } from "../../lib/config.ts";
import { addRepo } from "../../lib/consistency/repo_registry.ts";
import { Database } from "../../lib/db/connect.ts";
import { migrate } from "../../lib/db/migrate.ts";
import { markAbandoned } from "../../lib/hub/runs/run_rows.ts";
import { startEmbedded } from "../../lib/postgres/start_embedded.ts";
import { stopEmbedded } from "../../lib/postgres/stop_embedded.ts";
import { Secret } from "../../lib/secret.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import { startCheck } from "../support/check_process.ts";
import { cuttingProxy } from "../support/cutting_proxy.ts";
import { proxyTo } from "../support/database_proxy.ts";
import { probe, removeHome } from "../support/embedded_home.ts";
import { freePort } from "../support/free_port.ts";
import { type Gate, gateOn } from "../support/held_pushes.ts";
import { preparedHome } from "../support/prepared_home.ts";
import { type ServedHub, servedHub } from "../support/served_hub.ts";
import { type ServedProcess, servedProcess } from "../support/served_process.ts";
import { type SweptFleet, type SweptRepo, sweptFleet } from "../support/swept_fleet.ts";

const WATCHDOG = 60_000;
const SWEEP = "/consistency/sweep/remote-all";
const fleets: SweptFleet[] = [];
const hubs: ServedProcess[] = [];
const beside: ServedHub[] = [];
afterAll(async () => {
  for (const hub of hubs) hub.kill("SIGKILL");
  await Promise.all(hubs.map(({ exited }) => exited));
  for (const hub of beside) await hub.close();
  for (const fleet of fleets) await fleet.close();
}, WATCHDOG);

async function fleetOf(...slugs: string[]): Promise<{ fleet: SweptFleet; repos: SweptRepo[] }> {
  const fleet = await sweptFleet();
  fleets.push(fleet);
  const repos: SweptRepo[] = [];
  for (const slug of slugs) repos.push(await fleet.add(slug));
  return { fleet, repos };
}

const environmentOf = ({ hub, home, userHome }: SweptFleet) => ({
  DATABASE_URL: hub.url,
  STATE_HUB_HOME: home,
  HOME: userHome,
});

/** Another hub on the same database, in this process. */
async function besideHub(fleet: SweptFleet): Promise<ServedHub> {
  const hub = await servedHub({}, { hub: fleet.hub, home: fleet.home, host: hostname() });
  beside.push(hub);
  return hub;
}

async function hubOn(fleet: SweptFleet, env: Record<string, string> = {}): Promise<ServedProcess> {
  const hub = await servedProcess({ env: { ...environmentOf(fleet), ...env } });
  hubs.push(hub);
  return hub;
}

/** No DATABASE_URL: this machine has none. */
const via = (at: string, ...flags: string[]) => startCheck(["--remote", "--all", ...flags, "--via", at], {});

type Asked = Pick<ServedProcess, "ask">;

interface RunPage {
  readonly status: string;
  readonly problem: string | null;
  readonly result: { readonly exit_code: number } | null;
}

async function page(hub: Asked, runId: string): Promise<RunPage> {
  const response = await hub.ask(`/consistency/sweep/runs/${runId}`);
  if (response.status !== 200) return { status: String(response.status), problem: null, result: null };
  return (await response.json()) as RunPage;
}

const endOf = (hub: Asked, runId: string) =>
  waitUntil({ forWhat: "the run's end", deadlineMs: 25_000, intervalMs: 50 }, async () => {
    const run = await page(hub, runId).catch(() => null);
    return run === null || !/finished|interrupted/.test(run.status) ? { seen: String(run?.status) } : { found: run };
  });

/** Begins a sweep whose pushes wait at the gate. */
async function heldRun(hub: ServedProcess, gate: Gate): Promise<string> {
  const run_id = Bun.randomUUIDv7();
  const headers = { "content-type": "application/json", prefer: "respond-async" };
  const begun = await hub.ask(SWEEP, { method: "POST", body: JSON.stringify({ run_id }), headers });
  expect(begun.status).toBe(202);
  await gate.arrivals(1);
  return run_id;
}

test(
  "through a proxy that cuts every line after half a second: --via gets the report, who waits is cut, and the run ends",
  async () => {
    const { fleet, repos } = await fleetOf("slow");
    const gate = gateOn(fleet.folder, repos);
    const hub = await hubOn(fleet);
    const proxy = await cuttingProxy(hub.at, 500);
    const asking = via(proxy.url, "--json");
    await gate.arrivals(1);
    const runs = fleet.hub.database.sql<{ run_id: string }[]>`select run_id from consistency_runs`;
    const [run] = await runs;
    const body = JSON.stringify({ run_id: run?.run_id, source: "manual" });
    const waiting = fetch(`${proxy.url}${SWEEP}`, {
      method: "POST",
      body,
      headers: { "content-type": "application/json" },
    });
    await expect(waiting).rejects.toThrow();
    await waitUntil({ forWhat: "lines that were cut", deadlineMs: 20_000 }, () =>
      proxy.cuts() >= 3 ? { found: true } : { seen: String(proxy.cuts()) },
    );
    gate.open();
    const ran = await asking.ended;
    proxy.close();
    expect({ code: ran.code, report: ran.report() }).toMatchObject({
      code: 0,
      report: { run_id: run?.run_id, exit_code: 0, repos_processed: [{ slug: "slow", actions: { written_back: 2 } }] },
    });
  },
  WATCHDOG,
);

describe("a hub that is killed in the middle of a run", () => {
  test(
    "every other hub and its successor say interrupted; whoever waits exits 2; a living hub's run is left alone",
    async () => {
      const { fleet, repos } = await fleetOf("one");
      const gate = gateOn(fleet.folder, repos);
      const [doomed, other] = [await hubOn(fleet), await besideHub(fleet)];
      const port = Number(new URL(doomed.at).port);
      const asking = via(doomed.at);
      await asking.said("The hub is at it");
      await gate.arrivals(1);
      const [{ run_id } = { run_id: "" }] = await fleet.hub.database.sql<
        { run_id: string }[]
      >`select run_id from consistency_runs`;
      const third = await besideHub(fleet);
      for (const hub of [doomed, other, third]) expect((await page(hub, run_id)).status).toBe("running");
      doomed.kill("SIGKILL");
      await doomed.exited;
      expect(await endOf(other, run_id)).toMatchObject({ status: "interrupted", result: null });
      const successor = await servedProcess({ env: environmentOf(fleet), port });
      hubs.push(successor);
      expect(await page(successor, run_id)).toMatchObject({
        status: "interrupted",
        problem: expect.stringContaining("its hub ended"),
      });
      const again = await successor.ask(SWEEP, {
        method: "POST",
        body: JSON.stringify({ run_id, source: "manual" }),
        headers: { "content-type": "application/json" },
      });
      expect({ status: again.status, at: again.headers.get("location") }).toEqual({
        status: 409,
        at: `/consistency/sweep/runs/${run_id}`,
      });
      const ran = await asking.ended;
      expect({ code: ran.code, said: ran.err }).toEqual({ code: 2, said: expect.stringContaining("interrupted") });
      expect(ran.err).toContain(`/consistency/sweep/runs/${run_id}`);
      gate.open();
      expect((await via(successor.at, "--json").ended).report()).toMatchObject({
        exit_code: 0,
        automation_error: null,
      });
    },
    WATCHDOG,
  );
});

test(
  "a hub that is stopped by SIGTERM in the middle of a run ends with 143 within 10 s, and the run is interrupted, not lost",
  async () => {
    const { fleet, repos } = await fleetOf("one");
    const gate = gateOn(fleet.folder, repos);
    const [hub, other] = [await hubOn(fleet), await besideHub(fleet)];
    const run_id = await heldRun(hub, gate);
    const headers = { "content-type": "application/json" };
    const waiting = hub.ask(SWEEP, { method: "POST", body: JSON.stringify({ run_id }), headers });
    const waitingElsewhere = other.ask(SWEEP, { method: "POST", body: JSON.stringify({ run_id }), headers });
    // Answered after the one before it was taken in.
    expect((await hub.ask("/state/health")).status).toBe(200);
    const asked = performance.now();
    hub.kill("SIGTERM");
    const told = await waiting;
    expect({ status: told.status, at: told.headers.get("location") }).toEqual({
      status: 503,
      at: `/consistency/sweep/runs/${run_id}`,
    });
    expect((await waitingElsewhere).status).toBe(503);
    expect(await hub.exited).toBe(143);
    expect(performance.now() - asked).toBeLessThan(10_000);
    expect(await page(other, run_id)).toMatchObject({
      status: "interrupted",
      problem: expect.stringContaining("its hub was stopped"),
    });
    gate.open();
  },
  WATCHDOG,
);

test(
  "a database that restarts in the middle of a run: the run's own end is told, and the hub goes on",
  async () => {
    const { fleet, repos } = await fleetOf("one");
    const home = await preparedHome();
    const started = async () =>
      (await startEmbedded({ home, env: environmentForPrograms(), connect: probe })).url.reveal();
    const database = await proxyTo(await started());
    const owner = new Database({ url: new Secret(database.url), applicationName: "owner", access: "read-write" });
    await migrate(owner);
    for (const { checkout, slug, path } of repos) {
      const request = { path: checkout.path, host: hostname(), slug, domain: null, remoteUrl: path };
      await owner.transaction((tx) => addRepo(tx, request));
    }
    await owner.close();
    const gate = gateOn(fleet.folder, repos);
    const hub = await hubOn(fleet, { DATABASE_URL: database.url });
    const run_id = await heldRun(hub, gate);
    await stopEmbedded({ home, env: environmentForPrograms() });
    database.moveTo(`postgres://127.0.0.1:${await freePort("127.0.0.1")}/nobody`);
    expect((await hub.ask("/state/health")).status).toBe(503);
    gate.open();
    await waitUntil({ forWhat: "the run's end", deadlineMs: 20_000 }, () =>
      hub.said().includes('"run_ended"') ? { found: true } : { seen: hub.said() },
    );
    const back = await started();
    // No lock is there yet, and that says nothing: its holder is still coming back.
    const other = new Database({ url: new Secret(back), applicationName: "other", access: "read-write" });
    expect(await markAbandoned(other.sql, null)).toEqual([]);
    await other.close();
    database.moveTo(back);
    expect(await endOf(hub, run_id)).toMatchObject({
      status: "finished",
      result: { exit_code: 2, automation_error: { check: "C-00" } },
    });
    const next = await via(hub.at, "--json").ended;
    expect({ code: next.code, report: next.report() }).toMatchObject({ code: 0, report: { automation_error: null } });
    hub.kill("SIGTERM");
    expect(await hub.exited).toBe(143);
    database.close();
    await removeHome(home);
  },
  WATCHDOG,
);
