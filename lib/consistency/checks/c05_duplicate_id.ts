import { type Check, idList, problemsOf } from "../check.ts";

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
      with known as materialized (
        select f.repo_id, f.path, f.workplan_id, repos.slug
        from workplan_files f join repos on repos.id = f.repo_id and repos.removed_at is null
        where f.workplan_id in (select workplan_id from workplan_files where workplan_id is not null group by workplan_id having count(*) > 1)
      ), twice as (
        select workplan_id, array_to_json(array_agg(slug || ':' || path order by slug, path)) as all_paths
        from known group by workplan_id having count(*) > 1
      )
      select f.repo_id, f.path, f.workplan_id, twice.all_paths
      from twice join known f using (workplan_id)
      where f.repo_id in (select value::uuid from json_array_elements_text(${idList(repoIds)}::text::json))`;
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
