// Runs that are stopped in the middle, politely or not, and runs that meet each other or a person at work in the hub.
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import postgres from "postgres";
import { waitUntil } from "../../lib/wait_until.ts";
import { runCheck, startCheck } from "../support/check_process.ts";
import { disturbedFleet } from "../support/disturbed_fleet.ts";
import { makeFleet, registerFleet } from "../support/fleet.ts";
import { type TestRepo, temporaryFolder } from "../support/git_repo.ts";
import { freshHub, type TestHub } from "../support/hub.ts";
import { expectConverged, killAndConverge } from "../support/killed_runs.ts";

const WATCHDOG = 120_000;
const ALL = ["--all", "--json"];
const disturbed = disturbedFleet();
const { registered } = disturbed;

/** Runs `work` while somebody's transaction holds the row of one repository: a run can't finish meanwhile. */
async function whileHeld(hub: TestHub, slug: string, work: () => Promise<void>): Promise<void> {
  const holder = postgres(hub.url, { max: 1, onnotice: () => {} });
  await holder.begin(async (tx) => {
    await tx`select 1 from repos where slug = ${slug} for update`;
    await work();
  });
  await holder.end({ timeout: 1 });
}

/** Commits every workplan of a repository with this status in all of its task blocks. */
async function setTaskStatus(repo: TestRepo, status: string): Promise<void> {
  const files = [...new Bun.Glob("workplans/*.md").scanSync(repo.path)].map((file) => {
    const [front, ...blocks] = readFileSync(join(repo.path, file), "utf8").split("```task");
    return [
      file,
      [front, ...blocks.map((block) => block.replace(/^status: .*$/m, `status: ${status}`))].join("```task"),
    ];
  });
  await repo.commit(Object.fromEntries(files));
}

test(
  "consistency_check.ts killed at 8 random points: the next run converges, and no row is doubled",
  async () => {
    expect((await killAndConverge(8)).killedInside).toBeGreaterThan(3);
  },
  WATCHDOG,
);

for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  test(
    `consistency_check.ts stopped by ${signal} ends with ${code}, whole repositories done, and the next run does the rest`,
    async () => {
      const hub = await registered();
      const run = startCheck(ALL, { DATABASE_URL: hub.url });
      await whileHeld(hub, "fleet-05", async () => {
        await run.said("Reconciling");
        run.kill(signal);
      });
      const stopped = await run.ended;
      expect(stopped.code).toBe(code);
      expect(stopped.err).toContain(`Stopped by ${signal}`);
      expect(stopped.report()).toMatchObject({ exit_code: code, automation_error: null });
      const halves = await hub.database.sql`
        select w.workplan_id, count(t.id)::int as tasks from workstreams w left join tasks t on t.workstream_id = w.id
        group by w.id having count(t.id) <> 3`;
      expect([...halves]).toEqual([]);
      await expectConverged(hub, disturbed.wanted, `stopped by ${signal}`);
    },
    WATCHDOG,
  );
}

test(
  "consistency_check.ts run twice at once over one fleet: both do their job, and no row is doubled",
  async () => {
    const hub = await registered();
    const both = await Promise.all([1, 2].map(() => runCheck(ALL, { DATABASE_URL: hub.url })));
    expect(both.map((run) => [run.code, run.report().automation_error])).toEqual([
      [0, null],
      [0, null],
    ]);
    await expectConverged(hub, disturbed.wanted, "run twice at once");
  },
  WATCHDOG,
);

test(
  "consistency_check.ts registering one repository twice at once registers it once",
  async () => {
    const hub = await freshHub();
    disturbed.closeLater(hub);
    const path = disturbed.fleet[0]?.path ?? "";
    const both = await Promise.all(
      [1, 2, 3].map(() => runCheck(["--repo", path, "--json"], { DATABASE_URL: hub.url })),
    );
    expect(both.map((run) => [run.code, run.report().automation_error])).toEqual(both.map(() => [0, null]));
    const [count] = await hub.database.sql`
      select (select count(*) from repos)::int as repos, (select count(*) from workstreams)::int as workstreams,
        (select count(*) from tasks)::int as tasks`;
    expect(count).toEqual({ repos: 1, workstreams: 3, tasks: 9 });
  },
  WATCHDOG,
);

describe("a person's edit in the hub", () => {
  // No file here ever says one of these: an edit that vanished can't be mistaken for agreement.
  const STATUSES = ["blocked", "cancelled"];

  /** Edits one task after another in the hub until `over` says so; the last value that was committed of each. */
  async function editUntil(hub: TestHub, over: () => boolean): Promise<Map<string, string>> {
    const last = new Map<string, string>();
    const person = postgres(hub.url, { max: 1, onnotice: () => {} });
    const tasks = await person<{ task_id: string }[]>`select task_id from tasks order by task_id`;
    for (let edit = 0; !over(); edit++) {
      const task = tasks[(edit * 7) % tasks.length]?.task_id ?? "";
      const status = STATUSES[edit % STATUSES.length] ?? "";
      await person`update tasks set status = ${status} where task_id = ${task}`;
      last.set(task, status);
      // As fast as a quick person with a quick tool: a run of some hundred milliseconds meets dozens of them.
      await Bun.sleep(3);
    }
    await person.end({ timeout: 1 });
    return last;
  }

  interface Kept {
    readonly task_id: string;
    readonly status: string;
    readonly intended: string | null;
    readonly lost: readonly string[];
  }

  async function whatIsKept(hub: TestHub): Promise<Map<string, Kept>> {
    const rows = await hub.database.sql<Kept[]>`
      select t.task_id, t.status,
        (select value from writeback_intents i
          where i.row_id = t.id and i.key = 'status' and i.done_at is null and i.cancelled_at is null) as intended,
        coalesce((select json_agg(c.hub_value) from conflicts c where c.row_id = t.id and c.field = 'status'), '[]') as lost
      from tasks t`;
    return new Map(rows.map((row) => [row.task_id, row]));
  }

  test(
    "is never lost to runs that go on meanwhile: it stands in its row, and its file is to get it",
    async () => {
      const hub = await registered();
      await runCheck(ALL, { DATABASE_URL: hub.url });
      let over = false;
      const editing = editUntil(hub, () => over);
      for (let run = 0; run < 3; run++) {
        const ran = await runCheck([...ALL, "--full"], { DATABASE_URL: hub.url });
        expect(ran.report().automation_error).toBeNull();
      }
      over = true;
      const edits = await editing;
      await runCheck(ALL, { DATABASE_URL: hub.url });
      const kept = await whatIsKept(hub);
      for (const [task, status] of edits) {
        expect(kept.get(task)).toEqual({ task_id: task, status, intended: status, lost: [] });
      }
      expect(edits.size).toBeGreaterThan(10);
    },
    WATCHDOG,
  );

  test(
    "is not overwritten by a run that had read the row before the edit was committed",
    async () => {
      const own = temporaryFolder();
      const hub = await freshHub();
      disturbed.closeLater(hub);
      const [repo] = await makeFleet(own.path, { repos: 1, workplans: 1, tasks: 2 });
      await registerFleet(hub.database, repo ? [repo] : []);
      await runCheck(ALL, { DATABASE_URL: hub.url });
      const path = "workplans/F00-WP-0001.md";
      const text = readFileSync(join(repo?.path ?? "", path), "utf8");
      await repo?.commit({ [path]: text.replaceAll("priority: medium", "priority: high") });
      const person = postgres(hub.url, { max: 1, onnotice: () => {} });
      const run = await person.begin(async (tx) => {
        await tx`update tasks set status = 'blocked' where task_id = 'F00-WP-0001-T01'`;
        const running = startCheck(ALL, { DATABASE_URL: hub.url });
        await waitUntil({ forWhat: "the run to meet the edit", deadlineMs: 30_000 }, async () => {
          const [waits] = await hub.database.sql`
            select 1 from pg_stat_activity where application_name = 'consistency_check' and wait_event_type = 'Lock'
              and datname = current_database()`;
          return waits ? { found: true } : { seen: "no statement waits" };
        });
        return running;
      });
      expect((await run.ended).code).toBe(0);
      await person.end({ timeout: 1 });
      const [task] = await hub.database.sql`select status, priority from tasks where task_id = 'F00-WP-0001-T01'`;
      expect(task).toEqual({ status: "blocked", priority: "high" });
      expect((await whatIsKept(hub)).get("F00-WP-0001-T01")?.intended).toBe("blocked");
      own.remove();
    },
    WATCHDOG,
  );

  test(
    "is kept in the conflicts when the file was changed too, whichever the run met first",
    async () => {
      const own = temporaryFolder();
      const hub = await freshHub();
      disturbed.closeLater(hub);
      const repos = await makeFleet(own.path, { repos: 4, workplans: 2, tasks: 4 });
      await registerFleet(hub.database, repos);
      await runCheck(ALL, { DATABASE_URL: hub.url });
      let over = false;
      const editing = editUntil(hub, () => over);
      for (const status of ["done", "in_progress"]) {
        for (const repo of repos) {
          await setTaskStatus(repo, status);
        }
        expect((await runCheck(ALL, { DATABASE_URL: hub.url })).report().automation_error).toBeNull();
      }
      over = true;
      const edits = await editing;
      await runCheck(ALL, { DATABASE_URL: hub.url });
      const kept = await whatIsKept(hub);
      for (const [task, edited] of edits) {
        const row = kept.get(task);
        const stands = row?.status === edited && row.intended === edited;
        expect({ task, edited, row, kept: stands || row?.lost.includes(edited) }).toMatchObject({ kept: true });
      }
      expect([...kept.values()].some(({ lost }) => lost.length > 0)).toBe(true);
      own.remove();
    },
    WATCHDOG,
  );
});
