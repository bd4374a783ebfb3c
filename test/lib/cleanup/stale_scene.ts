// A hub with tasks in every state that a cleanup must tell apart: orphaned or not, over or not, moved lately or long ago.
import type { Database } from "../../../lib/db/connect.ts";
import { idsIn } from "../../../lib/db/ids_in.ts";

export interface TaskRow {
  /** `GONE-WP-0001-T01`: of the repository `gone`, the workplan `GONE-WP-0001`. */
  readonly task: string;
  readonly status?: string;
  /** Days since its status changed; null where it never did, and its row is so old. */
  readonly unchanged: number | null;
  /** Days since the row was made; 400 unless given. */
  readonly age?: number;
  readonly orphaned?: boolean;
  readonly workplanOrphaned?: boolean;
}

/** Fills an empty hub; gives each task's row id by its own id. */
export async function fillHub({ sql }: Database, tasks: readonly TaskRow[]): Promise<Record<string, string>> {
  const rows = tasks.map((row) => ({ status: "todo", age: 400, orphaned: false, workplanOrphaned: false, ...row }));
  const json = JSON.stringify(rows.map((row) => ({ ...row, plan: row.task.slice(0, -4), repo: slugOf(row.task) })));
  await sql`
    insert into repos (slug) select distinct repo from json_to_recordset(${json}::text::json) as r(repo text)
    on conflict do nothing`;
  await sql`
    insert into workstreams (repo_id, workplan_id, path, title, status, orphaned_at)
    select distinct on (r.id, c.plan) r.id, c.plan, c.plan || '.md', 'A plan', 'active',
      case when c."workplanOrphaned" then now() - interval '1 day' end
    from json_to_recordset(${json}::text::json) as c(repo text, plan text, "workplanOrphaned" boolean)
    join repos r on r.slug = c.repo`;
  const made = await sql<{ id: string; task_id: string }[]>`
    insert into tasks (repo_id, workstream_id, task_id, line, title, status, priority, orphaned_at, status_changed_at, created_at)
    select w.repo_id, w.id, c.task, 1, 'Do ' || c.task, c.status, 'medium',
      case when c.orphaned then now() - interval '1 day' end, now() - make_interval(days => c.unchanged), now() - make_interval(days => c.age)
    from json_to_recordset(${json}::text::json) as c(task text, plan text, status text, unchanged int, age int, orphaned boolean)
    join workstreams w on w.workplan_id = c.plan
    returning id, task_id`;
  return Object.fromEntries(made.map(({ id, task_id }) => [task_id, id]));
}

/** So many stale tasks in ten repositories; one statement. */
export async function fillMany({ sql }: Database, count: number): Promise<void> {
  await sql`insert into repos (slug) select 'many-' || n from generate_series(0, 9) n`;
  await sql`
    insert into workstreams (repo_id, workplan_id, path, title, status, orphaned_at)
    select id, upper(slug) || '-WP-0001', 'p', 't', 'active', now() from repos where slug like 'many-%'`;
  await sql`
    insert into tasks (repo_id, workstream_id, task_id, line, title, status, priority, orphaned_at, status_changed_at)
    select w.repo_id, w.id, w.workplan_id || '-T' || n, n, 'A task', 'todo', 'low', now(), now() - interval '90 days'
    from generate_series(1, ${count / 10}::int) n, workstreams w where w.workplan_id like 'MANY-%'`;
}

/** Status by task id, of these rows. */
export async function statusesOf({ sql }: Database, ids: readonly string[]): Promise<Record<string, string>> {
  const rows = await sql<{ task_id: string; status: string }[]>`
    select task_id, status from tasks where id in (${idsIn(sql, ids)}) order by task_id`;
  return Object.fromEntries(rows.map(({ task_id, status }) => [task_id, status]));
}

export async function emptyHub({ sql }: Database): Promise<void> {
  await sql`truncate repos, domains, outbox, progress_events, sync_base cascade`;
}

function slugOf(task: string): string {
  return (task.split("-")[0] ?? "").toLowerCase();
}
