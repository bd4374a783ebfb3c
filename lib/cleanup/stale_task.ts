// Which tasks are stale, in one place: what a preview shows and what is cancelled must be the same rows. Only those that no
// file stands behind: a task with a block in a workplan is the file's, and its checks report it.
import type { Reader } from "../db/handles.ts";

export interface StaleTask {
  readonly id: string;
  /** The task's own id, as its file had it. */
  readonly task: string;
  readonly title: string;
  readonly workstream_id: string;
  readonly workplan_id: string;
  readonly repo: string;
  /** Its status before it is cancelled. */
  readonly status: string;
  /** Since when it was that, ISO 8601. */
  readonly since: string;
  /** When it, or else its workstream, was marked as orphaned, ISO 8601. */
  readonly orphaned_at: string;
}

/**
 * From where to where, for `t`, `w` and `r`: orphaned, not over, status unchanged for so long by the database's clock, in a
 * repository that was not removed.
 * @param days 1 or more
 */
export function staleRows(sql: Reader, days: number) {
  return sql`
    from tasks t join workstreams w on w.id = t.workstream_id join repos r on r.id = t.repo_id
    where (t.orphaned_at is not null or w.orphaned_at is not null) and t.status not in ('done', 'cancelled')
      and r.removed_at is null and coalesce(t.status_changed_at, t.created_at) < now() - make_interval(days => ${days}::int)`;
}

/** What is told of each: the columns of a StaleTask. */
export function staleColumns(sql: Reader) {
  return sql`
    t.id, t.task_id as task, t.title, w.id as workstream_id, w.workplan_id, r.slug as repo, t.status,
    to_json(coalesce(t.status_changed_at, t.created_at)) #>> '{}' as since,
    to_json(coalesce(t.orphaned_at, w.orphaned_at)) #>> '{}' as orphaned_at`;
}
