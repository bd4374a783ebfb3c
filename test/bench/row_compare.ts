// Two schedules compared over three days, beside a million progress events and a year of runs, against its own statements sent
// by the bare driver: what laying out slots, counting and judging add to PostgreSQL's work.
import postgres from "postgres";
import { SWEEP_DEFINITION_ID } from "../../lib/activity/activity_run.ts";
import { compareInDatabase } from "../../lib/compare/compare_in_database.ts";
import type { Database } from "../../lib/db/connect.ts";
import type { Reader } from "../../lib/db/handles.ts";
import type { Bench } from "./bench.ts";
import { type HubUrl, withDatabase } from "./bench_hub.ts";
import { inTurn, timed } from "./measure.ts";
import { type Row, ratioRow } from "./result_table.ts";

const FILLING = { tasks: 100_000, progressEvents: 1_000_000 };
const HOURS = 72;
const SOURCES = ["local-timer", "k8s-cronjob", "activity-core"];
const RUNS_A_YEAR = 35_000;
const REPOS = 40;
const FINDINGS = 20;
const COMPARISONS_A_ROUND = 10;

const TERMS = {
  hours: HOURS,
  baseline: "local-timer",
  candidate: "k8s-cronjob",
  definitionId: SWEEP_DEFINITION_ID,
  schedule: "*/15 * * * *",
};

export async function compareRow({ hub, filled, rounds }: Bench): Promise<Row[]> {
  const url = await hub.fresh(await filled.of(FILLING));
  await withDatabase(url, async (database) => {
    await fillRuns(database);
    await database.sql`vacuum analyze activity.activity_runs, findings`;
    await database.sql`checkpoint`;
  });
  const pairs = await withDatabase(url, async (database) => {
    const statements = await statementsOf(url);
    const bare = bareClient(url);
    const often = async (work: () => Promise<unknown>) => {
      for (let count = 0; count < COMPARISONS_A_ROUND; count++) await work();
    };
    try {
      return await inTurn(rounds, {
        measured: async () =>
          (await timed(() => often(() => compareInDatabase(database.sql, TERMS)))) / COMPARISONS_A_ROUND,
        reference: async () => (await timed(() => often(() => send(bare, statements)))) / COMPARISONS_A_ROUND,
      });
    } finally {
      await bare.end();
    }
  });
  const scans = await withDatabase(url, wholeScans);
  const what = `comparing ${HOURS} h of ${SOURCES.length} sources among 1 million progress events, in process`;
  const row = ratioRow({ what, reference: "its statements through the driver alone", atMost: 1.5 }, pairs);
  const remarks = [scans.length === 0 ? "no table was scanned whole" : `scanned whole: ${scans.join(", ")}`];
  return [{ ...row, met: row.met && scans.length === 0, remarks }];
}

interface Statement {
  readonly text: string;
  readonly parameters: readonly string[];
}

function bareClient(url: HubUrl, heard: (statement: Statement) => void = () => {}) {
  const debug = (_: number, text: string, parameters: unknown[]) => heard({ text, parameters: parameters as string[] });
  return postgres(url, { max: 1, fetch_types: false, connection: { TimeZone: "UTC" }, debug });
}

/** What a comparison sends, word for word. @throws Error unless it is all three statements */
async function statementsOf(url: HubUrl): Promise<Statement[]> {
  const statements: Statement[] = [];
  const sql = bareClient(url, (statement) => statements.push(statement));
  try {
    const { slots, sources } = await compareInDatabase(sql as unknown as Reader, TERMS);
    const completed = Object.values(sources).map((figures) => figures.completed);
    if (statements.length !== 3 || completed.some((count) => count !== slots.length))
      throw new Error(`${statements.length} statements; of ${slots.length} slots completed: ${completed.join(", ")}`);
    return statements;
  } finally {
    await sql.end();
  }
}

async function send(sql: postgres.Sql, statements: readonly Statement[]): Promise<void> {
  for (const { text, parameters } of statements) await sql.unsafe(text, [...parameters], { prepare: true });
}

function wholeScans(database: Database): Promise<string[]> {
  return database.transaction(async (tx) => {
    await compareInDatabase(tx, TERMS);
    const rows = await tx<{ relname: string }[]>`
      select relname from pg_stat_xact_all_tables
      where relname in ('activity_runs', 'progress_events', 'findings') and seq_scan > 0`;
    return rows.map(({ relname }) => relname);
  });
}

/** Reports as a fleet of forty repositories leaves them; one finding is open in the newest of one source alone. */
async function fillRuns({ sql }: Database): Promise<void> {
  await sql`
    insert into findings (repo_id, finding_key, origin, check_id, severity, path, subject, message, first_seen)
    select r.id, n::text, 'repo', 'C-05', 'error', 'workplans/' || n || '.md', 'BENCH-WP-' || n, 'It says two things', '2026-01-02 03:04:05.678901+00'
    from repos r, generate_series(1, 20) n`;
  await sql`
    with parts as (
      select jsonb_agg(jsonb_build_object('slug', 'repo-' || n, 'head', md5(n::text), 'workplans', jsonb_build_object('found', 12, 'parsed', 12, 'failed', 0),
          'tasks', jsonb_build_object('found', 90, 'parsed', 90, 'failed', 0), 'duration_ms', 100 + n,
          'actions', jsonb_build_object('created', 0, 'updated', 2, 'orphaned', 0, 'written_back', 1, 'pending_writeback', 0))) filter (where n <= 5) as processed,
        jsonb_agg('repo-' || n) filter (where n > 5) as clean,
        jsonb_agg(jsonb_build_object('check', 'C-05', 'severity', 'error', 'repo', 'repo-' || n, 'path', 'workplans/' || n || '.md', 'line', n, 'column', null,
          'subject', 'BENCH-WP-' || n, 'message', 'It says two things: ' || repeat('x', 80), 'observed', md5(n::text), 'expected', md5(n::text),
          'hint', 'scripts/state_hub.ts explain C-05', 'first_seen', '2026-01-02T03:04:05.678901+00:00')) filter (where n <= ${FINDINGS}::int) as findings
      from generate_series(1, ${REPOS}::int) n
    ), fired as (
      select source, n, date_bin('15 minutes', now(), '2000-01-01') - n * interval '15 minutes' as slot
      from generate_series(0, ${RUNS_A_YEAR}::int) n, unnest(string_to_array(${SOURCES.join(",")}, ',')) source
    )
    insert into activity.activity_runs (definition_id, source, scheduled_for, fired_at, finished_at, status, context_snapshot)
    select ${SWEEP_DEFINITION_ID}::uuid, source, slot, slot + interval '1 s', slot + interval '31 s', 'succeeded',
      case when n > 300 then '{}' else jsonb_build_object('run_ids', jsonb_build_array(gen_random_uuid()), 'consistency_sweep_remote_all', jsonb_build_object(
        'run_id', gen_random_uuid(), 'source', source, 'mode', 'remote-all', 'dry_run', false, 'started_at', slot, 'finished_at', slot + interval '31 s',
        'duration_ms', 30000 + n, 'max_seconds', 300, 'lock_skipped', false, 'lock_holder', null, 'repos_total', ${REPOS}::int,
        'repos_processed', processed, 'skipped_clean', clean, 'skipped_missing', '[]'::jsonb, 'skipped_budget', '[]'::jsonb, 'automation_error', null,
        'assessment_failures', case source when 'k8s-cronjob' then findings else findings - 0 end,
        'assessment_totals', jsonb_build_object('C-05', ${FINDINGS}::int - (source <> 'k8s-cronjob')::int), 'truncated', false, 'exit_code', 0)) end
    from fired, parts`;
}
