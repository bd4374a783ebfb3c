// Writing the runs that waited, into a real database: each once, in their order, and none is lost on the way.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { recordSweep } from "../../../../lib/activity/activity_run.ts";
import { type KeptRun, type RunRecord, storeRun } from "../../../../lib/consistency/record_run.ts";
import { drainSpool } from "../../../../lib/consistency/sweep/drain_spool.ts";
import { spoolRun } from "../../../../lib/consistency/sweep/spool.ts";
import { spooledFiles, spoolFolder } from "../../../../lib/consistency/sweep/spool_folder.ts";
import { temporaryFolder } from "../../../support/git_repo.ts";
import { freshHub, type TestHub } from "../../../support/hub.ts";
import { failedSweep } from "./waiting_runs.ts";

let hub: TestHub;
const temporary = temporaryFolder();
let home = "";
let folder = "";
let homes = 0;
beforeAll(async () => {
  hub = await freshHub();
});
afterAll(async () => {
  await hub.close();
  temporary.remove();
});
beforeEach(async () => {
  home = join(temporary.path, `home-${++homes}`);
  folder = spoolFolder(home, "hub");
  await hub.database.sql`delete from progress_events`;
  await hub.database.sql`delete from activity.activity_runs`;
});

async function spool(...records: RunRecord[]): Promise<void> {
  for (const record of records) await spoolRun(home, "hub", record);
}

const activity = { ended: recordSweep, neverEnded: async () => {} };

/** As a sweep does it. */
function store(record: KeptRun): Promise<void> {
  return hub.database.transaction((tx) => storeRun(tx, record, activity));
}

/** Event and activity run of each run, with the attempts that were counted. */
async function stored(): Promise<string[]> {
  const rows = await hub.database.sql<{ event: string; run: string; attempts: number }[]>`
    select e.id as event, a.context_snapshot #>> '{consistency_sweep_remote_all,run_id}' as run, a.attempts
    from progress_events e left join activity.activity_runs a on a.run_id = e.id order by e.id`;
  return rows.map(({ event, run, attempts }) => `${event} ${run} ${attempts}`);
}

describe("drainSpool()", () => {
  test("does nothing where nothing waits, and makes no folder for it", async () => {
    expect(await drainSpool(home, "hub", store)).toEqual([]);
    expect(existsSync(home)).toBe(false);
  });

  test("writes each run with its event and its activity run, the oldest first, and deletes its file", async () => {
    const records = [failedSweep(), failedSweep(), failedSweep()];
    // The clock was set back between the second and the third.
    await spool(...[records[1], records[2], records[0]].filter((each) => each !== undefined));
    const order: string[] = [];
    const told = await drainSpool(home, "hub", async (record) => {
      order.push("report" in record ? record.report.run_id : "none");
      await store(record);
    });
    const ids = records.map(({ report }) => report.run_id);
    expect(told).toEqual([]);
    expect(order).toEqual([1, 2, 0].map((n) => ids[n] ?? ""));
    expect(readdirSync(folder)).toEqual([]);
    const [event] = await hub.database.sql`
      select event_type, source, created_at = ${records[0]?.at ?? ""}::text::timestamptz as dated
      from progress_events where id = ${ids[0] ?? ""}`;
    expect(event).toEqual({ event_type: "consistency_sweep_remote_all", source: "local-timer", dated: true });
  });

  test("writes a run once although it was killed between the commit and the deleting of the file", async () => {
    const record = failedSweep();
    await spool(record);
    await store(record);
    expect(spooledFiles(folder)).toHaveLength(1);
    expect(await drainSpool(home, "hub", store)).toEqual([]);
    const { run_id } = record.report;
    expect(await stored()).toEqual([`${run_id} ${run_id} 1`]);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("lets two drain at once", async () => {
    await spool(...Array.from({ length: 10 }, failedSweep));
    const both = await Promise.all([drainSpool(home, "hub", store), drainSpool(home, "hub", store)]);
    expect(both).toEqual([[], []]);
    expect(spooledFiles(folder)).toEqual([]);
    const [counted] = await hub.database.sql`
      select (select count(*)::int from progress_events) as events,
        (select sum(attempts)::int from activity.activity_runs) as attempts`;
    expect(counted).toEqual({ events: 10, attempts: 10 });
  });

  test("stops where the database is away again, and keeps that run and all behind it", async () => {
    const records = [failedSweep(), failedSweep(), failedSweep()];
    await spool(...records);
    let writes = 0;
    const told = await drainSpool(home, "hub", async (record) => {
      if (++writes === 2) throw new Error("connection lost to postgres://hub:pw@db/x");
      await store(record);
    });
    expect(told).toEqual([`2 runs wait to be recorded in ${folder}: connection lost to postgres://hub@db/x`]);
    expect(spooledFiles(folder)).toHaveLength(2);
    expect(await drainSpool(home, "hub", store)).toEqual([]);
    expect(await hub.database.sql`select 1 from progress_events`).toHaveLength(3);
  });

  test.each([
    ["is cut off", '{"report": {"run_id"'],
    ["is empty", ""],
    ["is of something else", '{"report": {"run_id": "x"}}'],
    ["is no object", "null"],
  ])("sets aside a file that %s, says so, and goes on", async (_, text) => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const damaged = join(folder, `0000000001-${Bun.randomUUIDv7()}.json`);
    writeFileSync(damaged, text);
    const sound = failedSweep();
    await spool(sound);
    expect(await drainSpool(home, "hub", store)).toEqual([
      `a run that waited could not be recorded and was set aside as ${damaged}.unreadable: it is damaged`,
    ]);
    expect(readdirSync(folder).map((name) => join(folder, name))).toEqual([`${damaged}.unreadable`]);
    expect(await stored()).toEqual([`${sound.report.run_id} ${sound.report.run_id} 1`]);
    expect(await drainSpool(home, "hub", store)).toEqual([]);
  });

  test("sets aside a run whose data the database refuses: it must not block those behind it", async () => {
    const { report, at } = failedSweep();
    const sound = failedSweep();
    await spool({ report: { ...report, skipped_clean: ["a\u0000b"] }, at: at ?? report.finished_at }, sound);
    const [told, ...more] = await drainSpool(home, "hub", store);
    expect(told).toContain(".unreadable: ");
    expect(more).toEqual([]);
    expect(await stored()).toEqual([`${sound.report.run_id} ${sound.report.run_id} 1`]);
  });

  test("leaves the runs of another hub alone", async () => {
    await spoolRun(home, "another-hub", failedSweep());
    expect(await drainSpool(home, "hub", store)).toEqual([]);
    expect(spooledFiles(spoolFolder(home, "another-hub"))).toHaveLength(1);
  });

  test("says so when the folder cannot be listed", async () => {
    mkdirSync(join(home, "spool"), { recursive: true });
    writeFileSync(folder, "a file");
    const [told] = await drainSpool(home, "hub", store);
    expect(told).toContain(`earlier runs wait to be recorded in ${folder}`);
  });
});
