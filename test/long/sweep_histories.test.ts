// What sweeps promise for long: fairness over many ticks, and the deadlines of those who wait for
// somebody that never answers.
import { expect, test } from "bun:test";
import { appendFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { addRepo } from "../../lib/consistency/repo_registry.ts";
import { Database, openDatabase } from "../../lib/db/connect.ts";
import { migrate } from "../../lib/db/migrate.ts";
import { startEmbedded } from "../../lib/postgres/start_embedded.ts";
import { stopEmbedded } from "../../lib/postgres/stop_embedded.ts";
import { Secret } from "../../lib/secret.ts";
import { rowVersions } from "../lib/consistency/row_versions.ts";
import { runCheck } from "../support/check_process.ts";
import { probe } from "../support/embedded_home.ts";
import { gateOn, leftIn, lockFreeAfter, observer, startSweep, syncCommits } from "../support/held_pushes.ts";
import { type OtherHost, otherHost } from "../support/other_host.ts";
import { preparedHome } from "../support/prepared_home.ts";
import { expectFair, manyRemotes } from "../support/small_budgets.ts";
import { type SweptFleet, type SweptRepo, sweptFleet } from "../support/swept_fleet.ts";

const WATCHDOG = 300_000;
const say = (line: string) => void process.stderr.write(`${line}\n`);

async function inFleet(count: number, work: (fleet: SweptFleet, repos: SweptRepo[]) => Promise<void>): Promise<void> {
  const fleet = await sweptFleet();
  try {
    const repos: SweptRepo[] = [];
    for (let index = 0; index < count; index++) repos.push(await fleet.add(`r${index}`));
    await work(fleet, repos);
  } finally {
    await fleet.close();
  }
}

test(
  "a sweep with a budget of 1 s, again and again over 500 repositories and 50 that hang at the head: all are swept in the ticks that fairness promises, twice",
  () =>
    inFleet(0, async (fleet) => {
      const crowd = { healthy: 500, hanging: 50 };
      const end = await manyRemotes(fleet, crowd);
      const ticks = await expectFair(fleet, { ...crowd, maxSeconds: 1, rounds: 2 }).finally(end);
      say(ticks.join("\n"));
    }),
  WATCHDOG,
);

test(
  "a hook's run of a repository that a sweep has in hand for longer skips it after 10 s, with the holder's name and exit 0",
  () =>
    inFleet(1, async (fleet, repos) => {
      const gate = gateOn(fleet.folder, repos);
      const sweep = startSweep(fleet);
      await gate.arrivals(1);
      const env = { DATABASE_URL: fleet.hub.url, STATE_HUB_HOME: fleet.home, HOME: fleet.userHome };
      const hook = await runCheck(["--source", "git-hook", "--json", "--repo", repos[0]?.checkout.path ?? ""], env);
      expect({ code: hook.code, report: hook.report() }).toMatchObject({
        code: 0,
        report: { lock_skipped: true, lock_holder: { source: "local-timer", pid: sweep.pid }, automation_error: null },
      });
      gate.open();
      expect((await sweep.ended).report()).toMatchObject({ exit_code: 0, automation_error: null });
    }),
  WATCHDOG,
);

test(
  "a sweep stopped by SIGTERM while a push hangs ends with 143 after its 10 s of grace, and the next one takes its lease over",
  () =>
    inFleet(2, async (fleet, repos) => {
      const gate = gateOn(fleet.folder, repos);
      const sweep = startSweep(fleet);
      await gate.arrivals(2);
      const asked = performance.now();
      sweep.kill("SIGTERM");
      expect((await sweep.ended).code).toBe(143);
      expect(performance.now() - asked).toBeLessThan(11_000);
      const locks = await observer(fleet);
      expect(await lockFreeAfter(locks)).toBeLessThan(2_000);
      await locks.close();
      gate.open();
      const next = await fleet.sweep();
      expect(next.report).toMatchObject({ exit_code: 0, automation_error: null });
      expect(next.remarks.join()).toContain("never ended");
      await fleet.sweep();
      for (const repo of repos) expect(await syncCommits(repo)).toHaveLength(1);
      expect(leftIn(fleet.home)).toEqual([]);
    }),
  WATCHDOG,
);

test(
  "a sweep whose host vanishes frees the lock within 60 s; the next one takes over, and the lost one writes nothing when its line is back",
  () =>
    inFleet(6, async (fleet, repos) => {
      const host = await otherHost();
      const server = await serverFor(host, repos);
      try {
        const gate = gateOn(fleet.folder, repos);
        const args = ["--remote", "--all", "--json", "--source", "local-timer", "--concurrency", "4"];
        const lost = sweepThrough(host, args, { ...fleet, url: server.urlFromThere });
        await gate.arrivals(4);
        await host.drop();
        const locks = await server.database.sessionLocks({ source: "manual", host: "observer", pid: process.pid });
        const freeAfter = await lockFreeAfter(locks);
        await locks.close();
        say(`the lock was free after ${Math.round(freeAfter)} ms`);
        expect(freeAfter).toBeLessThan(60_000);

        gate.letOthersPass();
        const connect = () =>
          openDatabase({ url: new Secret(server.url), applicationName: "next", access: "read-write" });
        const next = await fleet.sweep({ connect, source: "k8s-cronjob" }, { home: join(fleet.folder, "home2") });
        expect(next.report).toMatchObject({ exit_code: 0, automation_error: null, skipped_budget: [] });
        expect(next.remarks.join()).toContain("never ended");
        const refs = () => Promise.all(repos.map(({ bare }) => bare.git("for-each-ref")));
        const [rows, remotes] = [await rowVersions(server.database.sql, OF_A_RUN), await refs()];
        for (const repo of repos) expect(await syncCommits(repo)).toHaveLength(1);

        await host.restore();
        gate.open();
        expect(await lost.exited).toBe(2);
        expect(JSON.parse(await lost.out)).toMatchObject({ automation_error: { check: "C-00" } });
        expect(await refs()).toEqual(remotes);
        expect(await rowVersions(server.database.sql, OF_A_RUN)).toEqual(rows);
      } finally {
        await server.stop();
        await host.remove();
      }
    }),
  WATCHDOG,
);

/** What the lost run may still say about itself. */
const OF_A_RUN = ["progress_events", "activity_runs"];

function sweepThrough(
  host: OtherHost,
  args: readonly string[],
  to: Pick<SweptFleet, "home" | "userHome"> & { url: string },
) {
  const scripts = join(import.meta.dir, "../../scripts");
  const child = Bun.spawn([...host.through, join(scripts, "bun"), join(scripts, "consistency_check.ts"), ...args], {
    env: { ...environmentForPrograms(), DATABASE_URL: to.url, STATE_HUB_HOME: to.home, HOME: to.userHome },
    stdio: ["ignore", "pipe", "ignore"],
  });
  return { exited: child.exited, out: new Response(child.stdout).text() };
}

/** A server that can be reached from the other host too, with a State Hub that knows the repositories. */
async function serverFor(host: OtherHost, repos: readonly SweptRepo[]) {
  const home = await preparedHome();
  const data = join(home, "postgres-15");
  appendFileSync(join(data, "postgresql.conf"), `listen_addresses = '127.0.0.1,${host.hostAddress}'\n`);
  appendFileSync(join(data, "pg_hba.conf"), `host all all ${host.address}/32 scram-sha-256\n`);
  const { url } = await startEmbedded({ home, env: environmentForPrograms(), connect: probe });
  const database = new Database({ url, applicationName: "lost host", access: "read-write" });
  await migrate(database);
  for (const { checkout, slug, path } of repos) {
    const request = { path: checkout.path, host: hostname(), slug, domain: null, remoteUrl: path };
    await database.transaction((tx) => addRepo(tx, request));
  }
  return {
    database,
    url: url.reveal(),
    urlFromThere: Object.assign(new URL(url.reveal()), { hostname: host.hostAddress }).href,
    stop: async () => {
      await database.close();
      await stopEmbedded({ home, env: environmentForPrograms() });
    },
  };
}
