// What a cleanup would cancel now. Reads and locks nothing, so that it may be looked at on a standby and at any time.
import type { Reader } from "../db/handles.ts";
import { type CleanupReport, LISTED_TASKS } from "./cleanup_report.ts";
import { type StaleTask, staleColumns, staleRows } from "./stale_task.ts";

interface Row {
  readonly as_of: string;
  readonly tasks: readonly StaleTask[];
  readonly total: number;
  readonly by_status: Readonly<Record<string, number>>;
  readonly by_repo: Readonly<Record<string, number>>;
}

export interface CleanupTerms {
  readonly runId: string;
  readonly source: string;
  /** Unchanged for longer than so many days; 1 or more. */
  readonly days: number;
}

/** One statement: counts and list are of one state of the hub. */
export async function previewCleanup(sql: Reader, { runId, source, days }: CleanupTerms): Promise<CleanupReport> {
  const [row] = await sql<Row[]>`
    with stale as materialized (select ${staleColumns(sql)} ${staleRows(sql, days)})
    select to_json(now()) #>> '{}' as as_of, (select count(*)::int from stale) as total,
      (select coalesce(json_object_agg(status, n order by status), '{}') from (select status, count(*) as n from stale group by 1) s) as by_status,
      (select coalesce(json_object_agg(repo, n order by repo), '{}') from (select repo, count(*) as n from stale group by 1) s) as by_repo,
      (select coalesce(json_agg(s), '[]') from (select * from stale order by since, id limit ${LISTED_TASKS}) s) as tasks`;
  if (!row) throw new Error("a select without from gave no row");
  const { as_of, tasks, total, by_status, by_repo } = row;
  const counts = { tasks: total, by_status, by_repo };
  return { run_id: runId, source, days, applied: false, as_of, tasks, counts, truncated: total > tasks.length };
}
