import { idsIn } from "../../db/ids_in.ts";
import { shellQuoted } from "../../shell_quoted.ts";
import type { Check } from "../check.ts";

interface StaleRow {
  repo_id: string;
  path: string;
  workplan_id: string;
  moved: string;
}

interface MissingRow {
  repo_id: string;
  slug: string;
  since: string;
}

// The dates of a file count, not the moment of its import: a hub built today from old files shows them as old.
export const stale: Check = {
  id: "C-22",
  name: "stale",
  severity: "warning",
  proves: "an active workplan moved within 30 days, and no repository was without a checkout for 2 hours",
  fix: "Move the workplan on, or set its status to blocked or archived; put the repository's checkout back",
  async inHub(sql, repoIds) {
    const workplans = await sql<StaleRow[]>`
      select repo_id, path, workplan_id, to_char(moved, 'YYYY-MM-DD') as moved from (
        select w.repo_id, w.path, w.workplan_id, greatest(w.updated, w.status_changed_at::date,
          (select greatest(max(t.completed), max(t.status_changed_at)::date) from tasks t where t.workstream_id = w.id)) as moved
        from workstreams w
        where w.status = 'active' and w.orphaned_at is null and w.updated < (now() at time zone 'UTC')::date - 30
          and w.repo_id in (${idsIn(sql, repoIds)})
      ) dated where moved < (now() at time zone 'UTC')::date - 30`;
    const missing = await sql<MissingRow[]>`
      select id as repo_id, slug, to_char(missing_since at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"') as since from repos
      where removed_at is null and missing_since < now() - interval '2 hours'
        and id in (${idsIn(sql, repoIds)})`;
    return [
      ...workplans.map((row) => ({
        code: "workplan",
        repoId: row.repo_id,
        path: row.path,
        line: 1,
        column: 1,
        subject: row.workplan_id,
        message: "Active, but nothing moved for more than 30 days",
        observed: `last movement ${row.moved}`,
        hint: "Move it on, or set status: blocked or archived",
      })),
      ...missing.map((row) => ({
        code: "repo",
        repoId: row.repo_id,
        subject: row.slug,
        message: "The repository had no checkout for more than 2 hours",
        observed: `no checkout found since ${row.since}`,
        hint: `Put its checkout back, or name a new one: scripts/state_hub.ts repo add NEW-PATH; if it is gone for good: scripts/state_hub.ts repo remove ${shellQuoted(row.slug)}`,
      })),
    ];
  },
};
