// The main job: look at each repository, read those that changed, reconcile them with the hub one by one, then ask the
// hub-wide checks, and keep the whole as the run's report.
import type { Database } from "../db/connect.ts";
import { databaseFailure } from "../db/database_failure.ts";
import { OpsFailure } from "../failure.ts";
import { Budget } from "./budget.ts";
import { type Conclusion, concludeRun } from "./conclude_run.ts";
import { type Changed, lookAtFleet } from "./look_at_fleet.ts";
import { ADD_COMMAND, LIST_COMMAND } from "./next_command.ts";
import type { ActivityRecorder } from "./record_run.ts";
import { addUnlessRemoved, checkoutOfPath } from "./repo_registry.ts";
import type { Source } from "./report.ts";
import { type FleetResult, RunLedger, type RunTerms } from "./run_ledger.ts";
import { RunLocks } from "./run_locks.ts";
import { loadScope, type ScopedRepo } from "./scope.ts";
import type { Reach } from "./sweep/reach.ts";
import { type Writer, withWriter } from "./writer.ts";

export interface CheckOptions {
  /** Opens the hub; what it throws becomes the report's C-00. */
  readonly connect: () => Promise<Database>;
  readonly scope: { readonly all: true } | { readonly slug: string } | { readonly path: string };
  readonly host: string;
  readonly source: Source;
  readonly dryRun: boolean;
  /** Read every repository even if nothing seems to have changed. */
  readonly full: boolean;
  /** Open errors make the exit code 1. */
  readonly strict: boolean;
  /** null: as long as it takes. */
  readonly maxSeconds: number | null;
  /** null: the tips of local checkouts are read, and no repository is written to. */
  readonly remotes: RemoteOptions | null;
  readonly signal: AbortSignal;
  readonly progress: (message: string, count?: { done: number; total: number }) => void;
}

export interface RemoteOptions extends Omit<Reach, "access" | "manual"> {
  /** Which hub this is, for runs that it could not be told of; see hubKeyOf(). */
  readonly hubKey: string;
  readonly activity: ActivityRecorder;
}

/**
 * Does not throw for what it could not do: that is the report's `automation_error`.
 * @throws OpsFailure (usage) for a path or slug that names no repository; the signal's reason when aborted
 */
export async function checkFleet(options: CheckOptions): Promise<FleetResult> {
  const terms = termsOf(options);
  const begun: { ledger: RunLedger; database?: Database } = { ledger: new RunLedger(terms) };
  try {
    begun.database = await options.connect();
    return await runOn(begun.database, terms, options, (ledger) => {
      begun.ledger = ledger;
    });
  } catch (error) {
    if (error instanceof OpsFailure && error.kind === "usage") throw error;
    begun.ledger.fail(databaseFailure("Could not finish the run", error), null);
    if (isSweep(terms)) await recordFailure(begun.database, begun.ledger, options);
    options.signal.throwIfAborted();
    return begun.ledger.result();
  } finally {
    await begun.database?.close().catch(() => {});
  }
}

function termsOf({ scope, remotes, source, dryRun, strict, maxSeconds }: CheckOptions): RunTerms {
  const mode = !("all" in scope) ? "repo" : remotes === null ? "all" : "remote-all";
  return { source, mode, remote: remotes !== null, dry_run: dryRun, strict, max_seconds: maxSeconds };
}

function isSweep({ mode, dry_run }: RunTerms): boolean {
  return mode === "remote-all" && !dry_run;
}

async function recordFailure(
  database: Database | undefined,
  ledger: RunLedger,
  { remotes }: CheckOptions,
): Promise<void> {
  if (remotes === null) return;
  const { recordFailedRun } = await import("./sweep/spooled_runs.ts");
  const kept = await recordFailedRun(database, ledger.result().report, remotes);
  if (kept !== null) ledger.remark(kept);
}

/** @param began is told of each ledger: a dry run that met somebody else's change begins again with a new one */
async function runOn(
  database: Database,
  terms: RunTerms,
  options: CheckOptions,
  began: (ledger: RunLedger) => void,
): Promise<FleetResult> {
  const { source, host, dryRun, maxSeconds, remotes } = options;
  const first = new RunLedger(terms);
  const locks = new RunLocks(database, { source, host, runId: first.id, maxSeconds, dryRun });
  const signal = AbortSignal.any([options.signal, locks.lost]);
  try {
    if (isSweep(terms) && remotes !== null) {
      const { storeSpooledRuns } = await import("./sweep/spooled_runs.ts");
      for (const remark of await storeSpooledRuns(database, remotes)) first.remark(remark);
    }
    let ledger: RunLedger | undefined;
    const result = await withWriter(database, { dryRun, first: (tx) => locks.holdFence(tx) }, (writer) => {
      ledger = ledger === undefined ? first : new RunLedger(terms);
      began(ledger);
      return perform({ ...options, signal, budget: new Budget(maxSeconds), locks }, writer, ledger);
    });
    signal.throwIfAborted();
    return result;
  } finally {
    await locks.close();
  }
}

interface RunOptions extends CheckOptions {
  readonly budget: Budget;
  readonly locks: RunLocks;
}

async function perform(options: RunOptions, writer: Writer, ledger: RunLedger): Promise<FleetResult> {
  const { locks, remotes, scope } = options;
  const isFleet = "all" in scope;
  // Whoever goes over the remotes of all of them is alone from the start; local tips are looked at by anybody.
  if (isFleet && remotes !== null && !(await takeFleet(options, writer, ledger)))
    return conclude(options, writer, ledger, null);
  ledger.repos = await scopeOf(writer, ledger, options);
  const reached =
    remotes === null
      ? null
      : await (await import("./sweep/reach_remotes.ts")).reachRemotes(writer.sql, ledger, options, remotes);
  const changed: Changed[] = reached === null ? await lookAtFleet(ledger, options) : await reached.look();
  if (changed.length > 0) {
    if (isFleet && remotes === null && !(await takeFleet(options, writer, ledger)))
      return conclude(options, writer, ledger, null);
    // Loaded here: most runs find nothing to read, and the parsers cost more to load than looking at the fleet.
    const { reconcileFleet } = await import("./reconcile_fleet.ts");
    await reconcileFleet(changed, writer, ledger, { ...options, locks, reach: reached?.reach ?? null });
  }
  failIfNothingWasThere(ledger, remotes !== null);
  return conclude(options, writer, ledger, reached);
}

async function takeFleet({ locks, source }: RunOptions, writer: Writer, ledger: RunLedger): Promise<boolean> {
  const taken = await locks.takeFleet();
  if (taken !== "held") {
    if (taken.abandoned !== null) ledger.takeOver(taken.abandoned);
    return true;
  }
  const { skipLocked } = await import("./sweep/skip_locked.ts");
  await skipLocked(writer.sql, locks, ledger, source);
  return false;
}

function conclude(
  options: RunOptions,
  writer: Writer,
  ledger: RunLedger,
  remotes: Conclusion["remotes"],
): Promise<FleetResult> {
  options.progress("Asking the hub");
  const conclusion = { host: options.host, remotes, activity: options.remotes?.activity ?? null };
  return writer.write((tx) => concludeRun(tx, ledger, conclusion));
}

function failIfNothingWasThere(ledger: RunLedger, remote: boolean): void {
  if (ledger.repos.length === 0) {
    ledger.fail(nothingToCheck("no repository is registered", ADD_COMMAND), null);
  } else if (ledger.missing.length === ledger.repos.length) {
    const observed = remote
      ? "no remote of any repository could be read"
      : "no checkout of any repository was found on this host";
    ledger.fail(nothingToCheck(observed, LIST_COMMAND), null);
  }
}

/** The repositories that the run is about; a path that is not registered is registered now. */
async function scopeOf(
  writer: Writer,
  ledger: RunLedger,
  { scope, host, remotes }: CheckOptions,
): Promise<ScopedRepo[]> {
  if (!("path" in scope)) return loadScope(writer.sql, scope, host);
  const checkout = await checkoutOfPath(writer.sql, scope.path, host);
  if (checkout.slug === null) {
    ledger.registered = await writer.write((tx) => addUnlessRemoved(tx, checkout.path, host));
  }
  const repos = await loadScope(writer.sql, { slug: checkout.slug ?? ledger.registered?.slug ?? "" }, host);
  // The checkout that was named, and none of its twins: its edits are what the person wants to see checked.
  return remotes === null ? repos.map((repo) => ({ ...repo, checkouts: [checkout.path] })) : repos;
}

function nothingToCheck(observed: string, hint: string): OpsFailure {
  return new OpsFailure("Could not check anything", { observed, hint });
}
