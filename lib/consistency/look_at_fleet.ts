// Which repositories of the scope must be read: the others are missing, unusable, unchanged, or older than what was
// applied already.
import { isAncestor } from "../git/identity.ts";
import type { RunLedger } from "./run_ledger.ts";
import type { ScopedRepo } from "./scope.ts";
import { lookAt, type Sighting } from "./sight.ts";

/** How the commit that was seen relates to the one that was applied last. */
export type SourceOrder = "forward" | "older" | "rewritten" | "unknown";

/** A repository that must be read. */
export interface Changed {
  readonly repo: ScopedRepo;
  readonly sighting: Sighting;
  readonly order: "forward" | "rewritten";
}

export interface LookOptions {
  readonly host: string;
  /** Read every repository, and also one whose history git cannot compare. */
  readonly full: boolean;
  readonly signal: AbortSignal;
  readonly progress: (message: string, count?: { done: number; total: number }) => void;
}

const PROGRESS_EVERY = 50;

/** Looks at every repository of the ledger, notes the ones to skip there, and gives the ones to read. */
export async function lookAtFleet(ledger: RunLedger, options: LookOptions): Promise<Changed[]> {
  const changed: Changed[] = [];
  for (const [index, repo] of ledger.repos.entries()) {
    options.signal.throwIfAborted();
    if (index % PROGRESS_EVERY === 0)
      options.progress("Looking at repositories", { done: index, total: ledger.repos.length });
    const seen = await lookAt(repo, options.host, options.full);
    if (seen.state === "missing") ledger.missing.push(repo);
    else if (seen.state === "unusable") ledger.skipUnusable(repo, seen.observed);
    else if (seen.state === "clean") ledger.skipClean(repo, seen.pass.workplans);
    else changed.push(...(await readable(repo, seen.sighting, ledger, options.full)));
  }
  return changed;
}

/** Reads go forward only: an older tip applies nothing, one that git cannot place only when a person insists. */
async function readable(repo: ScopedRepo, sighting: Sighting, ledger: RunLedger, full: boolean): Promise<Changed[]> {
  const order = await orderOf(repo, sighting);
  if (order === "forward" || order === "rewritten") return [{ repo, sighting, order }];
  if (order === "unknown" && full) return [{ repo, sighting, order: "rewritten" }];
  if (order === "unknown") {
    ledger.skipUnusable(repo, UNPLACEABLE);
    return [];
  }
  ledger.skipClean(repo, null);
  ledger.remark(`${repo.slug}: nothing was applied, its tip is older than the commit that was applied last`);
  return [];
}

const UNPLACEABLE =
  "git cannot tell whether its tip is newer than the commit that was applied last (fetch, or read it with --full)";

async function orderOf({ last_source_commit: last }: ScopedRepo, { checkout, tip }: Sighting): Promise<SourceOrder> {
  if (last === null || last === tip.commit) return "forward";
  const forward = await isAncestor(checkout, last, tip.commit);
  if (forward === null) return "unknown";
  if (forward) return "forward";
  return (await isAncestor(checkout, tip.commit, last)) ? "older" : "rewritten";
}
