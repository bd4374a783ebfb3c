// The main job: look at each repository, read those that changed, reconcile them with the hub one by one, then ask the
// hub-wide checks, and keep the whole as the run's report.
import type { Database } from "../db/connect.ts";
import { databaseFailure } from "../db/database_failure.ts";
import { OpsFailure } from "../failure.ts";
import { concludeRun } from "./conclude_run.ts";
import { lookAtFleet } from "./look_at_fleet.ts";
import { addUnlessRemoved, checkoutOfPath } from "./repo_registry.ts";
import type { Source } from "./report.ts";
import { type FleetResult, RunLedger } from "./run_ledger.ts";
import { loadScope, type ScopedRepo } from "./scope.ts";
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
  readonly signal: AbortSignal;
  readonly progress: (message: string, count?: { done: number; total: number }) => void;
}

/**
 * Does not throw for what it could not do: that is the report's `automation_error`.
 * @throws OpsFailure (usage) for a path or slug that names no repository; the signal's reason when aborted
 */
export async function checkFleet(options: CheckOptions): Promise<FleetResult> {
  const mode = "all" in options.scope ? "all" : "repo";
  const terms = { source: options.source, mode, dry_run: options.dryRun, strict: options.strict } as const;
  let ledger = new RunLedger(terms);
  let database: Database | undefined;
  try {
    database = await options.connect();
    const result = await withWriter(database, options.dryRun, (writer) => {
      ledger = new RunLedger(terms);
      return perform(writer, ledger, options);
    });
    options.signal.throwIfAborted();
    return result;
  } catch (error) {
    options.signal.throwIfAborted();
    if (error instanceof OpsFailure && error.kind === "usage") throw error;
    ledger.fail(databaseFailure("Could not finish the run", error), null);
    return ledger.result();
  } finally {
    await database?.close().catch(() => {});
  }
}

async function perform(writer: Writer, ledger: RunLedger, options: CheckOptions): Promise<FleetResult> {
  ledger.repos = await scopeOf(writer, ledger, options);
  const changed = await lookAtFleet(ledger, options);
  if (changed.length > 0) {
    // Loaded here: most runs find nothing to read, and the parsers cost more to load than looking at the fleet.
    const { reconcileFleet } = await import("./reconcile_fleet.ts");
    await reconcileFleet(changed, writer, ledger, options);
  }
  if (ledger.repos.length === 0) {
    ledger.fail(nothingToCheck("no repository is registered", "scripts/state_hub.ts repo add PATH"), null);
  } else if (ledger.missing.length === ledger.repos.length) {
    ledger.fail(
      nothingToCheck("no checkout of any repository was found on this host", "scripts/state_hub.ts repo list"),
      null,
    );
  }
  options.progress("Asking the hub");
  return writer.write((tx) => concludeRun(tx, ledger));
}

/** The repositories that the run is about; a path that is not registered is registered now. */
async function scopeOf(writer: Writer, ledger: RunLedger, { scope, host }: CheckOptions): Promise<ScopedRepo[]> {
  if (!("path" in scope)) return loadScope(writer.sql, scope, host);
  const checkout = await checkoutOfPath(writer.sql, scope.path, host);
  if (checkout.slug === null) {
    ledger.registered = await writer.write((tx) => addUnlessRemoved(tx, checkout.path, host));
  }
  const repos = await loadScope(writer.sql, { slug: checkout.slug ?? ledger.registered?.slug ?? "" }, host);
  // The checkout that was named, and none of its twins: its edits are what the person wants to see checked.
  return repos.map((repo) => ({ ...repo, checkouts: [checkout.path] }));
}

function nothingToCheck(observed: string, hint: string): OpsFailure {
  return new OpsFailure("Could not check anything", { observed, hint });
}
