// C-22: an active workplan that nobody moved for 30 days, a repository that nobody could read for 2 hours, and one that the
// sweeps did not get through to for as long.
import { describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { makeRepo, temporaryFolder, workplanText } from "../../../support/git_repo.ts";
import { freshHub, type TestHub } from "../../../support/hub.ts";
import { play } from "./scene.ts";

const DAY_MS = 86_400_000;
const STARTED = Date.now();

function daysAgo(days: number): string {
  return new Date(STARTED - days * DAY_MS).toISOString().slice(0, 10);
}

function updated(id: string, days: number, more: { status?: string; completed?: string } = {}) {
  const { status = "active", completed } = more;
  const tasks = completed === undefined ? [] : [{ id: `${id}-T01`, status: "done", completed }, { id: `${id}-T02` }];
  const text = workplanText({ id, status, tasks }).replace(/updated: ".*"/, `updated: "${daysAgo(days)}"`);
  return { [`workplans/${id}.md`]: text };
}

function told(id: string) {
  return {
    check: "C-22",
    severity: "warning",
    path: `workplans/${id}.md`,
    line: 1,
    column: 1,
    subject: id,
  } as const;
}

describe("stale", () => {
  // 29 and 32 days, not 30 and 31: midnight may pass between the test's clock and the database's.
  test("tells of an active workplan 32 days old, not of one of 29, of one that is blocked, nor of one whose task moved", async () => {
    const judged = await play({
      files: {
        ...updated("CU-WP-0001", 32),
        ...updated("CU-WP-0002", 29),
        ...updated("CU-WP-0003", 32, { status: "blocked" }),
        ...updated("CU-WP-0004", 32, { completed: daysAgo(29) }),
        ...updated("CU-WP-0005", 33, { completed: daysAgo(32) }),
      },
    });
    expect(judged.told).toEqual([told("CU-WP-0001"), told("CU-WP-0005")]);
    expect(judged.findings.map(({ observed }) => observed)).toEqual(Array(2).fill(`last movement ${daysAgo(32)}`));
    expect(new Set(judged.findings.map(({ hint }) => hint))).toEqual(
      new Set(["Move it on, or set status: blocked or archived"]),
    );
    expect(judged.exitCode).toBe(0);
  });

  test("falls silent when the status moves, although the file's own date stays", async () => {
    const judged = await play({
      files: updated("CU-WP-0006", 32, { status: "blocked" }),
      change: ({ repo }) => repo.commit(updated("CU-WP-0006", 32)),
    });
    expect(judged.told).toEqual([]);
  });

  test("tells of a repository that was missing for more than 2 hours, and not of one missing for less", async () => {
    const hub = await freshHub();
    const folder = temporaryFolder();
    try {
      for (const slug of ["there", "long", "short"]) {
        await hub.check({ path: (await makeRepo(folder.path, slug, { "README.md": `${slug}\n` })).path });
        if (slug !== "there") rmSync(`${folder.path}/${slug}`, { recursive: true });
      }
      expect((await hub.check({ all: true })).report.assessment_failures).toEqual([]);
      await hub.database.sql`
        update repos set missing_since = now() - case slug when 'long' then interval '121 min' else interval '119 min' end
        where missing_since is not null`;
      const { report } = await hub.check({ all: true });
      expect(report.skipped_missing).toEqual(["long", "short"]);
      expect(report.assessment_failures).toMatchObject([
        { check: "C-22", severity: "warning", repo: "long", path: null, line: null, column: null, subject: "long" },
      ]);
      expect(report.assessment_failures[0]?.hint).toEndWith("scripts/state_hub.ts repo remove long");
      expect(report.exit_code).toBe(0);
    } finally {
      await hub.close();
      folder.remove();
    }
  });

  test("tells of a repository that the sweeps passed over for more than 2 hours", async () => {
    await inSweptHub(async (world) => {
      await world.sweeps({ last: 0, before: [125] });
      await world.checked({ fresh: 1, late: 119, passed: 121 });
      expect(await world.told()).toEqual([`passed: last checked ${await world.at(121)}`]);
      await world.sweeps({ last: 0, before: [125, 130, 170] });
      await world.checked({ fresh: 121, late: 600, passed: 0 });
      expect(await world.told()).toEqual([
        `fresh: last checked ${await world.at(121)}`,
        `late: last checked ${await world.at(600)}`,
      ]);
    });
  });

  test("tells of one that was never checked from two hours after its registration, and of none that came since", async () => {
    await inSweptHub(async (world) => {
      await world.sweeps({ last: 0, before: [150] });
      await world.checked({ fresh: null, late: 1, passed: null });
      expect(await world.told()).toEqual([]);
      await world.registered("passed", 121);
      expect(await world.told()).toEqual([`passed: never checked, registered ${await world.at(121)}`]);
      // Registered long ago, removed and added again since the last sweep: that did not know it.
      await world.sql`update repos set created_at = now() - interval '9 days'`;
      await world.checked({ late: 1 });
      expect(await world.told()).toEqual([]);
    });
  });

  test("is silent before the first sweep, of a removed repository, and of one that is missing: that is said already", async () => {
    await inSweptHub(async (world) => {
      expect(await world.told()).toEqual([]);
      await world.sweeps({ last: 0, before: [150] });
      await world.checked({ fresh: 1, late: 300, passed: 300 });
      await world.sql`update repos set removed_at = now() where slug = 'late'`;
      await world.sql`update repos set missing_since = now() - interval '1 min' where slug = 'passed'`;
      expect(await world.told({ keepMissing: true })).toEqual([]);
    });
  });

  test.each([
    ["a night without a sweep", { last: 0, before: [600] }],
    ["a schedule that died hours ago", { last: 400, before: [415] }],
    ["a schedule that died two and a half hours ago", { last: 150, before: [165] }],
    ["the second sweep after a night", { last: 0, before: [15, 600] }],
    ["sweeps that were refused the lock", { last: 0, before: [130], detail: { lock_skipped: true } }],
    [
      "sweeps that could not do their job",
      {
        last: 0,
        before: [130],
        detail: { lock_skipped: false, automation_error: { message: "all are away", repo: null } },
      },
    ],
  ])("does not blame %s on the repositories", async (_, sweeps) => {
    await inSweptHub(async (world) => {
      await world.sweeps(sweeps);
      await world.checked({ fresh: 410, late: 420, passed: 500 });
      expect(await world.told()).toEqual([]);
    });
  });

  test("goes by the last sweep also where the clock was set back since", async () => {
    await inSweptHub(async (world) => {
      await world.sweeps({ last: -600, before: [-470] });
      await world.checked({ fresh: -600, late: -590, passed: null });
      expect(await world.told()).toEqual([]);
    });
  });

  test("says the same of one that is still passed over: a run later nothing of the finding is written", async () => {
    await inSweptHub(async (world) => {
      await world.sweeps({ last: 0, before: [150] });
      await world.checked({ fresh: 1, late: 1, passed: 200 });
      await world.told();
      const row = () => world.sql`select xmin::text as version, observed from findings where check_id = 'C-22'`;
      const before = [...(await row())];
      expect(before).toHaveLength(1);
      await world.told();
      expect([...(await row())]).toEqual(before);
    });
  });
});

interface SweptHub {
  readonly sql: TestHub["database"]["sql"];
  /** Sweeps that ended so many minutes ago: the last one, and earlier ones. */
  sweeps(when: { last: number; before: number[]; detail?: object }): Promise<void>;
  /** Minutes since each repository's last successful check; null: never; one that is not named is unknown to the sweep. */
  checked(minutes: Record<string, number | null>): Promise<void>;
  /** Moves a registration to so many minutes ago: by the clock of `at`, or a minute could pass between the two. */
  registered(slug: string, minutes: number): Promise<void>;
  /** The words of C-22 by repository, sorted. */
  told(options?: { keepMissing?: boolean }): Promise<string[]>;
  /** So many minutes ago, as findings write it. */
  at(minutes: number): Promise<string>;
}

/** A hub with the repositories fresh, late and passed, registered just now. One transaction's clock for all its times. */
async function inSweptHub(work: (world: SweptHub) => Promise<void>): Promise<void> {
  const hub = await freshHub();
  const folder = temporaryFolder();
  const { sql } = hub.database;
  try {
    for (const slug of ["fresh", "late", "passed"])
      await hub.check({ path: (await makeRepo(folder.path, slug, { "README.md": `${slug}\n` })).path });
    const [clock] = await sql<{ now: string }[]>`select now()::text as now`;
    const ago = (minutes: number) => sql`(${clock?.now ?? ""}::text::timestamptz - ${minutes} * interval '1 min')`;
    await work({
      sql,
      sweeps: async ({ last, before, detail = { lock_skipped: false, automation_error: null } }) => {
        await sql`delete from progress_events where event_type = 'consistency_sweep_remote_all'`;
        for (const minutes of [last, ...before])
          await sql`
            insert into progress_events (event_type, source, detail, created_at)
            values ('consistency_sweep_remote_all', 'local-timer', ${JSON.stringify(detail)}::text::jsonb, ${ago(minutes)})`;
        await sql`delete from sweep_state`;
        await sql`
          insert into sweep_state (run_id, write_back, finished_at, repos)
          values (${Bun.randomUUIDv7()}, false, ${ago(last)}, '{}')`;
      },
      checked: async (minutes) => {
        await sql`update sweep_state set repos = '{}'`;
        for (const [slug, age] of Object.entries(minutes))
          await sql`
            update sweep_state set repos = repos || jsonb_build_object(r.id, jsonb_build_object('ok_at', ${age === null ? sql`null::timestamptz` : ago(age)}))
            from repos r where r.slug = ${slug}`;
      },
      registered: async (slug, minutes) => {
        await sql`update repos set created_at = ${ago(minutes)} where slug = ${slug}`;
      },
      told: async ({ keepMissing = false } = {}) => {
        const { report } = await hub.check({ all: true });
        expect(report.automation_error).toBeNull();
        if (!keepMissing) expect(report.skipped_missing).toEqual([]);
        const found = report.assessment_failures.filter(({ check }) => check === "C-22");
        expect(
          found.every(
            ({ severity, path, repo, subject }) => severity === "warning" && path === null && repo === subject,
          ),
        ).toBe(true);
        return found.map(({ repo, observed }) => `${repo}: ${observed}`).sort();
      },
      at: async (minutes) => {
        const [row] = await sql<{ at: string }[]>`
          select to_char(${ago(minutes)} at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"') as at`;
        return row?.at ?? "";
      },
    });
  } finally {
    await hub.close();
    folder.remove();
  }
}
