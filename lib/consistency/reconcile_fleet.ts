// Reads the repositories that changed and reconciles them one by one. All are read before the first is applied: an id that
// stands in two of them must not go to the one that happened to be read first.
import { databaseFailure, errorCode } from "../db/database_failure.ts";
import { describeFailure, OpsFailure } from "../failure.ts";
import { forEachAtMost } from "../pool.ts";
import { shellQuoted } from "../shell_quoted.ts";
import { addKnownClaims, addReading, Claims } from "./claims.ts";
import { findInEdits } from "./findings.ts";
import type { Changed, LookOptions } from "./look_at_fleet.ts";
import { Readings } from "./readings.ts";
import { reconcileRepo } from "./reconcile_repo.ts";
import type { RepoReading } from "./repo_reading.ts";
import type { RunLedger } from "./run_ledger.ts";
import type { ScopedRepo } from "./scope.ts";
import { orderOf, type SourceOrder } from "./source_order.ts";
import { ensureVocabulary, unknownVocabulary, type Vocabulary } from "./vocabulary.ts";
import type { Writer } from "./writer.ts";

// git processes at once: they wait for the disk more than they compute.
const READERS = 4;

type FleetOptions = Pick<LookOptions, "signal" | "progress"> & { readonly dryRun: boolean };

/** A changed repository whose tip may be applied. */
interface Placed extends Changed {
  readonly order: "forward" | "rewritten";
}

export async function reconcileFleet(
  changed: readonly Changed[],
  writer: Writer,
  ledger: RunLedger,
  options: FleetOptions,
): Promise<void> {
  const claims = new Claims();
  const readings = new Readings();
  const readable = await readAll(changed, readings, claims, writer, ledger, options);
  let done = 0;
  await forEachAtMost(readable, writer.lanes, async (each) => {
    options.signal.throwIfAborted();
    options.progress("Reconciling", { done: done++, total: readable.length });
    const reading = await takeReading(each, readings, ledger);
    if (reading) await reconcileOne(each, reading, claims, writer, ledger, options.dryRun);
  });
}

/** Notes every id that the files claim, and makes the domains and topics that they name. */
async function readAll(
  changed: readonly Changed[],
  readings: Readings,
  claims: Claims,
  writer: Writer,
  ledger: RunLedger,
  { signal, progress }: FleetOptions,
): Promise<Placed[]> {
  const names = new Map<string, Vocabulary>();
  const readable: Placed[] = [];
  let done = 0;
  await forEachAtMost(changed, READERS, async (each) => {
    signal.throwIfAborted();
    progress("Reading workplans", { done: done++, total: changed.length });
    try {
      const { repo, sighting } = each;
      const [order, reading] = await Promise.all([orderOf(repo, sighting), readings.read(repo.id, sighting)]);
      const placed = place(repo, order, ledger);
      if (placed === null) {
        ledger.edits(repo, reading, findInEdits(reading));
        return;
      }
      addReading(claims, each.repo.id, reading);
      for (const name of namesIn(reading)) names.set(`${name.domain}|${name.topic}`, name);
      readable.push({ ...each, order: placed });
    } catch (error) {
      ledger.skipUnusable(each.repo, describeFailure(error));
    }
  });
  if (readable.length > 0)
    await addKnownClaims(
      writer.sql,
      claims,
      readable.map(({ repo }) => repo.id),
    );
  const unknown = names.size > 0 ? await unknownVocabulary(writer.sql, [...names.values()]) : [];
  if (unknown.length > 0) await writer.write((tx) => ensureVocabulary(tx, unknown));
  return readable;
}

/** Whether the tip may be applied; else the ledger is told why not. */
function place(repo: ScopedRepo, order: SourceOrder, ledger: RunLedger): Placed["order"] | null {
  if (order === "forward" || order === "rewritten") return order;
  if (order === "older") {
    ledger.skipClean(repo, null);
    ledger.remark(`${repo.slug}: nothing was applied, its tip is older than the commit that was applied last`);
  } else ledger.skipUnusable(repo, UNPLACED[order], acceptHint(repo));
  return null;
}

const UNPLACED = {
  diverged: "its tip and the commit that was applied last have diverged",
  unknown: "git cannot tell whether its tip is newer than the commit that was applied last",
} as const;

function acceptHint({ checkouts }: ScopedRepo): string {
  const path = shellQuoted(checkouts[0] ?? "PATH");
  return `Fetch and bring the branch up to date; only if its history was rewritten on purpose: scripts/state_hub.ts repo add ${path} --accept-history`;
}

async function takeReading(
  { repo, sighting }: Changed,
  readings: Readings,
  ledger: RunLedger,
): Promise<RepoReading | null> {
  try {
    return await readings.take(repo.id, sighting);
  } catch (error) {
    ledger.skipUnusable(repo, describeFailure(error));
    return null;
  }
}

async function reconcileOne(
  each: Placed,
  reading: RepoReading,
  claims: Claims,
  writer: Writer,
  ledger: RunLedger,
  dryRun: boolean,
): Promise<void> {
  const { repo } = each;
  const started = performance.now();
  try {
    const result = await writer.write((tx) => reconcileRepo(tx, { ...each, reading, claims, mayOrphan: false }));
    if (result === "raced") {
      ledger.skipClean(repo, null);
      ledger.remark(`${repo.slug}: another run applied another commit meanwhile; the next run reads it again`);
      return;
    }
    const { findings } = result;
    ledger.reconciled(repo, reading, result, performance.now() - started);
    const known = new Set(findings.map(({ key }) => key));
    ledger.edits(
      repo,
      reading,
      findInEdits(reading).filter(({ key }) => !known.has(key)),
    );
    if (dryRun)
      ledger.showOnce(
        repo,
        findings.filter(({ severity }) => severity === "info"),
      );
  } catch (error) {
    if (isEverybodys(error)) throw error;
    ledger.failRepo(repo, databaseFailure(`Could not reconcile ${repo.slug}`, error));
  }
}

// SQLSTATE classes of errors that one repository's data can cause: data exception, integrity, syntax, program limits; a
// trigger that refuses (P0001); and a serialization failure or deadlock that outlasted all attempts.
const ONE_REPOS_OWN = /^(22|23|42|54|P0001|40001|40P01)/;

/** Whether the run cannot go on: anything but what one repository's data, or a bug met there, causes. */
function isEverybodys(error: unknown): boolean {
  if (error instanceof OpsFailure) return true;
  const code = errorCode(error);
  return code === "" ? !(error instanceof TypeError || error instanceof RangeError) : !ONE_REPOS_OWN.test(code);
}

function namesIn(reading: RepoReading): Vocabulary[] {
  return reading.files.flatMap(({ reading: file }) =>
    file.state === "parsed" ? [{ domain: file.workplan.domain, topic: file.workplan.topicSlug }] : [],
  );
}
