// Sweeps that are killed or stopped on their way, and databases that go away under them: what is left, and what the next
// sweep makes of it.
import { afterAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { addRepo } from "../../lib/consistency/repo_registry.ts";
import { Database, openDatabase } from "../../lib/db/connect.ts";
import { migrate } from "../../lib/db/migrate.ts";
import { embeddedStatus } from "../../lib/postgres/embedded_status.ts";
import { startEmbedded } from "../../lib/postgres/start_embedded.ts";
import { stopEmbedded } from "../../lib/postgres/stop_embedded.ts";
import { Secret } from "../../lib/secret.ts";
import { proxyTo } from "../support/database_proxy.ts";
import { probe, removeHome, temporaryHome } from "../support/embedded_home.ts";
import { freePort } from "../support/free_port.ts";
import { gateOn, leftIn, lockFreeAfter, observer, startSweep, syncCommits } from "../support/held_pushes.ts";
import { killSweeps } from "../support/killed_sweeps.ts";
import { startPgbouncer } from "../support/pgbouncer.ts";
import { preparedHome } from "../support/prepared_home.ts";
import { type SweptFleet, type SweptRepo, sweptFleet } from "../support/swept_fleet.ts";

const WATCHDOG = 120_000;
const fleets: SweptFleet[] = [];
afterAll(async () => {
  for (const fleet of fleets) await fleet.close();
}, WATCHDOG);

async function fleetOf(count: number): Promise<{ fleet: SweptFleet; repos: SweptRepo[] }> {
  const fleet = await sweptFleet();
  fleets.push(fleet);
  const repos: SweptRepo[] = [];
  for (let index = 0; index < count; index++) repos.push(await fleet.add(`r${index}`));
  return { fleet, repos };
}

test(
  "a sweep killed at 8 random points, half of them with all that it started: the next one converges, and nothing is written twice",
  async () => {
    expect((await killSweeps(8, (point) => point % 2 === 0)).killedInside).toBeGreaterThan(2);
  },
  WATCHDOG,
);

test(
  "a sweep stopped by SIGTERM in the middle of its pushes ends with 143 within 10 s, gives its lease back and leaves its event",
  async () => {
    const { fleet, repos } = await fleetOf(9);
    const gate = gateOn(fleet.folder, repos);
    const sweep = startSweep(fleet, ["--concurrency", "4"]);
    await gate.arrivals(4);
    const asked = performance.now();
    sweep.kill("SIGTERM");
    gate.open();
    const ran = await sweep.ended;
    expect(ran.code).toBe(143);
    expect(performance.now() - asked).toBeLessThan(10_000);
    const locks = await observer(fleet);
    expect(await lockFreeAfter(locks)).toBeLessThan(1_000);
    await locks.close();
    const [left] = await fleet.hub.database.sql`
      select (select released_at is not null from sweep_lease) as released,
        (select summary from progress_events where event_type = 'consistency_sweep_remote_all') as event,
        (select status from activity.activity_runs) as status`;
    expect(left).toEqual({ released: true, event: expect.stringContaining("Stopped by SIGTERM"), status: "failed" });
    // What was under way came to its end, what was not begun never began.
    expect(gate.arrived()).toHaveLength(4);
    const next = await fleet.sweep();
    expect(next.report).toMatchObject({ exit_code: 0, automation_error: null });
    expect(next.remarks.join()).not.toContain("never ended");
    for (const repo of repos) expect(await syncCommits(repo)).toHaveLength(1);
  },
  WATCHDOG,
);

describe("PostgreSQL stopped at once in the middle of the pushes", () => {
  /** A server of its own that knows the repositories: the fault would hit everybody on the shared one. */
  async function ownServer(repos: readonly SweptRepo[]): Promise<string> {
    const home = await preparedHome();
    const url = await started(home);
    const database = new Database({ url: new Secret(url), applicationName: "owner", access: "read-write" });
    await migrate(database);
    for (const { checkout, slug, path } of repos) {
      const request = { path: checkout.path, host: hostname(), slug, domain: null, remoteUrl: path };
      await database.transaction((tx) => addRepo(tx, request));
    }
    await database.close();
    return home;
  }

  async function started(home: string): Promise<string> {
    return (await startEmbedded({ home, env: environmentForPrograms(), connect: probe })).url.reveal();
  }

  /** A copy of the cluster as it stands, as a base backup has it. */
  async function backupOf(home: string): Promise<string> {
    await stopEmbedded({ home, env: environmentForPrograms() });
    const copy = temporaryHome();
    Bun.spawnSync(["cp", "-a", `${home}/.`, copy]);
    return copy;
  }

  for (const [how, failsOver] of [
    ["and restarted on another port behind a proxy", false],
    ["and failed over to a server that lacks the last minutes", true],
  ] as const) {
    test(
      `${how}: C-00, the run is told later as failed, the next one converges`,
      async () => {
        const { fleet, repos } = await fleetOf(6);
        const home = await ownServer(repos);
        const backup = await backupOf(home);
        const proxy = await proxyTo(await started(home));
        const gate = gateOn(fleet.folder, repos);
        const on = { ...fleet, hub: { url: proxy.url } };
        try {
          const sweep = startSweep(on, ["--concurrency", "4"]);
          await gate.arrivals(4);
          const { pid } = embeddedStatus({ home });
          if (pid !== null) process.kill(pid, "SIGQUIT");
          gate.open();
          const ran = await sweep.ended;
          expect({ code: ran.code, error: ran.report().automation_error?.check }).toEqual({ code: 2, error: "C-00" });
          expect(leftIn(fleet.home).filter((path) => path.startsWith("spool/"))).toHaveLength(1);

          proxy.moveTo(await started(failsOver ? backup : home));
          const next = (await startSweep(on, ["--source", "k8s-cronjob"]).ended).report();
          expect(next).toMatchObject({ exit_code: 0, automation_error: null, repos_total: 6 });
          const database = new Database({ url: new Secret(proxy.url), applicationName: "asks", access: "read-only" });
          const [told] = await database.sql`
            select (select count(*)::int from workstreams) as workstreams, (select count(*)::int from tasks) as tasks,
              (select count(*)::int from writeback_intents where done_at is null and cancelled_at is null) as pending,
              (select json_agg(detail ->> 'exit_code' order by created_at) from progress_events) as events,
              (select json_agg(status order by source) from activity.activity_runs) as runs`;
          expect({ ...told }).toEqual({
            workstreams: 6,
            tasks: 6,
            pending: 0,
            events: ["2", "0"],
            runs: ["succeeded", "failed"],
          });
          for (const repo of repos) {
            expect(await syncCommits(repo)).toHaveLength(1);
            const [row] = await database.sql`
              select t.id as task, w.id as plan from tasks t join workstreams w on w.id = t.workstream_id
              join repos r on r.id = w.repo_id where r.slug = ${repo.slug}`;
            const text = await repo.bare.git("show", `main:workplans/${repo.slug.toUpperCase()}-WP-0001.md`);
            expect(text).toContain(`state_hub_task_id: "${row?.task}"`);
            expect(text).toContain(`state_hub_workstream_id: "${row?.plan}"`);
          }
          await database.close();
          expect(leftIn(fleet.home)).toEqual([]);
          const last = (await startSweep(on, ["--source", "k8s-cronjob"]).ended).report();
          expect(last).toMatchObject({ repos_processed: [], automation_error: null });
        } finally {
          proxy.close();
          await Promise.all([removeHome(home), removeHome(backup)]);
        }
      },
      WATCHDOG,
    );
  }
});

describe("a database that can't be reached", () => {
  /** A port at which nobody listens. */
  async function nobody(): Promise<() => Promise<Database>> {
    const url = new Secret(`postgres://nobody:secret@127.0.0.1:${await freePort("127.0.0.1")}/hub`);
    return () => openDatabase({ url, applicationName: "nobody", access: "read-write" });
  }

  const events = async ({ hub }: SweptFleet) => [
    ...(await hub.database.sql<{ id: string; at: string; told: string; status: string }[]>`
      select e.id, to_json(e.created_at at time zone 'UTC') #>> '{}' as at, e.detail ->> 'finished_at' as told, r.status
      from progress_events e left join activity.activity_runs r on r.run_id = e.id order by e.created_at, e.id`),
  ];

  test(
    "its runs wait and are written once, each with its own time and as failed; a damaged one is set aside",
    async () => {
      const { fleet } = await fleetOf(1);
      const connect = await nobody();
      const reports = [];
      for (let run = 0; run < 4; run++) {
        const { report, remarks } = await fleet.sweep({ connect, source: "api" });
        expect(report).toMatchObject({ exit_code: 2, automation_error: { check: "C-00" } });
        expect(JSON.stringify(report) + remarks.join()).not.toContain("secret");
        expect(remarks.join()).toContain("until the database is back");
        reports.push(report);
      }
      const folder = join(fleet.home, "spool/test");
      const files = readdirSync(folder).sort();
      expect(files).toHaveLength(4);
      const damaged = join(folder, files[1] ?? "");
      const text = readFileSync(damaged, "utf8");
      writeFileSync(damaged, text.slice(0, text.length / 2));

      const next = await fleet.sweep({ source: "api" });
      expect(next.report).toMatchObject({ exit_code: 0, automation_error: null });
      expect(next.remarks.filter((remark) => remark.includes("was set aside"))).toHaveLength(1);
      const wanted = [reports[0], reports[2], reports[3]];
      const written = (await events(fleet)).filter(({ status }) => status === "failed");
      expect(written.map(({ id }) => id)).toEqual(wanted.map((report) => report?.run_id ?? ""));
      for (const { at, told } of written) expect(Date.parse(`${at}Z`)).toBe(Date.parse(told));
      expect(readdirSync(folder)).toEqual([`${files[1]}.unreadable`]);
      expect(readFileSync(`${damaged}.unreadable`, "utf8")).toBe(text.slice(0, text.length / 2));
      const again = await fleet.sweep({ source: "api" });
      expect(again.remarks).toEqual([]);
      expect(await events(fleet)).toHaveLength(5);
    },
    WATCHDOG,
  );

  test(
    "its runs are never written to the other hub that shares the home",
    async () => {
      const [{ fleet }, { fleet: other }] = [await fleetOf(1), await fleetOf(1)];
      const connect = await nobody();
      await fleet.sweep({ connect }, { hubKey: "one" });
      expect((await other.sweep({}, { home: fleet.home, hubKey: "two" })).report.automation_error).toBeNull();
      expect(await events(other)).toHaveLength(1);
      expect((await fleet.sweep({}, { hubKey: "one" })).report.automation_error).toBeNull();
      expect(await events(fleet)).toHaveLength(2);
      expect(await events(other)).toHaveLength(1);
    },
    WATCHDOG,
  );

  test(
    "a sweep through a pooler ends with C-00 before it touches anything",
    async () => {
      const { fleet, repos } = await fleetOf(1);
      const tcp = ["tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count", "tcp_user_timeout"];
      const timeouts = ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"];
      const ignored = [...tcp, ...timeouts, "client_connection_check_interval"];
      const pooler = await startPgbouncer(fleet.hub.url, { mode: "transaction", ignored });
      const ran = await startSweep({ ...fleet, hub: { url: pooler.url } }).ended;
      await pooler.stop();
      expect({ code: ran.code, error: ran.report().automation_error?.check }).toEqual({ code: 2, error: "C-00" });
      expect(ran.report().automation_error?.message).toContain("pooler");
      for (const repo of repos) expect(await syncCommits(repo)).toEqual([]);
      const [rows] = await fleet.hub.database.sql`select count(*)::int as n from workstreams`;
      expect(rows).toEqual({ n: 0 });
    },
    WATCHDOG,
  );
});
