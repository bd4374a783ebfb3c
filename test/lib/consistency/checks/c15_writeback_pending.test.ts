// C-15: corrections that wait although sweeps write back, and a field that two writers change in turn.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { makeRepo, temporaryFolder, workplanText } from "../../../support/git_repo.ts";
import { freshHub, type TestHub } from "../../../support/hub.ts";
import { play, type World } from "./scene.ts";

let hub: TestHub;
const folder = temporaryFolder();
beforeAll(async () => {
  hub = await freshHub();
});
afterAll(async () => {
  await hub.close();
  folder.remove();
});

/** What the last sweep was allowed to do; null: there was none. */
async function sweptWith(writeBack: boolean | null): Promise<void> {
  await hub.database.sql`delete from sweep_state`;
  if (writeBack === null) return;
  await hub.database.sql`
    insert into sweep_state (run_id, write_back, finished_at, repos) values (${Bun.randomUUIDv7()}, ${writeBack}, now(), '{}')`;
}

/** The repository's corrections are as old as this, and came to this. */
async function waited(slug: string, minutes: number, problem: string | null = null): Promise<string> {
  const [row] = await hub.database.sql<{ since: string }[]>`
    update writeback_intents set problem = ${problem}, created_at = now() - ${minutes} * interval '1 min'
    where repo_id = (select id from repos where slug = ${slug})
    returning to_char(created_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"') as since`;
  return row?.since ?? "";
}

async function judge(path: string) {
  const { report } = await hub.check({ path });
  expect(report.automation_error).toBeNull();
  return report.assessment_failures.filter(({ check }) => check === "C-15");
}

describe("writebackPending", () => {
  test("tells of corrections older than an hour, one finding a file, and why they wait", async () => {
    const text = (id: string) => workplanText({ id, tasks: [{ id: `${id}-T01` }] });
    const files = { "workplans/CN-WP-0001.md": text("CN-WP-0001"), "workplans/CN-WP-0002.md": text("CN-WP-0002") };
    const { path } = await makeRepo(folder.path, "waits", files);
    await sweptWith(true);
    expect(await judge(path)).toEqual([]);
    await waited("waits", 59);
    expect(await judge(path)).toEqual([]);

    const since = await waited("waits", 61);
    const told = (n: number, why: string) => ({
      check: "C-15",
      severity: "warning",
      repo: "waits",
      path: `workplans/CN-WP-000${n}.md`,
      line: null,
      subject: null,
      observed: `2 corrections since ${since}: ${why}`,
    });
    expect(await judge(path)).toMatchObject([told(1, "not tried yet"), told(2, "not tried yet")]);
    await hub.database.sql`update writeback_intents set problem = 'protected branch' where path like '%0002.md'`;
    expect(await judge(path)).toMatchObject([told(1, "not tried yet"), told(2, "protected branch")]);
    await hub.database.sql`update writeback_intents set done_at = now()`;
    expect(await judge(path)).toEqual([]);
  });

  test("is silent while no sweep writes back: then corrections wait by design", async () => {
    const files = { "workplans/CN-WP-0003.md": workplanText({ id: "CN-WP-0003" }) };
    const { path } = await makeRepo(folder.path, "by-design", files);
    await judge(path);
    await waited("by-design", 600);
    for (const [writeBack, findings] of [
      [null, 0],
      [false, 0],
      [true, 1],
    ] as const) {
      await sweptWith(writeBack);
      expect(await judge(path)).toHaveLength(findings);
    }
  });

  test("says the same of what still waits: a run later nothing of the finding is written", async () => {
    const files = { "workplans/CN-WP-0004.md": workplanText({ id: "CN-WP-0004" }) };
    const { path } = await makeRepo(folder.path, "unmoved", files);
    await sweptWith(true);
    await judge(path);
    await waited("unmoved", 90, "protected branch");
    await judge(path);
    const row = () => hub.database.sql`
      select f.xmin::text as version, f.observed, f.seen_count from findings f join repos r on r.id = f.repo_id
      where r.slug = 'unmoved' and f.check_id = 'C-15'`;
    const before = [...(await row())];
    expect(before).toHaveLength(1);
    await judge(path);
    expect([...(await row())]).toEqual(before);
  });

  const plan = (id: string) => ({ [`workplans/${id}.md`]: workplanText({ id, status: "active" }) });

  /** The sweeps wrote these statuses into the file today, one after the other; then the hub moves it to blocked. */
  const wrote =
    (...writes: (readonly [value: string, replaces: string])[]) =>
    async ({ sql, slug }: World) => {
      for (const [n, [value, replaces]] of writes.entries())
        await sql`
          insert into writeback_intents (repo_id, row_id, path, subject, key, value, replaces, reason, created_at, done_at)
          select w.repo_id, w.id, w.path, w.workplan_id, 'status', ${value}, ${replaces}, 'test',
            now() - ${10 - n} * interval '1 hour', now() - ${10 - n} * interval '1 hour'
          from workstreams w join repos r on r.id = w.repo_id where r.slug = ${slug}`;
      await sql`update workstreams set status = 'blocked' where repo_id = (select id from repos where slug = ${slug})`;
    };

  test("tells of a field that two writers change in turn, and notes no further correction of it", async () => {
    const { told, findings } = await play({
      files: plan("CN-WP-0005"),
      change: wrote(["blocked", "active"], ["active", "blocked"]),
      after: async ({ sql, slug }) => {
        const left = await sql`
          select key from writeback_intents
          where done_at is null and key = 'status' and repo_id = (select id from repos where slug = ${slug})`;
        expect([...left]).toEqual([]);
      },
    });
    expect(told).toEqual([
      {
        check: "C-15",
        severity: "warning",
        path: "workplans/CN-WP-0005.md",
        line: null,
        column: null,
        subject: "CN-WP-0005",
      },
    ]);
    expect(findings[0]).toMatchObject({
      message: "status goes back and forth; it is not written back until it has settled for a day",
      observed: "active and blocked",
    });
  });

  test("is silent about a field that only moves on", async () => {
    const { told } = await play({
      files: plan("CN-WP-0006"),
      change: wrote(["draft", "cancelled"], ["active", "draft"]),
    });
    expect(told).toEqual([]);
  });
});
