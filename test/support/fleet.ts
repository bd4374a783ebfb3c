// A fleet of small repositories, a hub that knows them, and everything in that hub that is not an id or a time: two
// hubs over the same files must agree in it, whatever happened to the runs on the way.
import { hostname } from "node:os";
import { addRepo } from "../../lib/consistency/repo_registry.ts";
import type { Database } from "../../lib/db/connect.ts";
import { forEachAtMost } from "../../lib/pool.ts";
import { makeRepo, type TestRepo, workplanText } from "./git_repo.ts";

export interface FleetSize {
  readonly repos: number;
  readonly workplans: number;
  readonly tasks: number;
}

/** Repositories `fleet-00`, `fleet-01` ...; the second workplan of each depends on the first. */
export async function makeFleet(parent: string, size: FleetSize): Promise<TestRepo[]> {
  const made: TestRepo[] = [];
  await forEachAtMost(Array.from({ length: size.repos }).keys(), 4, async (index) => {
    const number = String(index).padStart(2, "0");
    made[index] = await makeRepo(parent, `fleet-${number}`, workplansOf(`F${number}`, size));
  });
  return made;
}

function workplansOf(prefix: string, { workplans, tasks }: FleetSize): Record<string, string> {
  const files = Array.from({ length: workplans }, (_, at) => {
    const id = `${prefix}-WP-${String(at + 1).padStart(4, "0")}`;
    const text = workplanText({
      id,
      extra: at === 1 ? [`depends_on: ["${prefix}-WP-0001"]`] : [],
      tasks: Array.from({ length: tasks }, (_, task) => ({ id: `${id}-T${String(task + 1).padStart(2, "0")}` })),
    });
    return [`workplans/${id}.md`, text] as const;
  });
  return Object.fromEntries(files);
}

/** Registers them under this machine's name, as the scripts see it. */
export async function registerFleet(database: Database, fleet: readonly TestRepo[]): Promise<void> {
  for (const { path } of fleet) {
    const request = { path, host: hostname(), slug: null, domain: null, remoteUrl: null };
    await database.transaction((tx) => addRepo(tx, request));
  }
}

/** Every row that a reconciliation writes, by natural keys, in a fixed order; progress events are its runs' own. */
export async function hubContent(database: Database): Promise<Record<string, readonly unknown[]>> {
  const { sql } = database;
  const [row] = await sql<{ content: Record<string, unknown[]> }[]>`
    with named as (
      select w.id, r.slug as repo, w.workplan_id as name from workstreams w join repos r on r.id = w.repo_id
      union all
      select t.id, r.slug, t.task_id from tasks t join repos r on r.id = t.repo_id
    )
    select json_build_object(
      'domains', (select json_agg(slug order by slug) from domains),
      'topics', (select json_agg(json_build_array(d.slug, t.slug) order by d.slug, t.slug) from topics t join domains d on d.id = t.domain_id),
      'repos', (select json_agg(json_build_array(slug, default_branch, last_source_commit, missing_since) order by slug) from repos),
      'workstreams', (select json_agg(json_build_array(r.slug, w.workplan_id, w.path, w.title, d.slug, t.slug, w.status, w.owner, w.created,
          w.updated, w.extra, w.source_commit, w.stale_source, w.missing_since, w.orphaned_at) order by r.slug, w.workplan_id)
        from workstreams w join repos r on r.id = w.repo_id left join domains d on d.id = w.domain_id left join topics t on t.id = w.topic_id),
      'tasks', (select json_agg(json_build_array(r.slug, w.workplan_id, t.task_id, t.line, t.title, t.status, t.priority, t.completed, t.needs_human,
          t.extra, t.source_commit, t.stale_source, t.missing_since, t.orphaned_at) order by r.slug, t.task_id, w.workplan_id)
        from tasks t join repos r on r.id = t.repo_id join workstreams w on w.id = t.workstream_id),
      'dependencies', (select json_agg(json_build_array(n.repo, n.name, d.depends_on) order by n.repo, n.name, d.depends_on)
        from dependencies d join named n on n.id = d.workstream_id),
      'bases', (select json_agg(json_build_array(n.repo, n.name, b.status, b.completed, b.source_commit) order by n.repo, n.name)
        from sync_base b left join named n on n.id = b.row_id),
      'files', (select json_agg(json_build_array(r.slug, f.path, f.blob, f.state, f.workplan_id) order by r.slug, f.path)
        from workplan_files f join repos r on r.id = f.repo_id),
      'conflicts', (select json_agg(json_build_array(n.repo, n.name, c.field, c.base_value, c.file_value, c.hub_value, c.settled_at is null)
          order by n.repo, n.name, c.field, c.hub_value)
        from conflicts c left join named n on n.id = c.row_id),
      'findings', (select json_agg(json_build_array(r.slug, f.finding_key, f.severity, f.seen_count, f.closed_at is null) order by r.slug, f.finding_key)
        from findings f join repos r on r.id = f.repo_id),
      'intents', (select json_agg(json_build_array(n.repo, n.name, i.path, i.key, i.replaces, i.reason, i.done_at is null, i.cancelled_at is null)
          order by n.repo, n.name, i.key)
        from writeback_intents i left join named n on n.id = i.row_id),
      'held', (select json_agg(digest) from held_plans),
      'passes', (select json_agg(json_build_array(r.slug, s.source, s.commit, s.work_tree, s.workplans, s.change_counter = r.change_counter) order by r.slug, s.source)
        from repo_passes s join repos r on r.id = s.repo_id)
    ) as content`;
  return Object.fromEntries(Object.entries(row?.content ?? {}).map(([name, rows]) => [name, rows ?? []]));
}
