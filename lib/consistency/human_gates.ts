// Tasks that wait for a person: what a report shows next to its findings.

import type { Reader } from "../db/handles.ts";
import { idsIn } from "../db/ids_in.ts";

export interface HumanGate {
  readonly repo: string;
  readonly task_id: string;
  readonly title: string;
  readonly intervention_note: string | null;
}

const LISTED = 50;

/** Open tasks with `needs_human` in workplans that are under way, by repository and task id. */
export async function humanGates(sql: Reader, repoIds: readonly string[]): Promise<HumanGate[]> {
  const rows = await sql<HumanGate[]>`
    select repos.slug as repo, t.task_id, t.title, t.intervention_note
    from tasks t join repos on repos.id = t.repo_id join workstreams w on w.id = t.workstream_id
    where t.needs_human and t.orphaned_at is null and t.status not in ('done', 'cancelled') and w.status in ('active', 'blocked')
      and t.repo_id in (${idsIn(sql, repoIds)})
    order by repos.slug, t.task_id limit ${LISTED}`;
  return [...rows];
}
