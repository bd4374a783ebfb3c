// Two schedules compared from real rows: situations as they happen, each with its exact numbers and its verdict. Whatever the
// evidence does not bear out must never be ready.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { recordSweep, SWEEP_DEFINITION_ID } from "../../../lib/activity/activity_run.ts";
import { compareInDatabase, scheduleInHub } from "../../../lib/compare/compare_in_database.ts";
import type { Comparison, SourceFigures, Verdict } from "../../../lib/compare/comparison.ts";
import type { OpenFinding } from "../../../lib/consistency/findings.ts";
import type { Database } from "../../../lib/db/connect.ts";
import { freshHub, type TestHub } from "../../support/hub.ts";
import { BASELINE, CANDIDATE, finding, type Grid, layGrid, type Play, play, playRun, reportOf } from "./played_runs.ts";

let hub: TestHub;
let database: Database;
let grid: Grid;
beforeAll(async () => {
  hub = await freshHub();
  database = hub.database;
});
afterAll(() => hub.close());
beforeEach(async () => {
  await database.sql`truncate activity.activity_runs, findings, repos cascade`;
  grid = await layGrid(database);
});

const compare = (slots: number, terms: object = {}): Promise<Comparison> =>
  compareInDatabase(database.sql, { ...grid.terms(slots), ...terms });

async function compared(plays: readonly Play[]): Promise<Comparison> {
  await play(database, grid, plays);
  return compare(Math.max(...plays.map(({ strip }) => strip.length)));
}

/** Baseline and candidate, and what their newest reports say. */
function both(
  baseline: string,
  candidate: string,
  newest: Partial<Record<"baseline" | "candidate", Play["newest"]>> = {},
) {
  return [
    { source: BASELINE, strip: baseline, ...(newest.baseline ? { newest: newest.baseline } : {}) },
    { source: CANDIDATE, strip: candidate, ...(newest.candidate ? { newest: newest.candidate } : {}) },
  ];
}

interface Situation {
  readonly name: string;
  readonly baseline: string;
  readonly candidate: string;
  readonly newest?: Parameters<typeof both>[2];
  readonly verdict: Verdict;
  /** The first reason. */
  readonly because: string;
  /** Of the candidate; what is not said is 0, but for expected and fired. */
  readonly figures: Partial<SourceFigures>;
}

const FULL = "=".repeat(24);
const many = Array.from({ length: 200 }, (_, index) => finding({ subject: `A-WP-${index}` }));

const SITUATIONS: readonly Situation[] = [
  {
    name: "both fired in each slot",
    baseline: FULL,
    candidate: FULL,
    verdict: "ready",
    because: "k8s-cronjob fired in 24 of 24 slots (100 %)",
    figures: { expected: 24, fired: 24, completed: 24 },
  },
  {
    name: "too early: eleven slots",
    baseline: "=".repeat(11),
    candidate: "=".repeat(11),
    verdict: "not_enough_evidence",
    because: "11 slots of GRID in the last",
    figures: { expected: 11, fired: 11, completed: 11 },
  },
  {
    name: "the candidate missed two of 24 slots",
    baseline: FULL,
    candidate: `=.=.${"=".repeat(20)}`,
    verdict: "not_ready",
    because: "k8s-cronjob fired in 22 of 24 slots (91.6 %); at least 95 % are wanted",
    figures: { expected: 24, fired: 22, completed: 22, missed: 2 },
  },
  {
    name: "the candidate missed one of 20 slots, and the baseline most of them",
    baseline: `...............${"=".repeat(5)}`,
    candidate: `=.${"=".repeat(18)}`,
    verdict: "ready",
    because: "k8s-cronjob fired in 19 of 20 slots (95 %)",
    figures: { expected: 20, fired: 19, completed: 19, missed: 1 },
  },
  {
    name: "the candidate had one automation error more",
    baseline: `X${"=".repeat(23)}`,
    candidate: `X=K${"=".repeat(21)}`,
    verdict: "not_ready",
    because: "k8s-cronjob has more automation errors than local-timer: 2 and 1",
    figures: { expected: 24, fired: 24, completed: 22, automation_errors: 2 },
  },
  {
    name: "a failing run of each",
    baseline: `X${"=".repeat(23)}`,
    candidate: `=X${"=".repeat(22)}`,
    verdict: "ready",
    because: "k8s-cronjob fired in 24 of 24 slots (100 %)",
    figures: { expected: 24, fired: 24, completed: 23, automation_errors: 1 },
  },
  {
    name: "nothing but lock overlaps, turn by turn",
    baseline: "=s".repeat(12),
    candidate: "s=".repeat(12),
    verdict: "ready",
    because: "k8s-cronjob fired in 24 of 24 slots (100 %)",
    figures: { expected: 24, fired: 24, completed: 12, lock_skipped: 12 },
  },
  {
    name: "a candidate that never got the lock",
    baseline: FULL,
    candidate: "s".repeat(24),
    verdict: "not_enough_evidence",
    because: "k8s-cronjob completed 0 runs; at least 3 are wanted",
    figures: { expected: 24, fired: 24, lock_skipped: 24 },
  },
  {
    name: "a candidate that was paused in the middle",
    baseline: FULL,
    candidate: "========........========",
    verdict: "not_ready",
    because: "k8s-cronjob fired in 16 of 24 slots (66.6 %); at least 95 % are wanted",
    figures: { expected: 24, fired: 16, completed: 16, missed: 8 },
  },
  {
    name: "a baseline that was paused so long that its last report is old",
    baseline: "==========..............",
    candidate: FULL,
    verdict: "not_enough_evidence",
    because: "14 slots lie between the newest completed reports of the two; to compare findings, at most 12",
    figures: { expected: 24, fired: 24, completed: 24 },
  },
  {
    name: "a baseline that is broken itself",
    baseline: "X".repeat(24),
    candidate: FULL,
    verdict: "not_enough_evidence",
    because: "local-timer completed 0 runs; at least 3 are wanted",
    figures: { expected: 24, fired: 24, completed: 24 },
  },
  {
    name: "a candidate that finds the hub down more often",
    baseline: `h${"=".repeat(23)}`,
    candidate: `h==h${"=".repeat(20)}`,
    verdict: "not_ready",
    because: "k8s-cronjob has more runs skipped for another reason than the lock than local-timer: 2 and 1",
    figures: { expected: 24, fired: 24, completed: 22, otherwise_skipped: 2 },
  },
  {
    name: "a candidate that stopped an hour ago, in a window so long that it hardly counts",
    baseline: "=".repeat(80),
    candidate: `${"=".repeat(76)}....`,
    verdict: "not_ready",
    because: "k8s-cronjob did its job in none of the newest 4 slots; at most 2 are let pass",
    figures: { expected: 80, fired: 76, completed: 76, missed: 4 },
  },
  {
    name: "a candidate that has failed of late, no more often than the baseline once did",
    baseline: `XXX${"=".repeat(21)}`,
    candidate: `${"=".repeat(21)}XXX`,
    verdict: "not_ready",
    because: "k8s-cronjob did its job in none of the newest 3 slots; at most 2 are let pass",
    figures: { expected: 24, fired: 24, completed: 21, automation_errors: 3 },
  },
  {
    name: "a candidate that missed the newest two of 40 slots",
    baseline: "=".repeat(40),
    candidate: `${"=".repeat(37)}s..`,
    verdict: "ready",
    because: "k8s-cronjob fired in 38 of 40 slots (95 %)",
    figures: { expected: 40, fired: 38, completed: 37, lock_skipped: 1, missed: 2 },
  },
  {
    name: "a candidate whose runs look at fewer repositories",
    baseline: FULL,
    candidate: FULL,
    newest: { baseline: { slugs: ["a", "b", "c", "d"] } },
    verdict: "not_ready",
    because: "k8s-cronjob looked at fewer repositories than local-timer: 3 and 4",
    figures: { expected: 24, fired: 24, completed: 24 },
  },
  {
    name: "a candidate whose runs look at more repositories",
    baseline: FULL,
    candidate: FULL,
    newest: { candidate: { slugs: ["a", "b", "c", "d"] } },
    verdict: "ready",
    because: "k8s-cronjob fired in 24 of 24 slots (100 %)",
    figures: { expected: 24, fired: 24, completed: 24 },
  },
  {
    name: "the same finding open in both",
    baseline: FULL,
    candidate: FULL,
    newest: {
      baseline: { findings: [finding()] },
      candidate: { findings: [finding({ message: "said otherwise", line: 9 })] },
    },
    verdict: "ready",
    because: "k8s-cronjob fired in 24 of 24 slots (100 %)",
    figures: { expected: 24, fired: 24, completed: 24, assessment: { "C-05": 1 } },
  },
  {
    name: "findings that differ, as many of each check",
    baseline: FULL,
    candidate: FULL,
    newest: {
      baseline: { findings: [finding()] },
      candidate: { findings: [finding({ subject: "A-WP-0002", path: null })] },
    },
    verdict: "not_ready",
    because: "Open findings differ: C-05 in alpha:workplans/one.md, C-05 in alpha:A-WP-0002",
    figures: { expected: 24, fired: 24, completed: 24, assessment: { "C-05": 1 } },
  },
  {
    name: "more findings than reports list, as many of each",
    baseline: FULL,
    candidate: FULL,
    newest: {
      baseline: { findings: many, totals: { "C-05": 250 } },
      candidate: { findings: many, totals: { "C-05": 250 } },
    },
    verdict: "not_enough_evidence",
    because: "So many findings are open (250) that the reports do not list them all",
    figures: { expected: 24, fired: 24, completed: 24, assessment: { "C-05": 250 } },
  },
  {
    name: "more findings than reports list, and not as many of each",
    baseline: FULL,
    candidate: FULL,
    newest: {
      baseline: { findings: many, totals: { "C-05": 250 } },
      candidate: { findings: many, totals: { "C-05": 250, "C-06": 1 } },
    },
    verdict: "not_ready",
    because: "Open findings differ: C-06 0 and 1",
    figures: { expected: 24, fired: 24, completed: 24, assessment: { "C-05": 250, "C-06": 1 } },
  },
];

const NONE = {
  completed: 0,
  lock_skipped: 0,
  otherwise_skipped: 0,
  missed: 0,
  automation_errors: 0,
  running: 0,
  unreported: 0,
};

describe("compareInDatabase()", () => {
  test.each(SITUATIONS.map((situation) => [situation.name, situation] as const))(
    "says of: %s",
    async (_, situation) => {
      const { baseline, candidate, newest, verdict, because, figures } = situation;
      const found = await compared(both(baseline, candidate, newest));
      const {
        strip: _strip,
        duration_ms: _duration,
        lateness_ms: _lateness,
        repos_covered: _repos,
        ...counts
      } = {
        ...(found.sources[CANDIDATE] as SourceFigures),
      };
      const assessment = candidate.includes("=") ? {} : null;
      expect({ verdict: found.verdict, counts }).toEqual({
        verdict,
        counts: { ...NONE, off_grid: 0, assessment, ...figures } as typeof counts,
      });
      expect(found.reasons[0]).toStartWith(because.replace("GRID", grid.cron));
      expect(found.slots).toHaveLength(candidate.length);
    },
  );

  test("tells of each source its strip, its times and what it looked at", async () => {
    await play(database, grid, [
      {
        source: BASELINE,
        strip: `${"=".repeat(8)}hXs=`,
        lateMs: 2_000,
        newest: { durationMs: 90_000, slugs: ["b", "d"] },
      },
      { source: CANDIDATE, strip: `==.${"=".repeat(9)}` },
      { source: "activity-core", strip: "=" },
    ]);
    const { sources, slots, window, thresholds } = await compare(12);
    expect(Object.keys(sources)).toEqual(["activity-core", CANDIDATE, BASELINE]);
    expect(sources[BASELINE]).toEqual({
      expected: 12,
      fired: 12,
      completed: 9,
      lock_skipped: 1,
      otherwise_skipped: 1,
      missed: 0,
      automation_errors: 1,
      running: 0,
      unreported: 0,
      off_grid: 0,
      assessment: {},
      duration_ms: { p50: 30_000, p95: 90_000, max: 90_000 },
      lateness_ms: { p50: 2_000, p95: 2_000, max: 2_000 },
      repos_covered: 4,
      strip: [...Array(8).fill("completed"), "skipped", "failed", "lock_skipped", "completed"],
    });
    expect(sources[CANDIDATE]).toMatchObject({ fired: 11, missed: 1, repos_covered: 3 });
    expect(sources["activity-core"]).toMatchObject({ expected: 12, fired: 1, missed: 11 });
    expect(slots).toEqual(grid.slots(12).map((at) => new Date(at).toISOString()));
    expect(Date.parse(window.until)).toBeGreaterThan(Date.parse(slots.at(-1) ?? ""));
    expect(thresholds).toMatchObject({ min_expected: 12, min_fired_percent: 95, min_completed: 3 });
  });

  test("counts no run by hand, none of another activity, none of the future and none twice", async () => {
    await play(database, grid, both(FULL, FULL));
    const newest = grid.slots(1)[0] ?? 0;
    const before = await compare(24);
    await database.transaction(async (tx) => {
      await playRun(tx, { source: "manual", sign: "X", firedAt: new Date(newest) });
      // The slot fires again, and this time fails to get the lock.
      await playRun(tx, { source: CANDIDATE, sign: "s", firedAt: new Date(newest + 60_000) });
      await playRun(tx, { source: CANDIDATE, sign: "X", firedAt: new Date(Date.now() + 86_400_000) });
      await tx`
        insert into activity.activity_runs (definition_id, source, scheduled_for, fired_at, status)
        select gen_random_uuid(), source, scheduled_for, fired_at, 'failed' from activity.activity_runs`;
    });
    const after = await compare(24);
    expect(after.sources).toEqual(before.sources);
    expect(after.verdict).toBe("ready");
  });

  test("believes no row that no slot explains, and says how many there were", async () => {
    await play(database, grid, both(FULL, `${"=".repeat(20)}....`));
    const missing = grid.slots(4);
    await database.sql`
      insert into activity.activity_runs (definition_id, source, scheduled_for, fired_at, finished_at, status, context_snapshot)
      select ${SWEEP_DEFINITION_ID}::uuid, ${CANDIDATE}, f.slot, f.fired, f.fired, 'succeeded', r.context_snapshot
      from (values (${new Date(missing[0] ?? 0)}::timestamptz, ${new Date((missing[0] ?? 0) + 900_000)}::timestamptz),
          (${new Date((missing[1] ?? 0) + 1_000)}, ${new Date((missing[1] ?? 0) + 2_000)}),
          (${new Date(missing[2] ?? 0)}, ${new Date((missing[2] ?? 0) - 61_000)})) f(slot, fired),
        (select context_snapshot from activity.activity_runs where source = ${CANDIDATE} limit 1) r`;
    const { verdict, reasons, sources } = await compare(24);
    expect(sources[CANDIDATE]).toMatchObject({ fired: 20, missed: 4, off_grid: 3 });
    expect(verdict).toBe("not_ready");
    expect(reasons.at(-1)).toBe(`Left aside, because no slot of ${grid.cron} explains it: 3 runs of ${CANDIDATE}`);
  });

  test.each([
    ["no report at all", "'{}'"],
    ["a report that is no object", `'{"consistency_sweep_remote_all": 7}'`],
    ["a report without the lock", "context_snapshot #- '{consistency_sweep_remote_all,lock_skipped}'"],
    ["a report without automation_error", "context_snapshot #- '{consistency_sweep_remote_all,automation_error}'"],
    ["a lock that is a word", `jsonb_set(context_snapshot, '{consistency_sweep_remote_all,lock_skipped}', '"no"')`],
  ])("takes no success for completed that comes with %s", async (_, snapshot) => {
    await play(database, grid, both(FULL, FULL));
    await database.sql.unsafe(
      `update activity.activity_runs set context_snapshot = ${snapshot} where source = '${CANDIDATE}'`,
    );
    const { verdict, sources } = await compare(24);
    expect(sources[CANDIDATE]).toMatchObject({ fired: 24, completed: 0, unreported: 24, assessment: null });
    expect(verdict).toBe("not_enough_evidence");
  });

  test.each([
    ["without its list", "context_snapshot #- '{consistency_sweep_remote_all,assessment_failures}'"],
    [
      "with a list that is none",
      `jsonb_set(context_snapshot, '{consistency_sweep_remote_all,assessment_failures}', '{}')`,
    ],
    [
      "with a list of words",
      `jsonb_set(context_snapshot, '{consistency_sweep_remote_all,assessment_failures}', '["x"]')`,
    ],
    ["without its totals", "context_snapshot #- '{consistency_sweep_remote_all,assessment_totals}'"],
  ])("cannot tell whether findings are the same from a report %s", async (_, snapshot) => {
    await play(database, grid, both(FULL, FULL));
    await database.sql.unsafe(
      `update activity.activity_runs set context_snapshot = ${snapshot} where source = '${BASELINE}'`,
    );
    const { verdict, reasons } = await compare(24);
    expect(verdict).toBe("not_enough_evidence");
    expect(reasons[0]).toContain("does not tell its open findings");
  });

  test("counts a run that was begun and never ended as fired, not as completed, and more of them as not ready", async () => {
    await play(database, grid, both(FULL, FULL));
    await database.sql`
      update activity.activity_runs set status = 'running', finished_at = null, context_snapshot = '{}'
      where source = ${CANDIDATE} and scheduled_for = ${new Date(grid.slots(1)[0] ?? 0)}`;
    const { verdict, reasons, sources } = await compare(24);
    expect(sources[CANDIDATE]).toMatchObject({ fired: 24, completed: 23, running: 1 });
    expect([verdict, reasons[0]]).toEqual([
      "not_ready",
      "k8s-cronjob has more runs that never ended than local-timer: 1 and 0",
    ]);
  });

  test("is never ready without a schedule, without rows, or of sources that nobody has", async () => {
    await play(database, grid, both(FULL, FULL));
    const unknown = await compare(24, { schedule: null });
    expect(unknown).toMatchObject({ verdict: "not_enough_evidence", slots: [], again: null });
    expect(unknown.reasons).toEqual([
      `Nobody knows the schedule of ${SWEEP_DEFINITION_ID}: its row in the hub has none, or there is no row and its file has none`,
    ]);
    const elsewhere = await compare(24, { definitionId: "00000000-0000-0000-0000-000000000001" });
    expect(elsewhere).toMatchObject({
      verdict: "not_enough_evidence",
      sources: { [CANDIDATE]: { fired: 0, missed: 24 } },
    });
    const nobody = await compare(24, { candidate: "kubernetes-cronjob" });
    expect(nobody).toMatchObject({
      verdict: "not_enough_evidence",
      sources: { "kubernetes-cronjob": { fired: 0 }, [CANDIDATE]: { fired: 24 } },
    });
    await expect(compare(24, { candidate: BASELINE })).rejects.toMatchObject({ kind: "usage" });
    await expect(compare(24, { schedule: "every now and then" })).rejects.toMatchObject({ kind: "automation" });
  });
});

describe("compareInDatabase(), of findings that only one report lists,", () => {
  /** The candidate's newest run is one slot before the baseline's. */
  const STRIPS = { baseline: FULL, candidate: `${"=".repeat(23)}s` };
  const [earlier, later] = [1, 0];

  async function open(given: {
    seen: number;
    closed?: number;
    reopened?: number;
    removed?: boolean;
  }): Promise<OpenFinding> {
    const ends = (ago: number) => new Date((grid.slots(ago + 1)[0] ?? 0) + 31_000).toISOString();
    const { seen, closed, reopened = 0, removed = false } = given;
    const [row] = await database.sql<{ first_seen: string }[]>`
      with r as (
        insert into repos (slug, default_branch, removed_at) values ('alpha', 'main', case when ${removed} then now() end) returning id)
      insert into findings (repo_id, finding_key, origin, check_id, severity, path, subject, message, first_seen, closed_at, times_reopened)
      select id, 'k', 'repo', 'C-05', 'error', 'workplans/one.md', 'A-WP-0001', 'm', ${ends(seen)}::timestamptz + interval '17 us',
        ${closed === undefined ? null : ends(closed)}::timestamptz, ${reopened} from r
      returning to_json(first_seen) #>> '{}' as first_seen`;
    return finding({ first_seen: row?.first_seen ?? null });
  }

  async function judged(listedIn: "baseline" | "candidate", row: Parameters<typeof open>[0]) {
    const listed = { findings: [await open(row)] };
    return compared(both(STRIPS.baseline, STRIPS.candidate, { [listedIn]: listed }));
  }

  test.each([
    ["baseline", "opened between the reports", { seen: later }],
    ["candidate", "closed between the reports", { seen: 5, closed: later }],
  ] as const)("leaves aside one of the %s that was %s", async (listedIn, _, row) => {
    const { verdict, reasons } = await judged(listedIn, row);
    expect(verdict).toBe("ready");
    expect(reasons.at(-1)).toBe(
      "Left aside, because it came or went between the two reports: C-05 in alpha:workplans/one.md",
    );
  });

  test.each([
    ["baseline", "opened before both", { seen: 5 }],
    ["candidate", "still open", { seen: 5 }],
    ["candidate", "closed before both, by what its row says", { seen: 5, closed: 3 }],
    ["baseline", "opened between the reports, but not for the first time", { seen: later, reopened: 1 }],
    ["candidate", "closed between the reports, but not for the first time", { seen: 5, closed: later, reopened: 1 }],
    ["baseline", "in a repository that is gone", { seen: later, removed: true }],
    ["candidate", "opened by the earlier run itself", { seen: earlier }],
  ] as const)("is not ready for one of the %s that was %s", async (listedIn, _, row) => {
    const { verdict, reasons } = await judged(listedIn, row);
    expect([verdict, reasons[0]]).toEqual(["not_ready", "Open findings differ: C-05 in alpha:workplans/one.md"]);
  });

  test("asks of no more than twenty what became of them", async () => {
    const { first_seen } = await open({ seen: later });
    const others = Array.from({ length: 20 }, () => finding({ first_seen }));
    const listed = both(STRIPS.baseline, STRIPS.candidate, { baseline: { findings: others } });
    expect((await compared(listed)).verdict).toBe("ready");
    await database.sql`truncate activity.activity_runs`;
    const more = { baseline: { findings: [...others, finding({ first_seen })] } };
    expect((await compared(both(STRIPS.baseline, STRIPS.candidate, more))).verdict).toBe("not_ready");
  });
});

describe("compareInDatabase(), when it is too early,", () => {
  test("says from when on there may be enough, counted from the slot in which both had begun", async () => {
    await play(database, grid, both(FULL, `${".".repeat(18)}${"=".repeat(6)}`));
    const { verdict, again } = await compare(24);
    const begun = grid.slots(6)[0] ?? 0;
    expect(verdict).toBe("not_ready");
    expect(again).toEqual({ at: new Date(begun + 4 * 3_600_000).toISOString(), hours: 4 });
  });

  test("says that a longer window is enough where both have long been at it", async () => {
    await play(database, grid, both(FULL, FULL));
    const { verdict, again } = await compare(8);
    expect([verdict, again?.hours]).toEqual(["not_enough_evidence", 4]);
    expect(Date.parse(again?.at ?? "")).toBeLessThanOrEqual(Date.now() + 1_000);
    expect(await compare(24, { hours: 4 })).toMatchObject({ verdict: "ready", again: null });
  });

  test("says that a shorter window is enough where the candidate began within it", async () => {
    await play(database, grid, both("=".repeat(40), `${".".repeat(16)}${"=".repeat(24)}`));
    const { verdict, again } = await compare(40);
    expect([verdict, again?.hours]).toEqual(["not_ready", 5]);
    expect((await compare(40, { hours: again?.hours })).verdict).toBe("ready");
  });

  test.each([
    ["has missed too much since it began", `${".".repeat(12)}=..=..======`],
    ["never fired", ".".repeat(24)],
    ["began with the window and failed", `=X${"=".repeat(22)}`],
  ])("promises nothing where the candidate %s", async (_, candidate) => {
    const { verdict, again } = await compared(both(FULL, candidate));
    expect([verdict === "ready", again]).toEqual([false, null]);
  });
});

test("compareInDatabase() tells the report of a slot's newer attempt, and one run", async () => {
  const [slot = 0] = grid.slots(1);
  await play(database, grid, both(FULL, `${"=".repeat(23)}X`));
  const report = {
    runId: Bun.randomUUIDv7(),
    source: CANDIDATE,
    firedAt: new Date(slot + 120_000),
    sign: "=",
  } as const;
  await database.transaction((tx) => recordSweep(tx, { report: reportOf(report), at: report.firedAt.toISOString() }));
  const { sources, verdict } = await compare(24);
  expect(sources[CANDIDATE]).toMatchObject({ fired: 24, completed: 24, automation_errors: 0 });
  expect(verdict).toBe("ready");
});

test("scheduleInHub() tells no schedule from no definition", async () => {
  const { sql } = database;
  expect(await scheduleInHub(sql, SWEEP_DEFINITION_ID)).toBe(grid.cron);
  await sql`update activity.activity_definitions set definition = '{"trigger": {"event": "org.statehub.task.stale"}}'`;
  expect(await scheduleInHub(sql, SWEEP_DEFINITION_ID)).toBeNull();
  await sql`delete from activity.activity_definitions`;
  expect(await scheduleInHub(sql, SWEEP_DEFINITION_ID)).toBeUndefined();
});
