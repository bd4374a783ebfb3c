// The repositories that a run is about, with all that is needed to see which of them changed: one statement for a fleet.
import type { Reader } from "../db/handles.ts";
import { usageFailure } from "../failure.ts";
import type { WorkplanCounts } from "./reading_counts.ts";

/** The fingerprint of the last complete pass over one source: a checkout, or the remote. */
export interface StoredPass {
  readonly source: string;
  readonly commit: string;
  readonly change_counter: number;
  readonly checker: string;
  readonly work_tree: string;
  /** The id of the workplans folder; null where there was none. */
  readonly tree: string | null;
  readonly workplans: WorkplanCounts;
  /** Longer ago than a day: read everything again even if nothing seems to have changed. */
  readonly due: boolean;
}

export interface ScopedRepo {
  readonly id: string;
  readonly slug: string;
  readonly default_branch: string | null;
  readonly last_source_commit: string | null;
  readonly remote_url: string | null;
  readonly last_remote_commit: string | null;
  readonly change_counter: number;
  readonly missing: boolean;
  /** Corrections of its files are noted and not written yet. */
  readonly pending: boolean;
  /** Paths of its checkouts on this host, oldest registration first. */
  readonly checkouts: readonly string[];
  /** All its checkouts here, also when the run is about one of them. */
  readonly twins: readonly string[];
  readonly passes: readonly StoredPass[];
}

/** All repositories, one by slug, or the one that a path belongs to (its checkout must be registered). */
export type ScopeQuery = { readonly all: true } | { readonly slug: string };

/** @throws OpsFailure (usage) when the slug is not registered */
export async function loadScope(sql: Reader, query: ScopeQuery, host: string): Promise<ScopedRepo[]> {
  const slug = "slug" in query ? query.slug : null;
  const [row] = await sql<{ repos: ScopedRepo[] }[]>`
    select coalesce(json_agg(json_build_object(
      'id', r.id, 'slug', r.slug, 'default_branch', r.default_branch, 'last_source_commit', r.last_source_commit,
      'remote_url', r.remote_url, 'last_remote_commit', r.last_remote_commit,
      'change_counter', r.change_counter, 'missing', r.missing_since is not null, 'pending', p.repo_id is not null,
      'checkouts', coalesce(c.paths, '[]'::json), 'twins', coalesce(c.paths, '[]'::json), 'passes', coalesce(s.passes, '[]'::json)
    ) order by r.slug), '[]') as repos
    from repos r
    left join (
      select repo_id, json_agg(path order by created_at, path) as paths
      from repo_checkouts where host = ${host} group by repo_id
    ) c on c.repo_id = r.id
    left join (
      select repo_id, json_agg(json_build_object('source', source, 'commit', commit, 'change_counter', change_counter, 'checker', checker,
        'work_tree', work_tree, 'tree', tree, 'workplans', workplans, 'due', full_pass_at < now() - interval '24 hours' or full_pass_at > now())) as passes
      from repo_passes where source = ${REMOTE_SOURCE} or starts_with(source, ${checkoutSource(host, "")}) group by repo_id
    ) s on s.repo_id = r.id
    left join (
      select distinct repo_id from writeback_intents where done_at is null and cancelled_at is null
    ) p on p.repo_id = r.id
    where r.removed_at is null and (${slug}::text is null or r.slug = ${slug})`;
  const repos = row?.repos ?? [];
  if (slug !== null && repos.length === 0) {
    throw usageFailure("Could not find the repository", {
      observed: `no repository is registered as ${slug}`,
      hint: "scripts/state_hub.ts repo list",
    });
  }
  return repos;
}

/** The name of the remote in repo_passes, the same for every host that sweeps it. */
export const REMOTE_SOURCE = "remote";

/** The name of a checkout in repo_passes. */
export function checkoutSource(host: string, path: string): string {
  return `checkout:${host}:${path}`;
}
