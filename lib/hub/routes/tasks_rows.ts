// Tasks as rows, with the names that people know their repository and workplan by.
import type { Reader } from "../../db/handles.ts";
import type { Priority, TaskStatus } from "../../workplan/types.ts";
import type { ListQuery } from "../http/lists.ts";
import { equalTo, pageFrom } from "./page_of_rows.ts";

export interface Task {
  readonly id: string;
  readonly repo_id: string;
  readonly repo: string;
  readonly workstream_id: string;
  readonly workplan_id: string;
  readonly task_id: string;
  readonly path: string;
  readonly line: number;
  readonly title: string;
  readonly status: TaskStatus;
  readonly priority: Priority;
  readonly completed: string | null;
  readonly needs_human: boolean;
  readonly intervention_note: string | null;
  readonly extra: Readonly<Record<string, unknown>>;
  readonly source_commit: string | null;
  readonly stale_source: boolean;
  readonly missing_since: string | null;
  readonly orphaned_at: string | null;
  readonly status_changed_at: string | null;
  readonly version: number;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface TaskQuery extends ListQuery {
  readonly repo?: string | undefined;
  readonly workstream_id?: string | undefined;
  readonly workplan_id?: string | undefined;
  readonly task_id?: string | undefined;
  readonly status?: string | undefined;
  readonly needs_human?: boolean | undefined;
  readonly orphaned?: boolean | undefined;
  readonly ready?: "true" | undefined;
}

/** Nothing of removed repositories; of the others those with a block in a file, unless the orphaned ones are asked for. */
export function listTasks(sql: Reader, query: TaskQuery) {
  const { repo, workstream_id, workplan_id, task_id, status, needs_human, orphaned = false, ready } = query;
  const wanted = {
    "r.slug": repo,
    "t.workstream_id": workstream_id,
    "w.workplan_id": workplan_id,
    "t.task_id": task_id,
    "t.status": status,
    "t.needs_human": needs_human,
  };
  return sql<Task[]>`
    select ${columns(sql)} from ${tables(sql)}
    where r.removed_at is null and ${orphaned ? sql`t.orphaned_at is not null` : sql`t.orphaned_at is null`}
      ${equalTo(sql, wanted)} ${ready === undefined ? sql`` : isReady(sql)} ${pageFrom(sql, query, "t.created_at", "t.id")}`;
}

/** A dependency is met by any workplan of that id that is finished: an unknown one is not. */
function isReady(sql: Reader) {
  return sql`and t.status = 'todo' and w.status = 'active' and w.orphaned_at is null and not exists (
    select from dependencies n where n.workstream_id = w.id and not exists (
      select from workstreams met where met.workplan_id = n.depends_on and met.status = 'finished'))`;
}

/** Also of a removed repository. */
export async function taskWith(sql: Reader, id: string): Promise<Task | null> {
  const [row] = await sql<Task[]>`select ${columns(sql)} from ${tables(sql)} where t.id = ${id}`;
  return row ?? null;
}

function tables(sql: Reader) {
  return sql`tasks t join workstreams w on w.id = t.workstream_id join repos r on r.id = t.repo_id`;
}

function columns(sql: Reader) {
  return sql`t.id, t.repo_id, r.slug as repo, t.workstream_id, w.workplan_id, t.task_id, w.path, t.line, t.title, t.status,
    t.priority, to_char(t.completed, 'YYYY-MM-DD') as completed, t.needs_human, t.intervention_note, t.extra, t.source_commit,
    t.stale_source, to_json(t.missing_since) #>> '{}' as missing_since, to_json(t.orphaned_at) #>> '{}' as orphaned_at,
    to_json(t.status_changed_at) #>> '{}' as status_changed_at, t.version::int as version,
    to_json(t.created_at) #>> '{}' as created_at, to_json(t.updated_at) #>> '{}' as updated_at`;
}
