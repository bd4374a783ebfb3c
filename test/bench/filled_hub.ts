// Hubs that have run for years: made in SQL, in seconds, once for all rows that ask the same of them.
import type { Sql } from "../../lib/db/handles.ts";
import { type BenchHub, type HubUrl, withDatabase } from "./bench_hub.ts";

export interface Filling {
  readonly tasks: number;
  readonly progressEvents: number;
  /** Of WIDE_TABLE, which is no table of the hub's; without it the table is not there. */
  readonly wideRows?: number;
}

/** Rows of every common type, of about 280 bytes in the table and 50 in a dump: what is copied and compared by the million. */
export const WIDE_TABLE = "bench.wide_rows";

/** What it is to read; one of many kinds, and of each there are enough for a page. */
export const EVENT_TYPE = "consistency_sweep_remote_all";

const TASKS_PER_WORKSTREAM = 20;
const WORKSTREAMS_PER_REPO = 10;
const EVENT_TYPES = 20;
/** So that no statement comes near the time that a connection of ours gives it. */
const ROWS_A_STATEMENT = 500_000;

/** Each filling is made when somebody asks for it first. */
export class FilledHubs {
  readonly #hub: BenchHub;
  readonly #made = new Map<string, Promise<HubUrl>>();

  constructor(hub: BenchHub) {
    this.#hub = hub;
  }

  /** Shared: rows that write must not count on what they find. */
  of(filling: Filling): Promise<HubUrl> {
    const key = JSON.stringify(filling);
    const made = this.#made.get(key) ?? fill(this.#hub, filling);
    this.#made.set(key, made);
    return made;
  }
}

async function fill(hub: BenchHub, { tasks, progressEvents, wideRows }: Filling): Promise<HubUrl> {
  const url = await hub.fresh();
  const workstreams = Math.ceil(tasks / TASKS_PER_WORKSTREAM);
  const repos = Math.ceil(workstreams / WORKSTREAMS_PER_REPO);
  await withDatabase(url, async ({ sql }) => {
    await sql`
      insert into repos (slug, default_branch) select 'repo-' || n, 'main' from generate_series(1, ${repos}::int) n`;
    await sql`
      insert into workstreams (repo_id, workplan_id, path, title, status, updated)
      select r.id, 'BENCH-WP-' || n, 'workplans/' || n || '.md', 'Workplan ' || n,
        (array['draft', 'active', 'active', 'finished'])[1 + n % 4], current_date
      from generate_series(1, ${workstreams}::int) n join repos r on r.slug = 'repo-' || (1 + n / ${WORKSTREAMS_PER_REPO}::int)`;
    await sql`
      insert into tasks (repo_id, workstream_id, task_id, line, title, status, priority, needs_human)
      select w.repo_id, w.id, w.workplan_id || '-T' || n, 10 * n, 'Step ' || n,
        (array['todo', 'in_progress', 'done', 'done', 'done'])[1 + n % 5], 'medium', n % 20 = 0
      from workstreams w, generate_series(1, ${TASKS_PER_WORKSTREAM}::int) n`;
    await sql`
      insert into progress_events (id, event_type, source, summary, detail, created_at)
      select gen_random_uuid(), case n % ${EVENT_TYPES}::int when 0 then ${EVENT_TYPE} else 'step_' || n % ${EVENT_TYPES}::int end,
        'api', 'Event ' || n, jsonb_build_object('exit_code', 0, 'remark', repeat('x', 200)), now() - n * interval '1 minute'
      from generate_series(1, ${progressEvents}::int) n`;
    if (wideRows !== undefined) await fillWideTable(sql, wideRows);
    await sql`vacuum analyze`;
    // Now, and not while somebody is being timed.
    await sql`checkpoint`;
  });
  return url;
}

async function fillWideTable(sql: Sql, rows: number): Promise<void> {
  await sql`create schema bench`;
  await sql`create table bench.wide_rows (
    id bigint, at timestamptz not null, code text not null, amount numeric not null, ratio float8 not null, detail jsonb not null, remark text)`;
  for (let first = 1; first <= rows; first += ROWS_A_STATEMENT)
    await sql`
    insert into bench.wide_rows
    select n, '2026-01-02 03:04:05.678901+00'::timestamptz + n * interval '1.37 s', 'item-' || left(md5(n::text), 12), n * 1.0137,
      sqrt(n), jsonb_build_object('step', n, 'state', (array['todo', 'done', 'blocked'])[1 + n % 3], 'tags', jsonb_build_array('a', n % 97)),
      'Step ' || n || ' was looked at by agent ' || n % 31 || ' and left as it was found, with ' || n % 1009 || ' remarks on the way'
    from generate_series(${first}::bigint, ${Math.min(rows, first + ROWS_A_STATEMENT - 1)}::bigint) n`;
  await sql`alter table bench.wide_rows add primary key (id)`;
}
