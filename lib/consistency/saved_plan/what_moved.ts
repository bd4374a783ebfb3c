// A saved plan against the same plan worked out now. Causes come before what follows from them: a reader of the first ten
// lines must see the commit that moved, not the rows that moved with it. (pure)
import { canonical } from "../../canonical.ts";
import { movedEvidence, movedScope, movedVersions } from "./moved_evidence.ts";
import { movedFiles, movedRows } from "./moved_rows.ts";
import type { PlanBody, PlanEvidence, PlannedRepoEntry, SavedPlan } from "./plan_document.ts";

/**
 * What was only read beside the planned repositories may move: it counts where the plan would say something else for it,
 * and is then named as the cause.
 * @returns a line for each thing that is not as the plan has it; none when it can be applied as it stands
 */
export function whatMoved(saved: SavedPlan, now: PlanBody): string[] {
  const read = new Map([...now.repos, ...now.also_read].map((each) => [each.id, each]));
  const worked = new Map(now.repos.map((each) => [each.id, each]));
  const pairs = saved.repos.flatMap((plan) => {
    const again = worked.get(plan.id);
    return again === undefined ? [] : [{ plan, again }];
  });
  const evidence = (entries: readonly PlanEvidence[]) =>
    entries.flatMap((plan) => movedEvidence(plan, read.get(plan.id)));
  const first = [
    ...(saved.checker === now.checker ? [] : [`what judges, from ${saved.checker} to ${now.checker}`]),
    ...movedScope(saved, now),
    ...evidence(saved.repos),
    ...pairs.flatMap(({ plan, again }) => movedVersions(plan.slug, plan, again)),
    ...saved.repos
      .filter(({ id }) => read.has(id) && !worked.has(id))
      .map(({ slug }) => `${slug} could not be worked out again`),
  ];
  const follows = [...movedVocabulary(saved, now), ...pairs.flatMap(({ plan, again }) => movedWrites(plan, again))];
  return [...first, ...(follows.length > 0 ? evidence(saved.also_read) : []), ...follows];
}

function movedWrites(plan: PlannedRepoEntry, now: PlannedRepoEntry): string[] {
  const { slug, after_push } = plan;
  const moved = [...movedRows(slug, plan, now), ...movedFiles(slug, plan, now)];
  // What is noted after the push follows from both; by itself it moves only if two runs disagree about the same thing.
  if (moved.length > 0 || after_push === null || now.after_push === null) return moved;
  return [...movedVersions(slug, after_push, now.after_push), ...movedRows(slug, after_push, now.after_push)];
}

function movedVocabulary(saved: SavedPlan, now: PlanBody): string[] {
  const [before, after] = [saved, now].map(({ vocabulary }) => vocabulary.map((each) => canonical(each)));
  const name = (text: string) => {
    const { domain, topic } = JSON.parse(text) as { domain: string; topic: string };
    return `the topic ${topic} of the domain ${domain}`;
  };
  return [
    ...(before ?? []).filter((each) => !after?.includes(each)).map((each) => `${name(each)} need not be made`),
    ...(after ?? []).filter((each) => !before?.includes(each)).map((each) => `${name(each)} must be made`),
  ];
}
