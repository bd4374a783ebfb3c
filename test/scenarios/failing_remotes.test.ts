// Sweeps over remotes that fail, each in its own way, and all in the same runs: what a sweep says of each, what it leaves
// alone, when it comes back to it, and that nobody else has to wait for it.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { FleetResult } from "../../lib/consistency/run_ledger.ts";
import { type FailingFleet, failingFleet, refusing, type Stage, secondPlan, WELL } from "../support/failing_fleet.ts";
import {
  canMount,
  contentOf,
  fill,
  freeDisk,
  leftoversIn,
  onSmallDisk,
  UNREADABLE,
} from "../support/failing_remotes.ts";
import { workplanText } from "../support/git_repo.ts";
import { HANGING, type HangingHistory, hangingHistory, slugOf, WELL_BESIDE } from "../support/hanging_remotes.ts";
import { planOf, planPath, type SweptFleet, type SweptRepo, sweptFleet } from "../support/swept_fleet.ts";

const WATCHDOG = 120_000;
/** Refuses what sweeps push, and takes what people push: a new commit may help. */
const RETRIED = "unwilling";

let world: FailingFleet;
/** One after the other; eleven minutes pass before `waiting`, eleven more before `due`. */
let stages: Record<"first" | "broken" | "waiting" | "due" | "byHand" | "mended" | "after", Stage>;
const contents = new Map<string, string>();
let hanging: Promise<HangingHistory>;

beforeAll(async () => {
  // Its sweep waits ten seconds for others: meanwhile there is much to do here.
  hanging = hangingHistory();
  world = await failingFleet();
  const { fleet, sweep } = world;
  const first = await sweep("--source", "manual");
  await world.break();
  for (const { slug } of refusing) contents.set(slug, await contentOf(world.repo(slug)));
  const broken = await sweep();
  await fleet.passTime(11);
  for (const { slug } of refusing) contents.set(`${slug} later`, await contentOf(world.repo(slug)));
  await world.push(RETRIED);
  const waiting = await sweep();
  await fleet.passTime(11);
  const due = await sweep();
  await fleet.hub.database.sql`update writeback_intents set created_at = created_at - interval '1 hour'`;
  const byHand = await sweep("--source", "manual");
  await world.mend();
  await world.push("forced");
  const mended = await sweep("--source", "manual");
  const after = await sweep();
  stages = { first, broken, waiting, due, byHand, mended, after };
}, WATCHDOG);
afterAll(() => world.close());

const minutesBetween = (from: string | null | undefined, to: string | null | undefined) =>
  Math.round((Date.parse(to ?? "") - Date.parse(from ?? "")) / 60_000);
const checks = (stage: Stage, slug: string) => stage.findings(slug).map(({ check }) => check);
const missing = (stage: Stage, slug: string) => stage.rows(slug).filter((row) => row.missing);
const syncCommits = async ({ bare }: SweptRepo, branch = "main") =>
  (await bare.git("log", "--author=State Hub sync", "--format=%H", branch)).split("\n").filter(Boolean).length;

describe("a sweep over a path, ssh and https together", () => {
  test("reads them all, writes back to each, and ends with 0", async () => {
    const { code, report, processed } = stages.first;
    expect({ code, error: report.automation_error, open: report.assessment_failures }).toEqual({
      code: 0,
      error: null,
      open: [],
    });
    for (const slug of WELL) {
      expect(processed(slug)?.actions).toMatchObject({ created: 2, written_back: 2, pending_writeback: 0 });
      const text = await world.repo(slug).bare.git("show", `main:${planPath(slug)}`);
      for (const { id } of stages.first.rows(slug).slice(0, 1)) expect(text).toContain(id);
    }
  });

  test("does so beside others that fail, and in its own time", async () => {
    expect({ code: stages.broken.code, error: stages.broken.report.automation_error }).toEqual({
      code: 0,
      error: null,
    });
    for (const slug of WELL) {
      expect(stages.broken.processed(slug)?.actions).toMatchObject({ created: 2, written_back: 2 });
      expect(await syncCommits(world.repo(slug))).toBe(2);
      expect(stages.broken.states[slug]).toMatchObject({ failures: 0, retry_at: null, problem: null });
      expect(checks(stages.broken, slug)).toEqual([]);
    }
  });
});

describe.each(UNREADABLE.map((each) => [each.what, each] as const))(
  "a remote that %s",
  (_, { slug, says, tellsTip }) => {
    test("is told by C-06, is no row's end, and waits for a quarter of an hour", () => {
      const { findings, states, report } = stages.broken;
      expect(findings(slug)).toEqual([
        expect.objectContaining({ check: "C-06", severity: "error", observed: expect.stringMatching(says) as string }),
      ]);
      const { failures, problem, tried_at, retry_at, ok_at } = states[slug] ?? {};
      expect({ failures, wait: minutesBetween(tried_at, retry_at) }).toEqual({ failures: 1, wait: 15 });
      expect(problem).toMatch(says);
      if (!tellsTip) expect(Date.parse(ok_at ?? "")).toBeLessThan(Date.parse(tried_at ?? ""));
      expect(report.skipped_missing).toContain(slug);
      expect(stages.broken.rows(slug)).toEqual(stages.first.rows(slug));
      expect(missing(stages.broken, slug)).toEqual([]);
    });

    test("is not asked again before that, then is, and waits for half an hour; its rows stay", () => {
      const { broken, waiting, due } = stages;
      expect(waiting.contacts(slug)).toBe(broken.contacts(slug));
      if (!tellsTip) expect(minutesBetween(waiting.states[slug]?.tried_at, broken.states[slug]?.tried_at)).toBe(11);
      expect(checks(waiting, slug)).toEqual(["C-06"]);
      expect(waiting.report.remarks).toContainEqual(expect.stringMatching(new RegExp(`^${slug}: not .* before`)));
      if (due.contacts(slug) !== null) expect(due.contacts(slug)).toBeGreaterThan(broken.contacts(slug) ?? 0);
      const { failures, tried_at, retry_at } = due.states[slug] ?? {};
      expect({ failures, wait: minutesBetween(tried_at, retry_at) }).toEqual({ failures: 2, wait: 30 });
      expect(due.rows(slug)).toEqual(stages.first.rows(slug));
      expect(missing(due, slug)).toEqual([]);
    });

    test("is asked at once when a person asks", () => {
      const { due, byHand } = stages;
      if (due.contacts(slug) !== null) expect(byHand.contacts(slug)).toBeGreaterThan(due.contacts(slug) ?? 0);
      expect(Date.parse(byHand.states[slug]?.tried_at ?? "")).toBeGreaterThan(
        Date.parse(due.states[slug]?.tried_at ?? ""),
      );
      expect(byHand.rows(slug)).toEqual(stages.first.rows(slug));
    });

    test("is as before when it is back: the finding is closed, nothing was lost or doubled", async () => {
      expect(stages.mended.findings(slug)).toEqual([]);
      expect(stages.mended.states[slug]).toMatchObject({ failures: 0, retry_at: null, problem: null });
      expect(stages.after.rows(slug)).toEqual(stages.first.rows(slug));
      expect(stages.after.report.skipped_clean).toContain(slug);
    });
  },
);

describe.each(refusing.map(({ what, slug, says }) => [what, slug, says] as const))(
  "a remote that %s",
  (_, slug, says) => {
    test("is read all the same, and keeps what it had, to the object", async () => {
      const { processed, findings, rows } = stages.broken;
      expect(processed(slug)?.actions).toMatchObject({ created: 2, written_back: 0, pending_writeback: 2 });
      expect(rows(slug)).toHaveLength(stages.first.rows(slug).length + 2);
      expect(findings(slug)).toEqual([]);
      expect(stages.broken.report.remarks).toContainEqual(
        expect.stringMatching(new RegExp(`^${slug}: corrections wait:`)),
      );
      expect(contents.get(`${slug} later`)).toBe(contents.get(slug) ?? "");
      expect(leftoversIn(world.repo(slug))).toEqual([]);
    });

    test("waits for a quarter of an hour, then for half, with the reason", () => {
      const { failures, problem, tried_at, retry_at, tip } = stages.broken.states[slug] ?? {};
      expect({ failures, wait: minutesBetween(tried_at, retry_at) }).toEqual({ failures: 1, wait: 15 });
      expect(problem).toMatch(says);
      expect(tip).toMatch(/^[0-9a-f]{40}$/);
      if (slug === RETRIED) return;
      expect(stages.waiting.calls(slug)).toBe(stages.broken.calls(slug));
      expect(stages.waiting.report.remarks).toContainEqual(
        expect.stringMatching(new RegExp(`^${slug}: not tried again before`)),
      );
      expect(stages.due.states[slug]).toMatchObject({ failures: 2 });
    });

    test("is told by C-15 after an hour, and takes the corrections once when it can", async () => {
      expect(stages.byHand.findings(slug)).toEqual([
        expect.objectContaining({
          check: "C-15",
          path: secondPlan(slug),
          observed: expect.stringMatching(says) as string,
        }),
      ]);
      expect(stages.mended.processed(slug)?.actions).toMatchObject({ written_back: 2, pending_writeback: 0 });
      expect(stages.mended.findings(slug)).toEqual([]);
      expect(await syncCommits(world.repo(slug))).toBe(2);
      expect(stages.after.rows(slug)).toEqual(stages.broken.rows(slug));
      expect(stages.after.states[slug]).toMatchObject({ failures: 0, problem: null });
      await world.repo(slug).bare.git("fsck", "--strict", "--no-dangling");
    });
  },
);

describe("a refused push", () => {
  test("is tried at once after a new commit, and by hand", () => {
    const calls = (stage: Stage) => stage.calls(RETRIED);
    const { broken, waiting, due, byHand } = stages;
    // One for the person's own push.
    expect([calls(broken), calls(waiting), calls(due), calls(byHand)]).toEqual([1, 3, 3, 4]);
    expect(waiting.states[RETRIED]).toMatchObject({ failures: 1 });
  });
});

describe("a remote that changes", () => {
  test.each([
    ["raced", "while our push is judged there"],
    ["overtaken", "between our fetch and our push"],
  ])("%s, %s: the faster one stays, and the next run starts from there", async (slug) => {
    const { broken, waiting } = stages;
    expect(broken.processed(slug)?.actions).toMatchObject({ created: 2, written_back: 0, pending_writeback: 2 });
    expect(broken.states[slug]).toMatchObject({ failures: 0, retry_at: null });
    expect(broken.report.remarks).toContainEqual(expect.stringMatching(new RegExp(`^${slug}: corrections wait: `)));
    expect(waiting.processed(slug)?.actions).toMatchObject({ created: 0, written_back: 2, pending_writeback: 0 });
    const { bare } = world.repo(slug);
    expect(await bare.git("log", "--format=%an", "-3", "main")).toBe("State Hub sync\nTest\nTest\n");
    expect(await bare.git("show", "main:somebody.txt")).toBe("was faster\n");
    await bare.git("fsck", "--strict", "--no-dangling");
  });

  test("by a renamed default branch is followed there, and the checkout is told to", async () => {
    expect(stages.broken.processed("renamed")?.actions).toMatchObject({ created: 2, written_back: 2 });
    const { bare } = world.repo("renamed");
    expect(await bare.git("for-each-ref", "--format=%(refname)")).toBe("refs/heads/trunk\n");
    expect(await syncCommits(world.repo("renamed"), "trunk")).toBe(2);
    expect(stages.broken.findings("renamed")).toEqual([
      expect.objectContaining({ check: "C-16", observed: "HEAD is on main, not on trunk" }),
    ]);
  });

  test("by becoming shallow is read and written to", async () => {
    expect(stages.broken.processed("shallow")?.actions).toMatchObject({ created: 2, written_back: 2 });
    expect(existsSync(join(world.repo("shallow").path, "shallow"))).toBe(true);
    expect(stages.after.findings("shallow")).toEqual([]);
  });

  test("by a forced push is applied with a warning; what it takes away is only sighted", () => {
    const { broken, first, mended } = stages;
    expect(checks(broken, "forced").sort()).toEqual(["C-06", "C-08", "C-16"]);
    expect(broken.findings("forced")).toContainEqual(
      expect.objectContaining({ check: "C-06", severity: "warning", observed: broken.processed("forced")?.head ?? "" }),
    );
    expect(broken.processed("forced")?.actions).toMatchObject({ orphaned: 0, written_back: 2 });
    expect(broken.rows("forced").map(({ id }) => id)).toEqual(first.rows("forced").map(({ id }) => id));
    expect(missing(broken, "forced").map(({ name }) => name)).toEqual(["FORCED-WP-0002"]);
    expect(checks(mended, "forced")).not.toContain("C-06");
  });
});

describe("remotes that hang", () => {
  test.each(HANGING.map((name) => [name, slugOf(name)] as const))("%s: each is told, and waits", async (_, slug) => {
    const { settled, hung, waiting } = await hanging;
    const found = hung.report.assessment_failures.filter(({ repo }) => repo === slug);
    expect(found).toEqual([
      expect.objectContaining({
        check: "C-06",
        observed: expect.stringMatching(/^no answer within 10 s|timed out/) as string,
      }),
    ]);
    expect(hung.states[slug]).toMatchObject({ failures: 1 });
    expect(hung.report.skipped_missing).toContain(slug);
    expect(hung.contacts[slug]).toBeGreaterThan(settled.contacts[slug] ?? 0);
    expect(waiting.contacts[slug]).toBe(hung.contacts[slug] ?? 0);
    expect(hung.rows[slug]).toBe(settled.rows[slug] as never);
  });

  test("each have a deadline of their own, and together take no longer than one", async () => {
    const { hung, waiting } = await hanging;
    expect(hung).toMatchObject({ code: 0, report: { automation_error: null, skipped_budget: [] } });
    expect(hung.report.duration_ms).toBeGreaterThan(9_500);
    // Eight at once; one after the other they would take 80 s.
    expect(hung.report.duration_ms).toBeLessThan(25_000);
    expect(waiting.report.duration_ms).toBeLessThan(9_500);
  });

  test("do not keep the others from being swept", async () => {
    const { hung, mended } = await hanging;
    for (const slug of WELL_BESIDE) expect(hung.states[slug]).toMatchObject({ failures: 0, problem: null });
    expect([...hung.report.skipped_clean].sort()).toEqual([...WELL_BESIDE]);
    expect(mended).toMatchObject({ code: 0, report: { automation_error: null, assessment_failures: [] } });
    expect(mended.report.skipped_missing).toEqual([]);
    expect(Object.values(mended.states).filter(({ failures }) => failures > 0)).toEqual([]);
  });
});

async function inFleet(work: (fleet: SweptFleet) => Promise<void>): Promise<void> {
  const fleet = await sweptFleet();
  try {
    await work(fleet);
  } finally {
    await fleet.close();
  }
}

describe.if(canMount)("a disk that is full where the mirrors are", () => {
  const noise = () => crypto.getRandomValues(new Uint8Array(65_536));
  const open = ({ report }: FleetResult) =>
    report.assessment_failures.map(({ check, repo, observed }) => `${check} ${repo} ${observed}`);

  test("is told for whoever needs room there; others are swept, and all are when there is room", () =>
    inFleet(async (fleet) => {
      onSmallDisk(fleet.home, "3m");
      try {
        const large = { [planPath("large")]: planOf("large"), noise: Buffer.concat(Array.from({ length: 80 }, noise)) };
        await fleet.add("large", { files: large, checkout: false });
        const small = await fleet.add("small", { checkout: false });
        await fleet.add("still", { checkout: false });
        const noRoom = expect.stringMatching(/^C-06 large .*No space left on device/) as string;
        const first = await fleet.sweep({}, { atOnce: 1 });
        expect({ exit: first.report.exit_code, open: open(first) }).toEqual({ exit: 0, open: [noRoom] });
        expect(first.report.repos_processed.map(({ slug }) => slug)).toEqual(["small", "still"]);

        await small.clone.git("pull", "--quiet", "origin", "main");
        await small.push({ "workplans/SMALL-WP-0002.md": workplanText({ id: "SMALL-WP-0002" }) });
        fill(join(fleet.home, "filler"));
        const full = await fleet.sweep({ source: "manual" });
        expect(open(full)).toEqual([noRoom, expect.stringMatching(/^C-06 small .*No space left on device/) as string]);
        expect(full.report).toMatchObject({ exit_code: 0, skipped_clean: ["still"], automation_error: null });

        rmSync(join(fleet.home, "filler"));
        Bun.spawnSync(["mount", "-o", "remount,size=64m", fleet.home]);
        const after = await fleet.sweep({ source: "manual" });
        expect({ exit: after.report.exit_code, open: open(after) }).toEqual({ exit: 0, open: [] });
        expect(after.report.repos_processed.map(({ slug, actions }) => [slug, actions.written_back])).toEqual([
          ["large", 2],
          ["small", 1],
        ]);
      } finally {
        freeDisk(fleet.home);
      }
    }));
});

describe("all remotes at once", () => {
  test("that are missing are C-00 and exit 2, also while they wait; nothing is orphaned", () =>
    inFleet(async (fleet) => {
      const made = [await fleet.add("one"), await fleet.add("two")];
      await fleet.sweep();
      for (const { path } of made) rmSync(path, { recursive: true });
      for (const sweep of ["first", "second", "third"]) {
        const { report, hint } = await fleet.sweep();
        expect({ sweep, exit: report.exit_code, error: report.automation_error }).toEqual({
          sweep,
          exit: 2,
          error: {
            check: "C-00",
            message: expect.stringContaining("no remote of any repository") as string,
            repo: null,
          },
        });
        expect(hint).not.toBeNull();
        expect(report.assessment_totals).toEqual({ "C-06": 2 });
        await fleet.passTime(11);
      }
      const gone = await fleet.hub.database
        .sql`select 1 from workstreams where missing_since is not null or orphaned_at is not null`;
      expect(gone.length).toBe(0);
    }));
});
