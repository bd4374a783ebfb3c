// The repositories that a saved plan is about, as they are registered now: those that it was made over, and of them those
// whose files it was computed from. Nothing else is looked at when it is applied.
import type { Reader } from "../../db/handles.ts";
import { loadScope, type ScopedRepo } from "../scope.ts";
import type { PlanBody, SavedPlan } from "./plan_document.ts";

export async function scopeOfPlan(
  sql: Reader,
  saved: SavedPlan,
): Promise<{ readonly inScope: PlanBody["in_scope"]; readonly look: ScopedRepo[] }> {
  const { scope, remote } = saved.run;
  const planned = new Set(saved.in_scope.map(({ id }) => id));
  const repos = (await loadScope(sql, { all: true }, saved.host)).filter(({ id }) => "all" in scope || planned.has(id));
  const read = new Set([...saved.repos, ...saved.also_read].map(({ id }) => id));
  const only = "path" in scope && !remote ? scope.path : null;
  const look = repos
    .filter(({ id }) => read.has(id))
    .map((repo) => (only === null ? repo : { ...repo, checkouts: repo.checkouts.filter((path) => path === only) }));
  return { inScope: repos.map(({ id, slug }) => ({ id, slug })), look };
}
