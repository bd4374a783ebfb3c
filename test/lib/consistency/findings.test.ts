// A finding over time: opened, seen again, closed, re-opened; and a run over unchanged input that writes nothing.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { waitUntil } from "../../../lib/wait_until.ts";
import { makeRepo, type TestRepo, temporaryFolder, workplanText } from "../../support/git_repo.ts";
import { freshHub, type TestHub } from "../../support/hub.ts";
import { rowVersions } from "./row_versions.ts";

let hub: TestHub;
const folder = temporaryFolder();
beforeAll(async () => {
  hub = await freshHub();
});
afterAll(async () => {
  await hub.close();
  folder.remove();
});

interface Stored {
  readonly first_seen: string;
  readonly last_seen: string;
  readonly seen_count: number;
  readonly times_reopened: number;
  readonly line: number | null;
  readonly open: boolean;
}

async function findingOf(subject: string): Promise<Stored> {
  const rows = await hub.database.sql<Stored[]>`
    select first_seen::text, last_seen::text, seen_count, times_reopened, line, closed_at is null as open
    from findings where subject = ${subject}`;
  expect(rows).toHaveLength(1);
  return rows[0] as Stored;
}

function plan(id: string, status: string, above = ""): Record<string, string> {
  const text = workplanText({ id, tasks: [{ id: `${id}-T01`, status }] });
  return { [`workplans/${id}.md`]: text.replace("# Plan", `${above}# Plan`) };
}

async function check(repo: TestRepo, full = false): Promise<number> {
  const { report } = await hub.check({ path: repo.path }, { full });
  expect(report.automation_error).toBeNull();
  return report.exit_code;
}

describe("storeFindings()", () => {
  test("keeps first_seen through commits, counts commits and not looks, closes what was mended, re-opens what is back", async () => {
    const repo = await makeRepo(folder.path, "time", plan("FA-WP-0001", "toodo"));
    const subject = "FA-WP-0001-T01";
    expect(await check(repo)).toBe(1);
    const opened = await findingOf(subject);
    expect(opened).toMatchObject({ seen_count: 1, times_reopened: 0, open: true });
    expect(await check(repo, true)).toBe(1);
    expect(await findingOf(subject)).toEqual(opened);

    await repo.commit(plan("FA-WP-0001", "toodo", "One line more.\n\n"));
    expect(await check(repo)).toBe(1);
    const again = await findingOf(subject);
    expect(again).toMatchObject({
      first_seen: opened.first_seen,
      seen_count: 2,
      line: (opened.line ?? 0) + 2,
      open: true,
    });
    expect(again.last_seen > opened.last_seen).toBe(true);

    await repo.commit(plan("FA-WP-0001", "todo"));
    expect(await check(repo)).toBe(0);
    expect(await findingOf(subject)).toMatchObject({ seen_count: 2, times_reopened: 0, open: false });

    await repo.commit(plan("FA-WP-0001", "toodo"));
    expect(await check(repo)).toBe(1);
    expect(await findingOf(subject)).toMatchObject({
      first_seen: opened.first_seen,
      seen_count: 3,
      times_reopened: 1,
      open: true,
    });
  });

  test("closes nothing of a repository that could not be read, and nothing of one outside the run", async () => {
    const repo = await makeRepo(folder.path, "unread", plan("FA-WP-0002", "toodo"));
    const other = await makeRepo(folder.path, "other", plan("FA-WP-0003", "todo"));
    expect(await check(repo)).toBe(1);
    await check(other);
    expect(await findingOf("FA-WP-0002-T01")).toMatchObject({ open: true });
    await repo.git("update-ref", "-d", "refs/heads/main");
    expect(await check(repo)).toBe(1);
    expect(await findingOf("FA-WP-0002-T01")).toMatchObject({ open: true, seen_count: 1 });
  });

  test("tells two mistakes of one kind in one place apart, and closes the one that was mended", async () => {
    const secret = (letter: string) => ["AKIA", letter.repeat(16)].join("");
    const text = (...lines: string[]) => ({
      "workplans/FA-WP-0004.md": `${workplanText({ id: "FA-WP-0004" })}${lines.join("\n")}\n`,
    });
    const repo = await makeRepo(folder.path, "twice", text(secret("A"), secret("B")));
    const lines = async () => {
      const { report } = await hub.check({ path: repo.path });
      return report.assessment_failures.map(({ line }) => line);
    };
    expect(await lines()).toHaveLength(2);
    await repo.commit(text("Nothing.", secret("B")));
    expect(await lines()).toHaveLength(1);
  });
});

describe("openFindings()", () => {
  test("lists the worst first, then the oldest, with totals of all", async () => {
    const files = {
      ...plan("FA-WP-0010", "toodo"),
      "workplans/other-name.md": workplanText({ id: "FA-WP-0011" }),
      "workplans/FA-WP-0012.md": workplanText({ id: "FA-WP-0012" }).replace("owner: somebody\n", ""),
    };
    const repo = await makeRepo(folder.path, "order", files);
    const { report } = await hub.check({ path: repo.path });
    expect(report.assessment_failures.map(({ severity }) => severity)).toEqual(["error", "error", "warning"]);
    expect(report.assessment_totals).toEqual({ "C-02": 1, "C-04": 1, "C-18": 1 });
    expect(report).toMatchObject({ truncated: false, exit_code: 1 });
  });

  test("cuts the list at 200 and not the totals, nor the exit code", async () => {
    const tasks = Array.from({ length: 210 }, (_, n) => ({ id: `FX-WP-0001-T${n + 100}` }));
    const late = plan("FA-WP-0021", "toodo");
    const repo = await makeRepo(folder.path, "many", {
      "workplans/FA-WP-0020.md": workplanText({ id: "FA-WP-0020", tasks }),
    });
    const first = await hub.check({ path: repo.path });
    expect(first.report).toMatchObject({ truncated: true, assessment_totals: { "C-04": 210 }, exit_code: 0 });
    expect(first.report.assessment_failures).toHaveLength(200);
    await repo.commit(late);
    const { report } = await hub.check({ path: repo.path });
    expect(report).toMatchObject({ assessment_totals: { "C-04": 210, "C-18": 1 }, exit_code: 1 });
    expect(report.assessment_failures[0]).toMatchObject({ check: "C-18" });
  });
});

describe("findInEdits()", () => {
  test("tells of an edit that is not committed, stores nothing of it, and says so", async () => {
    const repo = await makeRepo(folder.path, "edit", plan("FA-WP-0030", "todo"));
    await check(repo);
    repo.edit(plan("FA-WP-0030", "toodo"));
    const { report, remarks } = await hub.check({ path: repo.path });
    expect(report.assessment_failures).toMatchObject([
      { check: "C-18", subject: "FA-WP-0030-T01", first_seen: null, message: expect.stringContaining("not committed") },
    ]);
    expect(report.exit_code).toBe(1);
    expect(remarks.join()).toContain("workplans/FA-WP-0030.md");
    const stored = await hub.database.sql`
      select (select count(*)::int from findings where subject = 'FA-WP-0030-T01') as findings, status
      from tasks where task_id = 'FA-WP-0030-T01'`;
    expect([...stored]).toEqual([{ findings: 0, status: "todo" }]);
  });
});

describe("checkFleet()", () => {
  test("writes nothing but its own progress event and its lease over unchanged input, findings, conflicts and waits included", async () => {
    const fresh = await freshHub();
    try {
      const sound = await makeRepo(folder.path, "sound", plan("FB-WP-0001", "todo"));
      const wrong = await makeRepo(folder.path, "wrong", {
        ...plan("FB-WP-0002", "toodo"),
        ...plan("FB-WP-0003", "todo"),
      });
      for (const { path } of [sound, wrong]) await fresh.check({ path });
      const { sql } = fresh.database;
      await sql`update tasks set status = 'blocked' where task_id = 'FB-WP-0001-T01'`;
      await sql`update workstreams set owner = 'somebody else' where workplan_id = 'FB-WP-0003'`;
      await sound.commit(plan("FB-WP-0001", "in_progress"));
      // A look within the same tick as a write keeps no fingerprint: the pass is complete once it is stored.
      await waitUntil({ forWhat: "a complete pass over the sound repository", deadlineMs: 20_000 }, async () => {
        await fresh.check({ all: true });
        const [row] = await sql`
          select s.commit from repo_passes s join repos r on r.id = s.repo_id and r.change_counter = s.change_counter
          where r.slug = 'sound'`;
        return row?.commit === (await sound.git("rev-parse", "HEAD")).trim() ? { found: true } : { seen: "none" };
      });
      const { progress_events: eventsBefore, ...before } = await rowVersions(sql, ["sweep_lease"]);
      const { report } = await fresh.check({ all: true });
      const { progress_events: events, ...after } = await rowVersions(sql, ["sweep_lease"]);
      expect(report).toMatchObject({ skipped_clean: ["sound", "wrong"], repos_processed: [], exit_code: 1 });
      expect(report.assessment_totals).toEqual({ "C-10": 1, "C-14": 1, "C-18": 1 });
      expect(after).toEqual(before);
      expect(events?.rows).toBe((eventsBefore?.rows ?? 0) + 1);
    } finally {
      await fresh.close();
    }
  });

  test("writes nothing at all in a dry run", async () => {
    const repo = await makeRepo(folder.path, "dry", plan("FA-WP-0040", "toodo"));
    const before = await rowVersions(hub.database.sql);
    const { report } = await hub.check({ path: repo.path }, { dryRun: true });
    expect(report.assessment_totals).toEqual({ "C-07": 1, "C-18": 1 });
    expect(await rowVersions(hub.database.sql)).toEqual(before);
  });
});
