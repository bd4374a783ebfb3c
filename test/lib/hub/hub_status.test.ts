// What `status` counts: the rows of repositories that are registered, and of many stored runs the last of each kind; and
// what it says of the sweeps: the last one, their lock, who waits longest and what waits for which reason.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { removeRepo } from "../../../lib/consistency/repo_registry.ts";
import { hubStatus } from "../../../lib/hub/hub_status.ts";
import { makeRepo, temporaryFolder, workplanText } from "../../support/git_repo.ts";
import { freshHub, type TestHub } from "../../support/hub.ts";

let hub: TestHub;
const folder = temporaryFolder();
beforeAll(async () => {
  hub = await freshHub();
});
afterAll(async () => {
  await hub.close();
  folder.remove();
});

describe("hubStatus()", () => {
  test("counts what belongs to registered repositories, and nothing of one that was removed", async () => {
    const { sql } = hub.database;
    const text = workplanText({ id: "ST-WP-0001", status: "active", tasks: [{ id: "ST-WP-0001-T01" }] });
    const files = { "workplans/ST-WP-0001.md": text, "workplans/broken.md": "---\nid: [\n---\n" };
    await hub.check({ path: (await makeRepo(folder.path, "counted", files)).path });
    await sql`insert into conflicts (repo_id, row_id, kind, field) select repo_id, id, 'workstream', 'status' from workstreams`;
    await sql`insert into held_plans (repo_id, digest, plan) select id, 'd', '{}' from repos`;
    await sql`update repos set missing_since = now()`;
    const before = await hubStatus(hub.database);
    expect(before).toMatchObject({
      counts: { repos: 1, workstreams: { active: 1 }, tasks: { todo: 1 }, orphaned: 0 },
      open_findings: { "C-01": 1 },
      unsettled_conflicts: 1,
      held_plans: 1,
      missing_repos: ["counted"],
    });
    expect(before.pending_writebacks.count).toBeGreaterThan(0);

    await sql`insert into workstreams (repo_id, workplan_id, path, title, status, orphaned_at) select id, 'ST-WP-0002', 'x', 'x', 'active', now() from repos`;
    expect((await hubStatus(hub.database)).counts.orphaned).toBe(1);
    await hub.database.transaction((tx) => removeRepo(tx, "counted"));
    expect(await hubStatus(hub.database)).toMatchObject({
      counts: { repos: 0, workstreams: {}, tasks: {}, orphaned: 0 },
      open_findings: {},
      waived_findings: 0,
      unsettled_conflicts: 0,
      held_plans: 0,
      pending_writebacks: { count: 0, oldest: null, repos: [] },
      oldest_held_plan: null,
      missing_repos: [],
    });
  });

  test("gives the last run of each source and mode, and opens no older report", async () => {
    const { sql } = hub.database;
    await sql`delete from progress_events`;
    const runs: [string, string, string, string][] = [
      ["all", "local-timer", "2026-01-01T00:00:00Z", '{"exit_code": "of a version that nobody knows"}'],
      ["all", "local-timer", "2026-01-01T00:15:00Z", '{"exit_code": 1}'],
      ["all", "manual", "2026-01-01T00:05:00Z", '{"exit_code": 2}'],
      ["repo", "manual", "2026-01-01T00:20:00Z", '{"exit_code": 0}'],
    ];
    for (const [mode, source, at, detail] of runs)
      await sql`
        insert into progress_events (event_type, source, summary, detail, created_at)
        values (${`consistency_check_${mode}`}, ${source}, 'a run', ${detail}::text::jsonb, ${at}::text::timestamptz)`;
    expect(
      (await hubStatus(hub.database)).last_runs.map(({ mode, source, exit_code }) => [mode, source, exit_code]),
    ).toEqual([
      ["repo", "manual", 0],
      ["all", "local-timer", 1],
      ["all", "manual", 2],
    ]);
  });

  test("counts sweeps of the remotes among the last runs, with the lock that was held and what went wrong", async () => {
    const { sql } = hub.database;
    await sql`delete from progress_events`;
    const runs: [string, string, object][] = [
      ["local-timer", "2026-01-01T00:00:00Z", { exit_code: 0, lock_skipped: false, automation_error: null }],
      ["local-timer", "2026-01-01T00:15:00Z", { exit_code: 0, lock_skipped: true, automation_error: null }],
      [
        "k8s-cronjob",
        "2026-01-01T00:10:00Z",
        { exit_code: 2, lock_skipped: false, automation_error: { check: "C-00", message: "no route", repo: null } },
      ],
    ];
    for (const [source, at, detail] of runs)
      await sql`
        insert into progress_events (event_type, source, summary, detail, created_at)
        values ('consistency_sweep_remote_all', ${source}, 'a sweep', ${JSON.stringify(detail)}::text::jsonb, ${at}::text::timestamptz)`;
    const told = { mode: "remote-all", summary: "a sweep" };
    expect((await hubStatus(hub.database)).last_runs).toEqual([
      {
        ...told,
        source: "local-timer",
        finished_at: "2026-01-01T00:15:00+00:00",
        exit_code: 0,
        lock_skipped: true,
        automation_error: null,
      },
      {
        ...told,
        source: "k8s-cronjob",
        finished_at: "2026-01-01T00:10:00+00:00",
        exit_code: 2,
        lock_skipped: false,
        automation_error: "no route",
      },
    ]);
  });
});

/** A hub that holds these repositories and nothing else. */
async function withRepos(slugs: readonly string[], work: (on: TestHub) => Promise<void>): Promise<void> {
  const own = await freshHub();
  try {
    for (const slug of slugs) await own.database.sql`insert into repos (slug) values (${slug})`;
    await work(own);
  } finally {
    await own.close();
  }
}

describe("hubStatus() of the sweeps", () => {
  test("is empty before the first one", async () => {
    await withRepos(["a"], async ({ database }) => {
      expect(await hubStatus(database)).toMatchObject({ sweep: null, sweep_lock: null, oldest_held_plan: null });
    });
  });

  test("names the repository whose check is the oldest, and those that back off, the next to be tried first", async () => {
    await withRepos(["never", "old", "later", "soon", "gone"], async ({ database }) => {
      const { sql } = database;
      const state = (ok_at: string | null, failures = 0, retry_at: string | null = null) => ({
        ok_at,
        tried_at: ok_at,
        failures,
        retry_at,
        tip: null,
        problem: failures > 0 ? "no answer" : null,
      });
      const states = {
        old: state("2026-01-01T00:00:00Z"),
        later: state("2026-01-02T00:00:00Z", 3, "2026-01-02T01:00:00Z"),
        soon: state("2026-01-03T00:00:00Z", 1, "2026-01-02T00:15:00Z"),
        gone: state(null, 9, "2026-01-01T00:00:00Z"),
      };
      await sql`
        insert into sweep_state (run_id, write_back, finished_at, repos)
        select ${Bun.randomUUIDv7()}, true, now() - interval '90 min', jsonb_object_agg(r.id, s.value)
        from jsonb_each(${JSON.stringify(states)}::text::jsonb) s join repos r on r.slug = s.key`;
      await sql`update repos set removed_at = now() where slug = 'gone'`;
      const { sweep } = await hubStatus(database);
      expect(sweep).toMatchObject({
        write_back: true,
        oldest_repo: { slug: "never", checked_at: null },
        backing_off: {
          count: 2,
          repos: [
            { slug: "soon", failures: 1, retry_at: "2026-01-02T00:15:00+00:00", problem: "no answer" },
            { slug: "later", failures: 3, retry_at: "2026-01-02T01:00:00+00:00", problem: "no answer" },
          ],
        },
      });
      expect(sweep?.age_seconds).toBeGreaterThanOrEqual(5_400);
      expect(sweep?.age_seconds).toBeLessThan(5_460);
      await sql`update repos set removed_at = now() where slug = 'never'`;
      expect((await hubStatus(database)).sweep?.oldest_repo).toEqual({
        slug: "old",
        checked_at: "2026-01-01T00:00:00+00:00",
      });
    });
  });

  test.each([
    ["held", "5 s", null],
    ["silent", "61 s", null],
    ["released", "61 s", "50 s"],
  ] as const)("says of the lock that it is %s", async (lock, heard, released) => {
    await withRepos([], async ({ database }) => {
      const runId = Bun.randomUUIDv7();
      await database.sql`
        insert into sweep_lease (source, host, pid, since, heartbeat, fence, run_id, max_seconds, released_at)
        values ('local-timer', 'wsl', 4711, now() - interval '70 s', now() - ${heard}::text::interval, 7, ${runId}, 300,
          now() - ${released}::text::interval)`;
      const { sweep_lock } = await hubStatus(database);
      expect(sweep_lock).toMatchObject({
        source: "local-timer",
        host: "wsl",
        pid: 4711,
        run_id: runId,
        max_seconds: 300,
        state: lock,
      });
      expect(sweep_lock?.released_at === null).toBe(released === null);
      const age = Number(heard.split(" ")[0]);
      expect(sweep_lock?.heartbeat_age_seconds).toBeGreaterThanOrEqual(age);
      expect(sweep_lock?.heartbeat_age_seconds).toBeLessThan(age + 30);
    });
  });

  test("lists the five repositories whose corrections wait longest, each with its reason, and dates the oldest held plan", async () => {
    const slugs = ["r1", "r2", "r3", "r4", "r5", "r6", "gone"];
    await withRepos(slugs, async ({ database }) => {
      const { sql } = database;
      for (const [n, slug] of slugs.entries())
        for (const [key, problem] of [
          ["status", slug === "r2" ? "protected branch" : null],
          ["completed", "of a later one"],
        ] as const)
          await sql`
            insert into writeback_intents (repo_id, row_id, path, subject, key, value, reason, problem, created_at)
            select id, id, 'workplans/x.md', 'X', ${key}, 'v', 'test', ${problem},
              timestamptz '2026-01-01T00:00:00Z' + ${n} * interval '1 hour' + ${key === "status" ? 0 : 1} * interval '1 min'
            from repos where slug = ${slug}`;
      await sql`
        insert into writeback_intents (repo_id, row_id, path, subject, key, value, reason, done_at, created_at)
        select id, id, 'workplans/y.md', 'Y', 'status', 'v', 'test', now(), '2025-01-01' from repos where slug = 'r1'`;
      for (const [slug, at] of [
        ["r1", "2026-01-05"],
        ["r2", "2026-01-03"],
        ["gone", "2026-01-01"],
      ] as const)
        await sql`insert into held_plans (repo_id, digest, plan, created_at) select id, 'd', '{}', ${at}::text::timestamptz from repos where slug = ${slug}`;
      await sql`update repos set removed_at = now() where slug = 'gone'`;
      const { pending_writebacks: pending, oldest_held_plan, held_plans } = await hubStatus(database);
      const hour = (n: number) => `2026-01-01T0${n}:00:00+00:00`;
      expect(pending).toEqual({
        count: 12,
        oldest: hour(0),
        repos: ["r1", "r2", "r3", "r4", "r5"].map((slug, n) => ({
          slug,
          count: 2,
          oldest: hour(n),
          problem: slug === "r2" ? "protected branch" : null,
        })),
      });
      expect([held_plans, oldest_held_plan]).toEqual([2, "2026-01-03T00:00:00+00:00"]);
    });
  });
});
