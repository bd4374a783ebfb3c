// Watches the run that writes, and lets it write what the plan says and nothing else. Each repository is compared once more
// inside the transaction that changes it: between the rehearsal and here somebody may have been faster.
import { OpsFailure } from "../../failure.ts";
import type { ScopedRepo } from "../scope.ts";
import { evidenceOf, versionsOf } from "./evidence.ts";
import { idsFromPlan, isFirstPass } from "./ids_from_plan.ts";
import { movedEvidence, movedScope, movedVersions } from "./moved_evidence.ts";
import { movedFiles, movedRows } from "./moved_rows.ts";
import type { PlanEvidence, PlannedPass, PlannedRepoEntry, SavedPlan } from "./plan_document.ts";
import { PlanMoved } from "./plan_moved.ts";
import type { PlannedRepo, PlanWatch } from "./plan_watch.ts";
import { plannedFiles } from "./planned_edits.ts";
import { plannedRows } from "./planned_rows.ts";
import { scopeOfPlan } from "./scope_of_plan.ts";

/** @param hint how to make a new plan, for whoever is refused */
export function holdToPlan(saved: SavedPlan, hint: string): PlanWatch {
  const planned = new Map(saved.repos.map((entry) => [entry.id, entry]));
  const read = new Map<string, PlanEvidence>();
  const left = new Map(planned);
  const refuse = (moved: readonly string[], what = "") => {
    if (moved.length > 0) throw new PlanMoved(`Could not apply the plan${what}`, moved, hint);
  };
  return {
    scope: async (sql) => {
      const { inScope, look } = await scopeOfPlan(sql, saved);
      refuse(movedScope(saved, { in_scope: inScope }));
      return look;
    },
    concerns: (repoId) => planned.has(repoId),
    read: (seen) => void read.set(seen.repo.id, evidenceOf(seen)),
    chosen: (repos) => {
      refuse(saved.repos.flatMap((entry) => movedEvidence(entry, read.get(entry.id))));
      const order = [...planned.keys()];
      return repos
        .filter(({ repo }) => planned.has(repo.id))
        .toSorted((a, b) => order.indexOf(a.repo.id) - order.indexOf(b.repo.id));
    },
    vocabulary: () => {},
    minter: (repoId, reading) => idsFromPlan(saved, repoId, isFirstPass(read.get(repoId), reading)),
    planned: async (tx, repo) => {
      const entry = entryOf(planned, repo.repo);
      const first = isFirstPass(entry, repo.reading);
      const pass = first ? entry : entry.after_push;
      const now = { versions: await versionsOf(tx, repo.hub) };
      refuse(pass === null ? ["nothing was to be published"] : movedPass(repo, pass, now), placeOf(repo.repo, first));
    },
    edited: (repo, taken, corrections) => {
      const entry = entryOf(planned, repo);
      const now = saved.run.write_back ? plannedFiles(taken, corrections) : { edits: [], refused: [] };
      refuse(movedFiles(repo.slug, entry, now), placeOf(repo, true));
      return null;
    },
    done: (repoId, writtenBack) => {
      if (writtenBack > 0 || planned.get(repoId)?.edits.length === 0) left.delete(repoId);
    },
    unfinished: () => (left.size === 0 ? null : unfinished([...left.values()], hint)),
  };
}

function entryOf(planned: ReadonlyMap<string, PlannedRepoEntry>, repo: ScopedRepo): PlannedRepoEntry {
  const entry = planned.get(repo.id);
  if (entry === undefined) throw new Error(`${repo.slug} is about to be written, but no plan has it`);
  return entry;
}

function placeOf({ slug }: ScopedRepo, first: boolean): string {
  return first ? ` to ${slug}` : ` to the hub after ${slug} was published`;
}

function movedPass(
  { repo, hub, plan }: PlannedRepo,
  pass: PlannedPass,
  { versions }: Pick<PlannedPass, "versions">,
): string[] {
  const now = { versions, minted: pass.minted, rows: plannedRows(plan, hub) };
  return [...movedVersions(repo.slug, pass, now), ...movedRows(repo.slug, pass, now)];
}

function unfinished(left: readonly PlannedRepoEntry[], hint: string): OpsFailure {
  const names = left.map(({ slug }) => slug).join(", ");
  const observed = `of ${names} not all was written or published; the report says why`;
  return new OpsFailure("Could not apply the whole plan", { observed, hint });
}
