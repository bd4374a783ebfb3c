import type { Reader } from "../../db/handles.ts";
import { idsIn } from "../../db/ids_in.ts";
import { shellQuoted } from "../../shell_quoted.ts";
import type { Check } from "../check.ts";
import type { Observation } from "../finding.ts";

type Seen = Observation & { readonly repoId: string };

// The dates of a file count, not the moment of its import: a hub built today from old files shows them as old.
export const stale: Check = {
  id: "C-22",
  name: "stale",
  severity: "warning",
  proves:
    "an active workplan moved within 30 days, and no repository was without a checkout, or passed over by the sweeps, for 2 hours",
  fix: "Move the workplan on, or set its status to blocked or archived; put the repository's checkout back",
  async inHub(sql, repoIds) {
    const seen = [staleWorkplans(sql, repoIds), missingRepos(sql, repoIds), unsweptRepos(sql, repoIds)];
    return (await Promise.all(seen)).flat();
  },
};

async function staleWorkplans(sql: Reader, repoIds: readonly string[]): Promise<Seen[]> {
  const rows = await sql<{ repo_id: string; path: string; workplan_id: string; moved: string }[]>`
    select repo_id, path, workplan_id, to_char(moved, 'YYYY-MM-DD') as moved from (
      select w.repo_id, w.path, w.workplan_id, greatest(w.updated, w.status_changed_at::date,
        (select greatest(max(t.completed), max(t.status_changed_at)::date) from tasks t where t.workstream_id = w.id)) as moved
      from workstreams w
      where w.status = 'active' and w.orphaned_at is null and w.updated < (now() at time zone 'UTC')::date - 30
        and w.repo_id in (${idsIn(sql, repoIds)})
    ) dated where moved < (now() at time zone 'UTC')::date - 30`;
  return rows.map((row) => ({
    code: "workplan",
    repoId: row.repo_id,
    path: row.path,
    line: 1,
    column: 1,
    subject: row.workplan_id,
    message: "Active, but nothing moved for more than 30 days",
    observed: `last movement ${row.moved}`,
    hint: "Move it on, or set status: blocked or archived",
  }));
}

async function missingRepos(sql: Reader, repoIds: readonly string[]): Promise<Seen[]> {
  const rows = await sql<{ repo_id: string; slug: string; since: string }[]>`
    select id as repo_id, slug, to_char(missing_since at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"') as since from repos
    where removed_at is null and missing_since < now() - interval '2 hours'
      and id in (${idsIn(sql, repoIds)})`;
  return rows.map((row) => ({
    code: "repo",
    repoId: row.repo_id,
    subject: row.slug,
    message: "The repository had no checkout for more than 2 hours",
    observed: `no checkout found since ${row.since}`,
    hint: `Put its checkout back, or name a new one: scripts/state_hub.ts repo add NEW-PATH; if it is gone for good: scripts/state_hub.ts repo remove ${shellQuoted(row.slug)}`,
  }));
}

/**
 * Counted back from the last sweep, and only when another one did its job 2 to 3 hours before: a schedule that stood
 * still for a night has passed nobody over. That shows in `status`, once, and not as a finding for each repository.
 */
async function unsweptRepos(sql: Reader, repoIds: readonly string[]): Promise<Seen[]> {
  const rows = await sql<{ repo_id: string; slug: string; checked: string | null; registered: string }[]>`
    with swept as materialized (select least(finished_at, now()) as at, repos from sweep_state),
      states as materialized (select s.key, s.value ->> 'ok_at' as ok_at from swept, jsonb_each(swept.repos) s),
      known as materialized (
        select id, id::text as key, slug, created_at from repos
        where removed_at is null and missing_since is null and id in (${idsIn(sql, repoIds)})
      )
    select id as repo_id, slug, to_char(ok_at::timestamptz at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"') as checked,
      to_char(created_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"') as registered
    from known join states using (key)
    where coalesce(ok_at::timestamptz, created_at) < (select at from swept) - interval '2 hours' and exists (
      select from progress_events e
      where e.event_type = 'consistency_sweep_remote_all'
        and e.created_at between (select at from swept) - interval '3 hours' and (select at from swept) - interval '2 hours'
        and e.detail ->> 'lock_skipped' = 'false'
        and (e.detail #>> '{automation_error,message}' is null or e.detail #>> '{automation_error,repo}' is not null))`;
  return rows.map(({ repo_id, slug, checked, registered }) => ({
    code: "unswept",
    repoId: repo_id,
    subject: slug,
    message: "The sweeps have not got through to the repository for more than 2 hours",
    observed: checked === null ? `never checked, registered ${registered}` : `last checked ${checked}`,
    hint: "What stopped them, and when they try again: scripts/state_hub.ts status",
  }));
}
