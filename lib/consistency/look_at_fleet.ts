// Which repositories of the scope must be read: the others are missing, unusable or unchanged.
import type { Budget } from "./budget.ts";
import type { RunLedger } from "./run_ledger.ts";
import type { ScopedRepo } from "./scope.ts";
import { lookAt, type Sighting } from "./sight.ts";

/** A repository that must be read. */
export interface Changed {
  readonly repo: ScopedRepo;
  readonly sighting: Sighting;
}

export interface LookOptions {
  readonly host: string;
  /** Read every repository, and also one whose history git cannot compare. */
  readonly full: boolean;
  readonly budget: Budget;
  readonly signal: AbortSignal;
  readonly progress: (message: string, count?: { done: number; total: number }) => void;
}

const PROGRESS_EVERY = 50;
/** Of the budget: the rest is for what was found. */
export const LOOK_SHARE = 0.6;

/** Looks at every repository of the ledger, notes the ones to skip there, and gives the ones to read. */
export async function lookAtFleet(ledger: RunLedger, options: LookOptions): Promise<Changed[]> {
  const changed: Changed[] = [];
  for (const [index, repo] of ledger.repos.entries()) {
    options.signal.throwIfAborted();
    if (options.budget.isOver(LOOK_SHARE)) {
      ledger.skipUnreached(repo, null);
      continue;
    }
    if (index % PROGRESS_EVERY === 0)
      options.progress("Looking at repositories", { done: index, total: ledger.repos.length });
    const seen = await lookAt(repo, options.host, options.full);
    if (seen.state === "missing") ledger.skipMissing(repo);
    else if (seen.state === "unusable") ledger.skipUnusable(repo, seen.observed, null);
    else if (seen.state === "clean") ledger.skipClean(repo, seen.pass.workplans, seen.sighting.tip.commit);
    else changed.push({ repo, sighting: seen.sighting });
  }
  return changed;
}
