import type { Reader } from "../../db/handles.ts";
import { idsIn } from "../../db/ids_in.ts";
import type { Check } from "../check.ts";
import { cyclesOf } from "./dependency_cycles.ts";

interface Reference {
  repo_id: string;
  path: string;
  workplan_id: string;
  key: string;
  target: string;
}

export const referenceUnknown: Check = {
  id: "C-19",
  name: "reference_unknown",
  severity: "warning",
  proves: "depends_on and follow_up_workplan name workplans that exist, and no workplan waits for itself",
  fix: "Correct the id, register the repository that has it, or break the cycle",
  async inHub(sql, repoIds) {
    const scope = new Set(repoIds);
    return [
      ...(await unknownReferences(sql, repoIds)),
      ...(await cycles(sql)).filter(({ repoId }) => scope.has(repoId)),
    ];
  },
};

async function unknownReferences(sql: Reader, repoIds: readonly string[]) {
  const rows = await sql<Reference[]>`
    with named as (
      select w.repo_id, w.path, w.workplan_id, 'depends_on' as key, d.depends_on as target
      from dependencies d join workstreams w on w.id = d.workstream_id
      where w.orphaned_at is null
      union all
      select repo_id, path, workplan_id, 'follow_up_workplan', follow_up_workplan
      from workstreams where follow_up_workplan is not null and orphaned_at is null
    )
    select named.* from named
    where repo_id in (${idsIn(sql, repoIds)})
      and not exists (select from workstreams w where w.workplan_id = target)
      and not exists (select from workplan_files f where f.workplan_id = target)`;
  return rows.map((row) => ({
    code: `${row.key}:${row.target}`,
    repoId: row.repo_id,
    path: row.path,
    line: 1,
    column: 1,
    subject: row.workplan_id,
    message: `${row.key} names a workplan that the hub does not know`,
    observed: row.target,
  }));
}

// A group of a thousand would otherwise be spelled out a thousand times.
const NAMED = 10;

/** The group, not a path through it: which waits for which is in the files. */
function circleText(ids: readonly string[]): string {
  if (ids.length === 1) return `depends_on: ${ids[0]}`;
  const rest = ids.length > NAMED ? ` and ${ids.length - NAMED} more` : "";
  return `${ids.slice(0, NAMED).join(", ")}${rest} wait for one another`;
}

async function cycles(sql: Reader) {
  const edges = await sql<(Omit<Reference, "key"> & { key?: string })[]>`
    select w.repo_id, w.path, w.workplan_id, d.depends_on as target
    from dependencies d join workstreams w on w.id = d.workstream_id
    where w.orphaned_at is null and w.repo_id in (select id from repos where removed_at is null)
      and exists (select from dependencies onward
      join workstreams next on next.id = onward.workstream_id where next.workplan_id = d.depends_on)
    order by w.workplan_id`;
  const rowOf = new Map(edges.map((edge) => [edge.workplan_id, edge]));
  return cyclesOf(edges.map(({ workplan_id, target }) => ({ from: workplan_id, to: target }))).flatMap((cycle) =>
    cycle.flatMap((id) => {
      const row = rowOf.get(id);
      if (!row) return [];
      return [
        {
          code: "cycle",
          severity: "error" as const,
          repoId: row.repo_id,
          path: row.path,
          line: 1,
          column: 1,
          subject: id,
          message: "The workplan waits for itself",
          observed: circleText(cycle),
          expected: "no cycle in depends_on",
        },
      ];
    }),
  );
}
