// Sweeps whose time does not suffice, and clocks, long lists, and repositories that come and go: what is promised of the
// order in which repositories are checked, and that nothing else ends or delays a sweep.
import { afterAll, describe, expect, test } from "bun:test";
import { addRepo, removeRepo } from "../../lib/consistency/repo_registry.ts";
import type { FleetResult } from "../../lib/consistency/run_ledger.ts";
import { spoolRun } from "../../lib/consistency/sweep/spool.ts";
import { hubKeyOf } from "../../lib/db/hub_key.ts";
import { Secret } from "../../lib/secret.ts";
import { rowVersions } from "../lib/consistency/row_versions.ts";
import { startSweep, syncCommits } from "../support/held_pushes.ts";
import { expectTruncated } from "../support/many_findings.ts";
import { expectFair, manyRemotes } from "../support/small_budgets.ts";
import { ELSEWHERE, planOf, planPath, type SweptFleet, sweptFleet } from "../support/swept_fleet.ts";

const WATCHDOG = 120_000;
const fleets: SweptFleet[] = [];
afterAll(async () => {
  for (const fleet of fleets) await fleet.close();
}, WATCHDOG);

async function newFleet(): Promise<SweptFleet> {
  const fleet = await sweptFleet();
  fleets.push(fleet);
  return fleet;
}

function expectDone({ report, remarks }: FleetResult, clean: readonly string[]): void {
  const { exit_code, automation_error, skipped_clean, skipped_missing, skipped_budget } = report;
  expect({ exit_code, automation_error, skipped_clean, skipped_missing, skipped_budget, remarks }).toEqual({
    exit_code: 0,
    automation_error: null,
    skipped_clean: [...clean],
    skipped_missing: [],
    skipped_budget: [],
    remarks: [],
  });
}

describe("a budget that is too small", () => {
  test(
    "sweeps 110 repositories, 10 of which hang at the head of the list, within the ticks that fairness promises",
    async () => {
      const fleet = await newFleet();
      const crowd = { healthy: 100, hanging: 10 };
      const end = await manyRemotes(fleet, crowd);
      await expectFair(fleet, { ...crowd, maxSeconds: 1 }).finally(end);
    },
    WATCHDOG,
  );
});

describe("a second sweep over unchanged input", () => {
  test(
    "writes its progress event, its activity run, the lease and one row of sweep_state, and nothing else",
    async () => {
      const fleet = await newFleet();
      const repos = [await fleet.add("one"), await fleet.add("two", { checkout: false })];
      // What is found again must not be written again, neither an error in a file nor a checkout that can't follow.
      const faulty = planOf("faulty").replace("status: todo", "status: nonsense");
      repos.push(await fleet.add("faulty", { files: { [planPath("faulty")]: faulty } }), await fleet.add("edited"));
      repos.at(-1)?.checkout.edit({ [planPath("edited")]: "somebody's own words\n" });
      const first = await fleet.sweep();
      const checks = first.report.assessment_failures.map(({ check }) => check);
      expect(checks.toSorted()).toEqual(["C-16", "C-18"]);
      const { sql } = fleet.hub.database;
      const own = ["progress_events", "activity_runs", "sweep_lease", "sweep_state"];
      const [before, all] = [await rowVersions(sql, own), await rowVersions(sql)];
      const refs = () => Promise.all(repos.map(({ bare }) => bare.git("for-each-ref")));
      const remotes = await refs();
      // Another quarter of an hour: the same one's activity run would be counted in the same row.
      expectDone(await fleet.sweep({ source: "k8s-cronjob" }), ["edited", "faulty", "one", "two"]);
      expect(await rowVersions(sql, own)).toEqual(before);
      expect(await refs()).toEqual(remotes);
      const rows = await rowVersions(sql);
      const added = own.map((name) => [name, (rows[name]?.rows ?? 0) - (all[name]?.rows ?? 0)]);
      expect(Object.fromEntries(added)).toEqual({
        progress_events: 1,
        activity_runs: 1,
        sweep_lease: 0,
        sweep_state: 0,
      });
    },
    WATCHDOG,
  );
});

describe("a clock that is set", () => {
  for (const [how, minutes] of [
    ["back an hour", -60],
    ["forward an hour", 60],
  ] as const) {
    test(
      `${how}: the next sweep does its job, waits for nobody, and what it stores is of now`,
      async () => {
        const fleet = await newFleet();
        const [well, away] = [await fleet.add("well"), await fleet.add("away")];
        await fleet.sweep();
        await away.bare.git("update-ref", "refs/kept/main", "refs/heads/main");
        await away.bare.git("update-ref", "-d", "refs/heads/main");
        await fleet.sweep();
        expect((await fleet.states()).away).toMatchObject({ failures: 1 });
        await away.bare.git("update-ref", "refs/heads/main", "refs/kept/main");

        const { sql } = fleet.hub.database;
        await fleet.passTime(minutes);
        const by = `${minutes} min`;
        await sql`update sweep_lease set since = since - ${by}::interval, heartbeat = heartbeat - ${by}::interval`;
        await sql`update findings set first_seen = first_seen - ${by}::interval, last_seen = last_seen - ${by}::interval`;
        await sql`update progress_events set created_at = created_at - ${by}::interval`;
        await sql`update activity.activity_runs set fired_at = fired_at - ${by}::interval, finished_at = finished_at - ${by}::interval`;
        await well.clone.git("pull", "--quiet", "--rebase", "origin", "main");
        const text = await well.bare.git("show", `main:${planPath("well")}`);
        await well.push({ [planPath("well")]: text.replace("status: todo", "status: in_progress") });

        const { report } = await fleet.sweep();
        expect(report).toMatchObject({
          automation_error: null,
          skipped_missing: [],
          skipped_budget: [],
          lock_skipped: false,
        });
        expect(report.assessment_failures.filter(({ check }) => check === "C-06")).toEqual([]);
        const [task] = await sql`select status from tasks where task_id = 'WELL-WP-0001-T01'`;
        expect(task).toEqual({ status: "in_progress" });
        expectDone(await fleet.sweep(), ["away", "well"]);
        const [ahead] = await sql`
          select (select count(*)::int from repo_passes where full_pass_at > now()) as passes,
            (select count(*)::int from sweep_lease where since > now() or heartbeat > now()) as lease,
            (select count(*)::int from sweep_state where finished_at > now()) as state`;
        expect({ ...ahead }).toEqual({ passes: 0, lease: 0, state: 0 });
        for (const state of Object.values(await fleet.states())) {
          expect({ failures: state.failures, old: Date.now() - Date.parse(state.ok_at ?? "") < 60_000 }).toEqual({
            failures: 0,
            old: true,
          });
        }
      },
      WATCHDOG,
    );
  }

  test(
    "to summer time or back, in whatever zone, moves no stored time, and neither doubles nor drops a quarter of an hour",
    async () => {
      const fleet = await newFleet();
      await fleet.add("zoned");
      const { url, database } = fleet.hub;
      const { report } = await fleet.sweep({ source: "manual" });
      // Europe/Berlin, 2026: the 29th of March has no hour from 2, the 25th of October has it twice.
      const [dropped, doubled] = ["2026-03-29T00:", "2026-10-25T00:"];
      const ticks = [dropped, doubled].flatMap((day) =>
        [day, day.replace("T00:", "T01:")].flatMap((hour) =>
          ["00", "15", "30", "45"].map((at) => `${hour}${at}:02.000Z`),
        ),
      );
      const hubKey = hubKeyOf({ kind: "url", url: new Secret(url) }) ?? "";
      for (const at of ticks) {
        const times = { run_id: Bun.randomUUIDv7(), source: "local-timer", started_at: at, finished_at: at } as const;
        await spoolRun(fleet.home, hubKey, { report: { ...report, ...times }, at });
      }
      const zoned = (TZ: string) => startSweep(fleet, ["--source", "manual"], { TZ, PGTZ: TZ }).ended;
      const told = (await zoned("Europe/Berlin")).report() as unknown as { run_id: string };
      const rows = await database.sql<{ slot: string; attempts: number }[]>`
        select to_json(scheduled_for at time zone 'UTC') #>> '{}' as slot, attempts from activity.activity_runs
        where source = 'local-timer' order by scheduled_for`;
      expect(rows.map(({ slot, attempts }) => [`${slot}.000Z`, attempts])).toEqual(
        ticks.map((at) => [at.replace(":02.", ":00."), 1]),
      );
      for (const TZ of ["America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe"])
        expect((await zoned(TZ)).code).toBe(0);
      const [ages] = await database.sql<{ most: number; least: number }[]>`
        select max(age)::float8 as most, min(age)::float8 as least from (
          select extract(epoch from now() - created_at) as age from progress_events where id >= ${told.run_id}
          union all select extract(epoch from now() - (detail ->> 'started_at')::timestamptz) from progress_events
            where id >= ${told.run_id}) as ages`;
      expect(ages?.most).toBeLessThan(60);
      expect(ages?.least).toBeGreaterThanOrEqual(0);
    },
    WATCHDOG,
  );
});

test(
  "10,000 findings: 200 are listed, the totals are whole, and the next sweep finds them unchanged",
  () => expectTruncated(10_000),
  WATCHDOG,
);

test(
  "a repository that is removed and added again keeps its ids, and is swept at once",
  async () => {
    const fleet = await newFleet();
    const repo = await fleet.add("guest");
    await fleet.add("host");
    await fleet.sweep();
    const { database } = fleet.hub;
    const ids = async () => [
      ...(await database.sql`
        select r.id as repo, w.id as plan, t.id as task from repos r join workstreams w on w.repo_id = r.id
        join tasks t on t.workstream_id = w.id where r.slug = 'guest'`),
    ];
    const before = await ids();
    await database.transaction((tx) => removeRepo(tx, "guest"));
    await repo.clone.git("pull", "--quiet", "--rebase", "origin", "main");
    const text = await repo.bare.git("show", `main:${planPath("guest")}`);
    await repo.push({ [planPath("guest")]: text.replace("status: todo", "status: blocked") });
    expectDone(await fleet.sweep(), ["host"]);
    expect(Object.keys(await fleet.states())).toEqual(["host"]);
    const request = { path: repo.checkout.path, host: ELSEWHERE, slug: null, domain: null, remoteUrl: repo.path };
    const back = await database.transaction((tx) => addRepo(tx, request));
    expect({ id: back.id, outcome: back.outcome }).toEqual({ id: repo.id, outcome: "back" });

    const { report } = await fleet.sweep({ maxSeconds: 300 });
    expect(report).toMatchObject({
      automation_error: null,
      repos_processed: [{ slug: "guest" }],
      skipped_clean: ["host"],
    });
    expect(await ids()).toEqual(before);
    const [task] = await database.sql`select status from tasks where task_id = 'GUEST-WP-0001-T01'`;
    expect(task).toEqual({ status: "blocked" });
    expect(await syncCommits(repo)).toHaveLength(1);
    expectDone(await fleet.sweep(), ["guest", "host"]);
  },
  WATCHDOG,
);
