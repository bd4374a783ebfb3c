// The main job: look at each repository, read those that changed, reconcile them with the hub one by one, then ask the
// hub-wide checks, and keep the whole as the run's report.

import type { Database } from "../db/connect.ts";
import { databaseFailure } from "../db/database_failure.ts";
import { OpsFailure, usageFailure } from "../failure.ts";
import { shellQuoted } from "../shell_quoted.ts";
import { Budget } from "./budget.ts";
import type { CheckOptions } from "./check_options.ts";
import { type Conclusion, concludeRun } from "./conclude_run.ts";
import { type Changed, lookAtFleet } from "./look_at_fleet.ts";
import { ADD_COMMAND, LIST_COMMAND } from "./next_command.ts";
import { addUnlessRemoved, checkoutOfPath } from "./repo_registry.ts";
import { type FleetResult, RunLedger, type RunTerms } from "./run_ledger.ts";
import { RunLocks } from "./run_locks.ts";
import type { PlanWatch } from "./saved_plan/plan_watch.ts";
import { loadScope, type ScopedRepo } from "./scope.ts";
import { type Writer, withWriter } from "./writer.ts";

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
    if (begun.ledger.isSweep) await recordFailure(begun.database, begun.ledger, options);
    options.signal.throwIfAborted();
    return begun.ledger.result();
  } finally {
    await begun.database?.close().catch(() => {});
  }
}

function termsOf({ scope, remotes, source, runId, dryRun, strict, maxSeconds, plan }: CheckOptions): RunTerms {
  const mode = !("all" in scope) ? "repo" : remotes === null ? "all" : "remote-all";
  return {
    source,
    mode,
    remote: remotes !== null,
    applies: plan?.applies === true,
    dry_run: dryRun,
    strict,
    max_seconds: maxSeconds,
    ...(runId === undefined ? {} : { runId }),
  };
}

async function recordFailure(
  database: Database | undefined,
  ledger: RunLedger,
  { remotes, activity }: CheckOptions,
): Promise<void> {
  if (remotes === null) return;
  const { recordFailedRun } = await import("./sweep/spooled_runs.ts");
  const kept = await recordFailedRun(database, ledger.result().report, remotes, activity);
  if (kept !== null) ledger.remark(kept);
}

/** @param began is told of each ledger: a dry run that met somebody else's change begins again with a new one */
async function runOn(
  database: Database,
  terms: RunTerms,
  options: CheckOptions,
  began: (ledger: RunLedger) => void,
): Promise<FleetResult> {
  const { source, host, dryRun, maxSeconds, remotes, plan } = options;
  const first = new RunLedger(terms);
  began(first);
  const locks = new RunLocks(database, { source, host, runId: first.id, maxSeconds, dryRun });
  const signal = AbortSignal.any([options.signal, locks.lost]);
  try {
    if (first.isSweep && remotes !== null) {
      const { storeSpooledRuns } = await import("./sweep/spooled_runs.ts");
      for (const remark of await storeSpooledRuns(database, remotes, options.activity)) first.remark(remark);
    }
    const fleet: FleetTurn = { taken: null };
    const attempt = (dry: boolean, next: () => RunLedger, watch: () => PlanWatch | null) =>
      withWriter(database, { dryRun: dry, first: (tx) => locks.holdFence(tx) }, (writer) => {
        const budget = new Budget(maxSeconds);
        return perform({ ...options, dryRun: dry, watch: watch(), signal, budget, locks, fleet }, writer, next());
      });
    if (plan?.applies) {
      const { requireRehearsal } = await import("./saved_plan/rehearsed.ts");
      const rehearsal = () => new RunLedger({ ...terms, dry_run: true });
      requireRehearsal(await attempt(true, rehearsal, plan.rehearse), first);
    }
    const watch = plan?.applies ? plan.perform() : null;
    let ledger: RunLedger | undefined;
    const next = () => {
      ledger = ledger === undefined ? first : new RunLedger(terms);
      began(ledger);
      return ledger;
    };
    return await attempt(dryRun, next, () => watch ?? plan?.rehearse() ?? null);
  } finally {
    await locks.close();
  }
}

/** Whether this run is the one that may go over the whole fleet. */
interface FleetTurn {
  taken: Exclude<Awaited<ReturnType<RunLocks["takeFleet"]>>, "held"> | null;
}

interface RunOptions extends CheckOptions {
  readonly watch: PlanWatch | null;
  readonly budget: Budget;
  readonly locks: RunLocks;
  readonly fleet: FleetTurn;
}

async function perform(options: RunOptions, writer: Writer, ledger: RunLedger): Promise<FleetResult> {
  const { locks, remotes, scope, watch } = options;
  const isFleet = "all" in scope;
  // Whoever goes over the remotes of all of them is alone from the start; local tips are looked at by anybody.
  if (isFleet && remotes !== null && !(await takeFleet(options, writer, ledger)))
    return conclude(options, writer, ledger, null);
  const load = () => scopeOf(writer, ledger, options);
  ledger.repos = watch === null ? await load() : await watch.scope(writer.sql, load);
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
    if (watch !== null) ledger.repos = ledger.repos.filter(({ id }) => watch.concerns(id));
    const fleetOptions = { ...options, locks, reach: reached?.reach ?? null };
    await reconcileFleet(changed, writer, ledger, fleetOptions).catch((error: unknown) =>
      stopHere(error, options, ledger),
    );
  }
  if (reached !== null && !options.dryRun && !reached.reach.writeBack) ledger.tellUnwritten();
  if (!options.plan?.applies) failIfNothingWasThere(ledger, remotes !== null);
  const unfinished = watch?.unfinished() ?? null;
  if (unfinished !== null) ledger.fail(unfinished, null);
  return conclude(options, writer, ledger, reached);
}

/** What was found out until then is kept: who failed must back off, or the same failure meets every sweep. */
function stopHere(error: unknown, { dryRun, watch, signal }: RunOptions, ledger: RunLedger): void {
  signal.throwIfAborted();
  // A connection that is lost keeps nothing; a rehearsal is begun anew.
  if (dryRun || watch !== null || error instanceof OpsFailure) throw error;
  ledger.fail(databaseFailure("Could not finish the run", error), null);
}

async function takeFleet(
  { locks, source, fleet, activity }: RunOptions,
  writer: Writer,
  ledger: RunLedger,
): Promise<boolean> {
  const taken = fleet.taken ?? (await locks.takeFleet());
  if (taken !== "held") {
    const { abandoned } = taken;
    // At once, in a transaction of its own: this run may be killed as well. A run over local tips has no budget.
    if (fleet.taken === null && abandoned?.maxSeconds) await writer.write((tx) => activity.neverEnded(tx, abandoned));
    fleet.taken = taken;
    if (abandoned !== null) ledger.takeOver(abandoned);
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
  const conclusion = { host: options.host, remotes, activity: options.activity };
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
  { scope, host, remotes, plan }: CheckOptions,
): Promise<ScopedRepo[]> {
  if (!("path" in scope)) return loadScope(writer.sql, scope, host);
  const checkout = await checkoutOfPath(writer.sql, scope.path, host);
  if (checkout.slug === null) {
    if (plan !== undefined) throw notRegistered(checkout.path);
    ledger.registered = await writer.write((tx) => addUnlessRemoved(tx, checkout.path, host));
  }
  const repos = await loadScope(writer.sql, { slug: checkout.slug ?? ledger.registered?.slug ?? "" }, host);
  // The checkout that was named, and none of its twins: its edits are what the person wants to see checked.
  return remotes === null ? repos.map((repo) => ({ ...repo, checkouts: [checkout.path] })) : repos;
}

/** A plan names repositories by their ids: one that has none yet cannot be in it. */
function notRegistered(path: string): OpsFailure {
  const hint = `scripts/state_hub.ts repo add ${shellQuoted(path)}`;
  return usageFailure("Could not plan for the repository", { observed: "it is not registered", where: path, hint });
}

function nothingToCheck(observed: string, hint: string): OpsFailure {
  return new OpsFailure("Could not check anything", { observed, hint });
}
