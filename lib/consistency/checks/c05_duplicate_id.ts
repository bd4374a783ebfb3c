import { idsIn } from "../../db/ids_in.ts";
import { type Check, problemsOf } from "../check.ts";

interface Duplicate {
  repo_id: string;
  path: string;
  workplan_id: string;
  all_paths: string[];
}

export const duplicateId: Check = {
  id: "C-05",
  name: "duplicate_id",
  severity: "error",
  proves: "every workplan id stands in one file of the fleet, every task id in one block of its file",
  fix: "Give all but one of them a new id; until then none of them changes the hub",
  inFile: (reading) => problemsOf(reading, "task_invalid", ({ code }) => code === "duplicate_task_id"),
  async inHub(sql, repoIds) {
    const rows = await sql<Duplicate[]>`
      with last_known as materialized (
        -- A file that cannot be read goes on claiming the id of the row that it was read into last: see claims.ts.
        select w.repo_id, w.path, w.workplan_id
        from workplan_files f join workstreams w on w.repo_id = f.repo_id and w.path = f.path and w.orphaned_at is null
        where f.state = 'failed' and f.workplan_id is null
      ), claimed as (
        select repo_id, path, workplan_id from workplan_files
        where workplan_id in (
          select workplan_id from workplan_files where workplan_id is not null group by workplan_id having count(*) > 1
          union all select workplan_id from last_known)
        union all select repo_id, path, workplan_id from last_known
      ), known as materialized (
        select claimed.*, repos.slug
        from claimed join repos on repos.id = claimed.repo_id and repos.removed_at is null
      ), twice as (
        select workplan_id, array_to_json(array_agg(slug || ':' || path order by slug, path)) as all_paths
        from known group by workplan_id having count(*) > 1
      )
      select f.repo_id, f.path, f.workplan_id, twice.all_paths
      from twice join known f using (workplan_id)
      where f.repo_id in (${idsIn(sql, repoIds)})`;
    return rows.map((row) => ({
      code: "workplan",
      repoId: row.repo_id,
      path: row.path,
      line: 1,
      column: 1,
      subject: row.workplan_id,
      message: `The workplan id ${row.workplan_id} stands in ${row.all_paths.length} files`,
      observed: row.all_paths.join(", "),
      expected: "one file",
    }));
  },
};
