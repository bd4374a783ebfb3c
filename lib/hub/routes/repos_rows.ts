// Repositories as rows: what `repo list` shows, with the hub's id. Counts are made for the rows of a page alone.
import type { Reader } from "../../db/handles.ts";
import type { ListQuery } from "../http/lists.ts";
import { equalTo, pageFrom } from "./page_of_rows.ts";

export interface Repo {
  readonly id: string;
  readonly slug: string;
  readonly domain: string | null;
  readonly remote_url: string | null;
  readonly default_branch: string | null;
  readonly last_source_commit: string | null;
  readonly last_remote_commit: string | null;
  readonly checkouts: readonly { readonly host: string; readonly path: string }[];
  readonly workstreams: number;
  readonly tasks: number;
  readonly missing_since: string | null;
  readonly created_at: string;
}

/** Not the removed ones. */
export function listRepos(sql: Reader, query: ListQuery & { readonly domain?: string | undefined }) {
  const known = sql`
    select r.* from repos r ${query.domain === undefined ? sql`` : sql`join domains d on d.id = r.domain_id`}
    where r.removed_at is null ${equalTo(sql, { "d.slug": query.domain })} ${pageFrom(sql, query, "r.created_at", "r.id")}`;
  return sql<Repo[]>`select ${columns(sql)} from (${known}) r order by r.created_at desc, r.id desc`;
}

/** @returns null when it is not registered, or was removed */
export async function repoWith(
  sql: Reader,
  key: { readonly id: string } | { readonly slug: string },
): Promise<Repo | null> {
  const wanted = "id" in key ? { "r.id": key.id } : { "r.slug": key.slug };
  const [row] = await sql<Repo[]>`
    select ${columns(sql)} from repos r where r.removed_at is null ${equalTo(sql, wanted)}`;
  return row ?? null;
}

function columns(sql: Reader) {
  return sql`r.id, r.slug, (select slug from domains where id = r.domain_id) as domain, r.remote_url, r.default_branch,
    r.last_source_commit, r.last_remote_commit,
    (select coalesce(json_agg(json_build_object('host', c.host, 'path', c.path) order by c.host, c.path), '[]')
      from repo_checkouts c where c.repo_id = r.id) as checkouts,
    (select count(*)::int from workstreams w where w.repo_id = r.id and w.orphaned_at is null) as workstreams,
    (select count(*)::int from tasks t where t.repo_id = r.id and t.orphaned_at is null) as tasks,
    to_json(r.missing_since) #>> '{}' as missing_since, to_json(r.created_at) #>> '{}' as created_at`;
}
