// What C-10, C-11 and C-14 share: a value that lost, told until the field moves again. They differ in whose field it is.

import type { Reader } from "../../db/handles.ts";
import { idsIn } from "../../db/ids_in.ts";
import { shellQuoted } from "../../shell_quoted.ts";
import type { Observation } from "../finding.ts";

interface ConflictRow {
  repo_id: string;
  id: string;
  field: string;
  file_value: string | null;
  hub_value: string | null;
  subject: string;
  path: string;
  line: number | null;
}

/** Unsettled conflicts of workstreams or tasks, `status` of a workstream apart from its other fields. */
export async function openConflicts(
  sql: Reader,
  repoIds: readonly string[],
  kind: "workstream" | "task",
  wanted: (field: string) => boolean,
): Promise<(Observation & { repoId: string })[]> {
  const rows = await sql<ConflictRow[]>`
    select distinct on (c.row_id, c.field) w.repo_id, c.id, c.field, c.file_value, c.hub_value,
      coalesce(t.task_id, w.workplan_id) as subject, w.path, t.line
    from conflicts c
    left join tasks t on t.id = c.row_id
    join workstreams w on w.id = coalesce(t.workstream_id, c.row_id)
    where c.settled_at is null and c.kind = ${kind}
      and w.orphaned_at is null and t.orphaned_at is null
      and w.repo_id in (${idsIn(sql, repoIds)})
    order by c.row_id, c.field, c.created_at desc`;
  return rows
    .filter(({ field }) => wanted(field))
    .map((row) => ({
      code: row.field,
      repoId: row.repo_id,
      path: row.path,
      line: row.line ?? 1,
      column: 1,
      subject: row.subject,
      message: `${whatHappened(row.field)}; the file's value stands, the hub's is kept`,
      observed: `hub: ${row.hub_value ?? "(none)"}`,
      expected: `file: ${row.file_value ?? "(none)"}`,
      hint: `scripts/state_hub.ts explain ${shellQuoted(row.subject)}`,
    }));
}

/** Of a field that is the file's alone only the difference is known, not whether the file moved as well. */
function whatHappened(field: string): string {
  return field === "status" || field === "completed"
    ? `File and hub both changed ${field}`
    : `The hub had another ${field} than the file`;
}
