// Workstreams as rows, with the names that people know their repository, domain and topic by.
import type { Reader } from "../../db/handles.ts";
import type { WorkplanStatus } from "../../workplan/types.ts";
import type { ListQuery } from "../http/lists.ts";
import { equalTo, pageFrom } from "./page_of_rows.ts";

export interface Workstream {
  readonly id: string;
  readonly repo_id: string;
  readonly repo: string;
  readonly workplan_id: string;
  readonly path: string;
  readonly title: string;
  readonly domain: string | null;
  readonly topic: string | null;
  readonly status: WorkplanStatus;
  readonly owner: string | null;
  readonly created: string | null;
  readonly updated: string | null;
  readonly depends_on: readonly string[];
  readonly follow_up_workplan: string | null;
  readonly supersedes_intent_from: string | null;
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

export interface WorkstreamQuery extends ListQuery {
  readonly repo?: string | undefined;
  readonly status?: string | undefined;
  readonly domain?: string | undefined;
  readonly workplan_id?: string | undefined;
  readonly orphaned?: boolean | undefined;
}

/** Nothing of removed repositories; of the others those with a file, unless the orphaned ones are asked for. */
export function listWorkstreams(sql: Reader, query: WorkstreamQuery) {
  const { repo, status, domain, workplan_id, orphaned = false } = query;
  const wanted = { "r.slug": repo, "w.status": status, "d.slug": domain, "w.workplan_id": workplan_id };
  return sql<Workstream[]>`
    select ${columns(sql)} from ${tables(sql)}
    where r.removed_at is null and ${orphaned ? sql`w.orphaned_at is not null` : sql`w.orphaned_at is null`}
      ${equalTo(sql, wanted)} ${pageFrom(sql, query, "w.created_at", "w.id")}`;
}

/** Also of a removed repository. */
export async function workstreamWith(sql: Reader, id: string): Promise<Workstream | null> {
  const [row] = await sql<Workstream[]>`select ${columns(sql)} from ${tables(sql)} where w.id = ${id}`;
  return row ?? null;
}

function tables(sql: Reader) {
  return sql`workstreams w join repos r on r.id = w.repo_id left join domains d on d.id = w.domain_id
    left join topics t on t.id = w.topic_id`;
}

function columns(sql: Reader) {
  return sql`w.id, w.repo_id, r.slug as repo, w.workplan_id, w.path, w.title, d.slug as domain, t.slug as topic, w.status,
    w.owner, to_char(w.created, 'YYYY-MM-DD') as created, to_char(w.updated, 'YYYY-MM-DD') as updated,
    (select coalesce(json_agg(n.depends_on order by n.depends_on), '[]') from dependencies n where n.workstream_id = w.id) as depends_on,
    w.follow_up_workplan, w.supersedes_intent_from, w.extra, w.source_commit, w.stale_source,
    to_json(w.missing_since) #>> '{}' as missing_since, to_json(w.orphaned_at) #>> '{}' as orphaned_at,
    to_json(w.status_changed_at) #>> '{}' as status_changed_at, w.version::int as version,
    to_json(w.created_at) #>> '{}' as created_at, to_json(w.updated_at) #>> '{}' as updated_at`;
}
