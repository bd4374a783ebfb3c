// Who may sweep: two at once, a hook beside a sweep, a lock that is taken away in the middle, a database that goes away.
// The pushes of a sweep are held at a gate while it happens, so that nothing here depends on how fast a machine is.
import { afterAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { waitUntil } from "../../lib/wait_until.ts";
import { rowVersions } from "../lib/consistency/row_versions.ts";
import { runCheck, startCheck } from "../support/check_process.ts";
import { gateOn, lockFreeAfter, observer, startSweep, syncCommits } from "../support/held_pushes.ts";
import { planOf, planPath, type SweptFleet, type SweptRepo, sweptFleet } from "../support/swept_fleet.ts";

const WATCHDOG = 120_000;
const fleets: SweptFleet[] = [];
afterAll(async () => {
  for (const fleet of fleets) await fleet.close();
}, WATCHDOG);

/** Repositories `r0`, `r1` ... that a sweep has not seen yet: each needs a correction pushed. */
async function fleetOf(count: number): Promise<{ fleet: SweptFleet; repos: SweptRepo[] }> {
  const fleet = await sweptFleet();
  fleets.push(fleet);
  const repos: SweptRepo[] = [];
  for (let index = 0; index < count; index++) repos.push(await fleet.add(`r${index}`, { checkout: index === 0 }));
  return { fleet, repos };
}

/** The last run of a source: its event, and its activity run. */
async function lastRun({ hub }: SweptFleet, source: string) {
  const [row] = await hub.database.sql<
    { event: Record<string, unknown>; summary: string; status: string; reason: string }[]
  >`
    select e.detail as event, e.summary, r.status, r.reason
    from progress_events e join activity.activity_runs r
      on r.context_snapshot -> 'run_ids' @> to_jsonb(e.id::text)
    where e.source = ${source} order by e.id desc limit 1`;
  return row;
}

describe("two sweeps at once", () => {
  test(
    "the second skips with the holder's name and exit 0, the third in a row and one behind a stuck lease end with C-00",
    async () => {
      const { fleet, repos } = await fleetOf(1);
      const gate = gateOn(fleet.folder, repos);
      const first = startSweep(fleet);
      await gate.arrivals(1);
      const second = await fleet.sweep({ source: "k8s-cronjob", host: "a-pod" });
      expect(second.report).toMatchObject({
        lock_skipped: true,
        exit_code: 0,
        automation_error: null,
        repos_total: 0,
        lock_holder: { source: "local-timer", pid: first.pid },
      });
      expect(await lastRun(fleet, "k8s-cronjob")).toMatchObject({
        status: "skipped",
        reason: expect.stringContaining(`pid ${first.pid}`),
        event: { lock_skipped: true, lock_holder: { pid: first.pid } },
      });
      expect((await fleet.sweep({ source: "k8s-cronjob" })).report).toMatchObject({ lock_skipped: true, exit_code: 0 });
      const third = (await fleet.sweep({ source: "k8s-cronjob" })).report;
      expect(third).toMatchObject({ lock_skipped: true, exit_code: 2, automation_error: { check: "C-00" } });
      expect(third.automation_error?.message).toContain("third run of k8s-cronjob in a row");
      expect(await lastRun(fleet, "k8s-cronjob")).toMatchObject({ status: "failed" });
      // Another source has skipped nothing yet.
      expect((await fleet.sweep({ source: "activity-core" })).report).toMatchObject({
        lock_skipped: true,
        exit_code: 0,
      });

      await fleet.hub.database.sql`update sweep_lease set since = since - interval '601 s'`;
      const stuck = (await fleet.sweep({ source: "api" })).report;
      expect(stuck).toMatchObject({ lock_skipped: true, exit_code: 2, automation_error: { check: "C-00" } });
      expect(stuck.automation_error?.message).toContain("twice its budget is 600 s");
      gate.open();
      expect((await first.ended).report()).toMatchObject({ exit_code: 0, automation_error: null });
      expect((await fleet.sweep({ source: "k8s-cronjob" })).report).toMatchObject({
        lock_skipped: false,
        exit_code: 0,
      });
      expect(await syncCommits(repos[0] as SweptRepo)).toHaveLength(1);
    },
    WATCHDOG,
  );

  test(
    "a hook's run of one repository goes on beside a sweep, and on the repository in hand it waits its turn",
    async () => {
      const { fleet, repos } = await fleetOf(1);
      const [busy] = repos as [SweptRepo];
      const other = await fleet.add("other");
      expect((await fleet.sweep()).report.automation_error).toBeNull();
      const before = await syncCommits(busy);
      await fleet.hub.database.sql`update tasks set status = 'blocked' where task_id = 'R0-WP-0001-T01'`;
      const gate = gateOn(fleet.folder, repos);
      const sweep = startSweep(fleet);
      await gate.arrivals(1);

      const env = { DATABASE_URL: fleet.hub.url, STATE_HUB_HOME: fleet.home, HOME: fleet.userHome, STATE_HUB_SYNC: "" };
      const hook = ["--source", "git-hook", "--json", "--repo"];
      await other.checkout.commit({ [planPath("other")]: planOf("other", "active", "in_progress") });
      const beside = await runCheck([...hook, other.checkout.path], env);
      expect(beside.report()).toMatchObject({ automation_error: null, repos_processed: [{ slug: "other" }] });

      await busy.checkout.commit({ "notes.txt": "a person's commit\n", "workplans/more.md": "no workplan\n" });
      const waits = startCheck([...hook, busy.checkout.path], env);
      let over = false;
      void waits.ended.then(() => {
        over = true;
      });
      await waitUntil(
        { forWhat: "the hook's run to ask for the lock", deadlineMs: 30_000, intervalMs: 20 },
        async () => {
          const [asked] = await fleet.hub.database.sql`
          select from pg_stat_activity where application_name like 'state-hub-lock git-hook%' and query like '%pg_try_advisory_lock%'`;
          return asked ? { found: true } : { seen: "not yet" };
        },
      );
      expect(over).toBe(false);
      gate.open();
      expect((await sweep.ended).report()).toMatchObject({ exit_code: 0, automation_error: null });
      expect((await waits.ended).report()).toMatchObject({ exit_code: 0, automation_error: null, lock_skipped: false });
      expect(await syncCommits(busy)).toHaveLength(before.length + 1);
      const [task] = await fleet.hub.database.sql`select status from tasks where task_id = 'R0-WP-0001-T01'`;
      expect(task).toEqual({ status: "blocked" });
    },
    WATCHDOG,
  );
});

describe("a lock that is lost in the middle of the pushes", () => {
  test(
    "ends the run with C-00, nothing is pushed after it, and the next run converges",
    async () => {
      const { fleet, repos } = await fleetOf(12);
      const gate = gateOn(fleet.folder, repos);
      const sweep = startSweep(fleet, ["--concurrency", "4"]);
      await gate.arrivals(4);
      const killed = await fleet.hub.database.sql`
        select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'state-hub-lock local-timer%'
          and datname = current_database()`;
      expect(killed).toHaveLength(1);
      const locks = await observer(fleet);
      expect(await lockFreeAfter(locks)).toBeLessThan(2_000);
      // What was under way may come to its end; what was not begun never begins.
      gate.open();
      const ran = await sweep.ended;
      expect(ran.code).toBe(2);
      expect(ran.report().automation_error).toMatchObject({ check: "C-00", message: expect.stringContaining("locks") });
      expect(gate.arrived()).toHaveLength(4);
      const pushed = await Promise.all(repos.map(async (repo) => (await syncCommits(repo)).length));
      expect(pushed.reduce((sum, count) => sum + count)).toBeLessThanOrEqual(4);
      expect(await lastRun(fleet, "local-timer")).toMatchObject({ status: "failed" });
      await locks.close();
      const next = (await fleet.sweep()).report;
      expect(next).toMatchObject({ exit_code: 0, automation_error: null, skipped_budget: [] });
      for (const repo of repos) expect(await syncCommits(repo)).toHaveLength(1);
      const [left] = await fleet.hub.database.sql`
        select count(*)::int as n from writeback_intents where done_at is null and cancelled_at is null`;
      expect(left).toEqual({ n: 0 });
    },
    WATCHDOG,
  );
});

test(
  "a sweep that was frozen and replaced writes nothing and pushes nothing when it goes on",
  async () => {
    const { fleet, repos } = await fleetOf(6);
    const { sql } = fleet.hub.database;
    const gate = gateOn(fleet.folder, repos);
    const frozen = startSweep(fleet, ["--concurrency", "4"]);
    await gate.arrivals(4);
    process.kill(frozen.pid, "SIGSTOP");
    // Its connections live on: only somebody who ends the one that has the lock lets another sweep begin.
    await sql`
      select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'state-hub-lock local-timer%'
        and datname = current_database()`;
    gate.letOthersPass();
    const next = await fleet.sweep({ source: "k8s-cronjob" }, { home: join(fleet.folder, "another-home") });
    expect(next.report).toMatchObject({ exit_code: 0, automation_error: null, skipped_budget: [] });
    expect([next.report.skipped_missing, next.report.skipped_clean, next.report.assessment_failures]).toEqual([
      [],
      [],
      [],
    ]);
    expect(next.remarks.join()).toContain(`pid ${frozen.pid}, `);
    // Of itself it may still tell.
    const rows = () => rowVersions(sql, ["progress_events", "activity_runs"]);
    const refs = () => Promise.all(repos.map(({ bare }) => bare.git("for-each-ref")));
    const before = [await rows(), await refs()];
    for (const repo of repos) expect(await syncCommits(repo)).toHaveLength(1);
    process.kill(frozen.pid, "SIGCONT");
    gate.open();
    const ran = await frozen.ended;
    expect({ code: ran.code, error: ran.report().automation_error?.check }).toEqual({ code: 2, error: "C-00" });
    expect([await rows(), await refs()]).toEqual(before);
  },
  WATCHDOG,
);
