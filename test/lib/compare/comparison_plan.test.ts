// A comparison beside years of history: by the index of the runs' slots, and no table is read from end to end.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { SWEEP_DEFINITION_ID } from "../../../lib/activity/activity_run.ts";
import { compareInDatabase } from "../../../lib/compare/compare_in_database.ts";
import { freshHub, type TestHub } from "../../support/hub.ts";
import { BASELINE, CANDIDATE, finding, type Grid, layGrid, play } from "./played_runs.ts";

let hub: TestHub;
let grid: Grid;
const listed = finding();
beforeAll(async () => {
  hub = await freshHub();
  grid = await layGrid(hub.database);
  const { sql } = hub.database;
  await sql`
    insert into activity.activity_runs (definition_id, source, scheduled_for, fired_at, finished_at, status, context_snapshot)
    select ${SWEEP_DEFINITION_ID}::uuid, source, at, at + interval '1 s', at + interval '9 s', 'succeeded', '{"consistency_sweep_remote_all": {}}'
    from generate_series(1, 17000) n, unnest(array['local-timer', 'k8s-cronjob', 'activity-core']) source,
      lateral (select now() - interval '40 days' - n * interval '15 min' as at) s`;
  await sql`
    insert into progress_events (event_type, source, summary, detail)
    select 'consistency_sweep_remote_all', 'api', 'exit 0', '{}' from generate_series(1, 50000)`;
  await sql`insert into repos (slug, default_branch) select 'repo-' || n, 'main' from generate_series(1, 500) n`;
  await sql`
    insert into findings (repo_id, finding_key, origin, check_id, severity, path, subject, message, first_seen)
    select r.id, n::text, 'repo', 'C-05', 'error', 'workplans/one.md', 'S' || n, 'm', ${listed.first_seen}::text::timestamptz
    from repos r, generate_series(1, 100) n`;
  const strip = "=".repeat(100);
  await play(hub.database, grid, [
    { source: BASELINE, strip, newest: { findings: [{ ...listed, repo: "repo-7", subject: "S7" }] } },
    { source: CANDIDATE, strip },
  ]);
  await sql`vacuum analyze`;
}, 50_000);
afterAll(() => hub.close());

test("compareInDatabase() scans no table whole", async () => {
  // More often than a statement is planned for its own values.
  for (let round = 0; round < 8; round++) {
    const scans = await hub.database.transaction(async (tx) => {
      const { reasons } = await compareInDatabase(tx, grid.terms(100));
      expect(reasons[0]).toBe("Open findings differ: C-05 in repo-7:workplans/one.md");
      return tx<{ relname: string; seq_scan: number; idx_scan: number }[]>`
        select relname, seq_scan::int, idx_scan::int from pg_stat_xact_all_tables
        where relname in ('activity_runs', 'progress_events', 'findings') and (seq_scan > 0 or idx_scan > 0) order by relname`;
    });
    expect(scans.map(({ relname, seq_scan }) => `${relname} ${seq_scan}`)).toEqual(["activity_runs 0", "findings 0"]);
  }
}, 50_000);
