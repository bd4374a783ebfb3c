// What the absence of files and blocks makes of their rows: a sighting, a mark, or a plan held for a person. (pure)
import type { HubSnapshot } from "./hub_snapshot.ts";
import type { Matches } from "./match_files.ts";
import { guardOrphans } from "./orphan_guard.ts";
import type { PlanDraft } from "./plan_draft.ts";
import type { RepoPlan } from "./repo_plan.ts";

type OrphanPlan = Pick<RepoPlan, "orphanWorkstreams" | "orphanTasks" | "held">;

/** Of a reading that may not count as evidence that anything is gone. */
export const NO_ORPHANS: OrphanPlan = { orphanWorkstreams: [], orphanTasks: [], held: { workstreams: [], tasks: [] } };

/** Whatever is absent was sighted for the first time now: the commit of an earlier sighting is in no history any more. */
export function sightAnew(matches: Matches, hub: HubSnapshot, draft: PlanDraft): void {
  const sighting = { missing_since: hub.now, missing_at_commit: draft.commit };
  const missing = matches.suspended ? [] : matches.missing;
  for (const row of missing) if (row.orphaned_at === null) draft.changeWorkstream(row, sighting);
  for (const task of matches.missingTasks) if (task.orphaned_at === null) draft.changeTask(task, sighting);
}

/** Sightings, orphans and what a person must release. Renames and moves are out already: they matched a file. */
export function planOrphans(matches: Matches, hub: HubSnapshot, draft: PlanDraft): OrphanPlan {
  const repoRows = hub.workstreams.filter((row) => row.repo_id === draft.repoId);
  const missing = matches.suspended ? [] : matches.missing.filter((row) => row.orphaned_at === null);
  const workstreams = guardOrphans(missing, repoRows, hub.now);
  const sighting = { missing_since: hub.now, missing_at_commit: draft.commit };
  for (const row of workstreams.sighted) draft.changeWorkstream(row, sighting);
  const tasksOf = Map.groupBy(hub.tasks, (task) => task.workstream_id);
  const tasks = [...Map.groupBy(matches.missingTasks, (task) => task.workstream_id)].map(([workstreamId, gone]) =>
    guardOrphans(
      gone.filter((task) => task.orphaned_at === null),
      tasksOf.get(workstreamId) ?? [],
      hub.now,
    ),
  );
  for (const row of tasks.flatMap(({ sighted }) => sighted)) draft.changeTask(row, sighting);
  const present = new Set(matches.workplans.flatMap((match) => match.tasks.map(({ row }) => row?.id)));
  const keyOf = new Map(hub.workstreams.map((row) => [row.id, row.workplan_id]));
  return {
    orphanWorkstreams: workstreams.orphan,
    orphanTasks: [
      ...tasks.flatMap(({ orphan }) => orphan),
      // Less those whose block has moved into another workplan.
      ...workstreams.orphan
        .flatMap((row) => tasksOf.get(row.id) ?? [])
        .filter((task) => task.orphaned_at === null && !present.has(task.id)),
    ],
    held: {
      workstreams: workstreams.held.map(({ id, workplan_id, path }) => ({ id, workplan_id, path })),
      tasks: tasks
        .flatMap(({ held }) => held)
        .map((task) => ({ id: task.id, task_id: task.task_id, workplan_id: keyOf.get(task.workstream_id) ?? "" })),
    },
  };
}
