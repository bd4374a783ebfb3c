// A repository, workplans and tasks put into a hub as a sweep leaves them, for tests of what the API says about them.
import type { Sql } from "../../../../lib/db/handles.ts";

export interface PlantedTask {
  readonly status?: string;
  readonly completed?: string | null;
  readonly needsHuman?: boolean;
  readonly orphaned?: boolean;
}

export interface PlantedPlan {
  /** `X-WP-0001`; its tasks are `X-WP-0001-T01` and so on. */
  readonly plan: string;
  readonly status?: string;
  readonly orphaned?: boolean;
  readonly dependsOn?: readonly string[];
  readonly tasks?: readonly PlantedTask[];
}

export interface Planted {
  readonly repoId: string;
  readonly id: string;
  readonly tasks: readonly string[];
}

/** The repository is made by the first plan that names it; domain `ops`, topic `hub`. */
export async function plant(sql: Sql, repo: string, planted: PlantedPlan): Promise<Planted> {
  const { plan, status = "active", orphaned = false, dependsOn = [], tasks = [] } = planted;
  await sql`insert into domains (slug) values ('ops') on conflict do nothing`;
  await sql`insert into topics (domain_id, slug) select id, 'hub' from domains where slug = 'ops' on conflict do nothing`;
  await sql`insert into repos (slug, remote_url, default_branch) values (${repo}, ${`/srv/git/${repo}.git`}, 'main') on conflict do nothing`;
  const [made] = await sql<{ id: string; repo_id: string }[]>`
    insert into workstreams (repo_id, workplan_id, path, title, domain_id, topic_id, status, orphaned_at)
    select r.id, ${plan}, ${`workplans/${plan}.md`}, ${`Plan ${plan}`}, d.id, t.id, ${status}, ${orphaned ? sql`now()` : null}
    from repos r, domains d join topics t on t.domain_id = d.id where r.slug = ${repo} and d.slug = 'ops' returning id, repo_id`;
  const { id, repo_id: repoId } = made ?? { id: "", repo_id: "" };
  for (const target of dependsOn) await sql`insert into dependencies values (${id}, ${target})`;
  const ids: string[] = [];
  for (const [index, task] of tasks.entries())
    ids.push(await plantTask(sql, { repoId, id }, `${plan}-T0${index + 1}`, task));
  return { repoId, id, tasks: ids };
}

async function plantTask(
  sql: Sql,
  of: { repoId: string; id: string },
  taskId: string,
  task: PlantedTask,
): Promise<string> {
  const { status = "todo", completed = null, needsHuman = false, orphaned = false } = task;
  const [row] = await sql<{ id: string }[]>`
    insert into tasks (repo_id, workstream_id, task_id, line, title, status, priority, completed, needs_human, orphaned_at)
    values (${of.repoId}, ${of.id}, ${taskId}, 17, ${`Do ${taskId}`}, ${status}, 'medium', ${completed}, ${needsHuman}, ${orphaned ? sql`now()` : null})
    returning id`;
  return row?.id ?? "";
}

/** The slots of a page that a test asks for. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next_cursor: string | null;
}
