// Reads the repositories that changed and reconciles them one by one. All are read before the first is applied: an id that
// stands in two of them must not go to the one that happened to be read first.
import { basename } from "node:path";
import { databaseFailure, errorCode } from "../db/database_failure.ts";
import { describeFailure, OpsFailure } from "../failure.ts";
import { discardMirror } from "../git/mirror/mirror.ts";
import { forEachAtMost } from "../pool.ts";
import { shellQuoted } from "../shell_quoted.ts";
import type { Budget } from "./budget.ts";
import { addKnownClaims, addReading, Claims } from "./claims.ts";
import { findInEdits } from "./findings.ts";
import type { Changed, LookOptions } from "./look_at_fleet.ts";
import { Readings, type TakenReading } from "./readings.ts";
import { acceptSameFiles, type RepoInput, type RepoResult, reconcileRepo } from "./reconcile_repo.ts";
import type { RepoReading } from "./repo_reading.ts";
import type { RunLedger } from "./run_ledger.ts";
import type { RunLocks } from "./run_locks.ts";
import { PlanMoved } from "./saved_plan/plan_moved.ts";
import type { PlanWatch } from "./saved_plan/plan_watch.ts";
import type { ScopedRepo, StoredPass } from "./scope.ts";
import { isCurrentButForCommit } from "./sight.ts";
import { orderOf, type SourceOrder } from "./source_order.ts";
import type { Reach } from "./sweep/reach.ts";
import { ensureVocabulary, unknownVocabulary, type Vocabulary } from "./vocabulary.ts";
import type { Writer } from "./writer.ts";

// git processes at once: they wait for the disk more than they compute.
const READERS = 4;

export interface FleetOptions extends Pick<LookOptions, "signal" | "progress" | "full"> {
  readonly dryRun: boolean;
  readonly budget: Budget;
  readonly locks: RunLocks;
  readonly host: string;
  /** null: local tips are read, and nothing is written back. */
  readonly reach: Reach | null;
  /** Of a run that makes a saved plan or does one. */
  readonly watch?: PlanWatch | null;
}

/** A changed repository whose tip may be applied. */
interface Placed extends Changed {
  readonly order: RepoInput["order"];
}

export async function reconcileFleet(
  changed: readonly Changed[],
  writer: Writer,
  ledger: RunLedger,
  options: FleetOptions,
): Promise<void> {
  const { budget, signal, progress, reach, watch = null } = options;
  const claims = new Claims();
  const readings = new Readings();
  const readable = await readAll(changed, readings, claims, writer, ledger, options);
  let done = 0;
  // A push waits for its remote more than it computes.
  const atOnce = reach?.writeBack ? Math.max(writer.lanes, reach.atOnce) : writer.lanes;
  await forEachAtMost(readable, watch === null ? atOnce : 1, async (each) => {
    signal.throwIfAborted();
    if (done > 0 && budget.isOver()) return ledger.skipUnreached(each.repo, null);
    progress("Reconciling", { done: done++, total: readable.length });
    await reconcileOne(each, readings, claims, writer, ledger, options);
  });
}

/** Notes every id that the files claim, and makes the domains and topics that they name. */
async function readAll(
  changed: readonly Changed[],
  readings: Readings,
  claims: Claims,
  writer: Writer,
  ledger: RunLedger,
  options: FleetOptions,
): Promise<Placed[]> {
  const { signal, progress, full, reach, watch = null } = options;
  const names = new Map<string, Vocabulary>();
  const readable: Placed[] = [];
  const sameFiles: Placed[] = [];
  let done = 0;
  await forEachAtMost(changed, READERS, async (each) => {
    signal.throwIfAborted();
    progress("Reading workplans", { done: done++, total: changed.length });
    try {
      const { repo, sighting } = each;
      const owed = reach?.writeBack === true && repo.pending;
      const order = await orderOf(repo, sighting);
      // Of a history that was rewritten, all is to be told.
      const known = full || owed || order === "rewritten" ? null : knownTree(each);
      const reading = await readings.read(repo.id, sighting, known);
      const placed = place(each, order, ledger);
      if (placed === null) {
        if (reading !== null) ledger.edits(repo, reading, findInEdits(reading));
      } else if (reading === null) sameFiles.push({ ...each, order: placed });
      else {
        addReading(claims, repo.id, reading);
        if (watch?.concerns(repo.id) ?? true)
          for (const name of namesIn(reading)) names.set(`${name.domain}|${name.topic}`, name);
        readable.push({ ...each, order: placed });
        watch?.read({ ...each, order: placed, reading });
      }
    } catch (error) {
      await tellUnreadable(each, error, ledger, reach);
    }
  });
  for (const each of sameFiles) await acceptCommit(each, writer, ledger, options);
  if (readable.length > 0)
    await addKnownClaims(
      writer.sql,
      claims,
      readable.map(({ repo }) => repo.id),
    );
  const chosen = watch?.chosen(readable) ?? readable;
  const unknown = names.size > 0 ? await unknownVocabulary(writer.sql, [...names.values()]) : [];
  watch?.vocabulary(unknown);
  if (unknown.length > 0) await writer.write((tx) => ensureVocabulary(tx, unknown));
  return chosen;
}

/** A commit that left the workplans folder alone: it counts as read, and checkouts follow it. */
async function acceptCommit(each: Placed, writer: Writer, ledger: RunLedger, options: FleetOptions): Promise<void> {
  const { repo, sighting } = each;
  const accept = async () => {
    const accepted = await writer.write((tx) => acceptSameFiles(tx, each));
    ledger.skipClean(repo, passOf(each)?.workplans ?? null, accepted ? sighting.tip.commit : null);
    if (!options.reach?.writeBack) return;
    const { followCheckouts } = await import("./sweep/follow_checkouts.ts");
    await followCheckouts(repo, sighting, ledger, options.host);
  };
  if (options.dryRun) return await accept();
  const held = await options.locks.inRepo(repo.id, options.signal, accept);
  if ("heldBy" in held) ledger.skipHeld(repo, held.heldBy);
}

/** The folder that the last pass read, where that pass still says how everything else stands. */
function knownTree(each: Changed): string | null {
  const { repo, sighting } = each;
  const pass = passOf(each);
  return pass && !sighting.racy && isCurrentButForCommit(pass, repo, sighting.workTree) ? pass.tree : null;
}

function passOf({ repo, sighting }: Changed): StoredPass | undefined {
  return repo.passes.find(({ source }) => source === sighting.source);
}

/** Whether the tip may be applied; else the ledger is told why not. */
function place({ repo, sighting }: Changed, order: SourceOrder, ledger: RunLedger): Placed["order"] | null {
  if (order === "forward" || order === "rewritten") return order;
  if (order === "older") {
    ledger.skipClean(repo, null, sighting.tip.commit);
    ledger.remark(`${repo.slug}: nothing was applied, its tip is older than the commit that was applied last`);
  } else ledger.skipUnplaced(repo, UNPLACED[order], sighting.tip.commit, acceptHint(repo));
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
  each: Changed,
  readings: Readings,
  ledger: RunLedger,
  reach: Reach | null,
): Promise<TakenReading | null> {
  try {
    return await readings.take(each.repo.id, each.sighting);
  } catch (error) {
    await tellUnreadable(each, error, ledger, reach);
    return null;
  }
}

/** A mirror is a cache: one that cannot be read is made anew next time. A person's checkout is left to the person. */
async function tellUnreadable({ repo, sighting }: Changed, error: unknown, ledger: RunLedger, reach: Reach | null) {
  ledger.skipUnusable(repo, describeFailure(error), sighting.tip.commit);
  const isDamaged = error instanceof OpsFailure && error.hint?.includes("fsck") === true;
  if (reach !== null && isDamaged) await discardMirror(reach.home, basename(sighting.checkout.path)).catch(() => {});
}

/** One repository under its lock: its rows, then its files, then the checkouts of it on this host. */
async function reconcileOne(
  each: Placed,
  readings: Readings,
  claims: Claims,
  writer: Writer,
  ledger: RunLedger,
  options: FleetOptions,
): Promise<void> {
  const { repo } = each;
  try {
    const apply = async () => {
      const taken = await takeReading(each, readings, ledger, options.reach);
      if (taken !== null) await applyReading(each, taken, claims, writer, ledger, options);
    };
    if (options.dryRun) return await apply();
    const held = await options.locks.inRepo(repo.id, options.signal, apply);
    if ("heldBy" in held) ledger.skipHeld(repo, held.heldBy);
  } catch (error) {
    if (error instanceof PlanMoved) return ledger.failRepo(repo, error, each.sighting.tip.commit);
    if (isEverybodys(error)) throw error;
    ledger.failRepo(repo, databaseFailure(`Could not reconcile ${repo.slug}`, error), each.sighting.tip.commit);
  }
}

async function applyReading(
  each: Placed,
  taken: TakenReading,
  claims: Claims,
  writer: Writer,
  ledger: RunLedger,
  { reach, dryRun, host, locks, watch = null }: FleetOptions,
): Promise<void> {
  const { repo } = each;
  const { reading } = taken;
  const started = performance.now();
  const writesBack = reach?.writeBack === true;
  const rehearsed: { reading: RepoReading | null } = { reading: null };
  const apply = (input: Pick<RepoInput, "repo" | "reading">) =>
    writer.write(async (tx) => {
      const result = await reconcileRepo(tx, {
        ...each,
        ...input,
        before: repo.last_source_commit,
        claims,
        writesBack,
        watch,
      });
      const isFirst = result !== "raced" && input.reading === reading;
      if (isFirst) rehearsed.reading = watch?.edited(repo, taken, result.corrections) ?? null;
      return result;
    });
  const result = await apply({ repo, reading });
  if (rehearsed.reading !== null)
    await apply({ repo: { ...repo, last_source_commit: reading.commit }, reading: rehearsed.reading });
  if (result === "raced") {
    ledger.skipClean(repo, null, null);
    ledger.remark(`${repo.slug}: another run applied another commit meanwhile; the next run reads it again`);
    return;
  }
  if (reach === null || !writesBack) {
    ledger.reconciled(repo, reading, result, performance.now() - started);
    watch?.done(repo.id, 0);
  } else {
    const { returnCorrections, actionsOf } = await import("./sweep/return_corrections.ts");
    const { write } = writer;
    const returned = await returnCorrections(each, taken, result, { reach, ledger, locks, host, write, apply });
    const done = { actions: actionsOf(result, returned), wrote: result.wrote || returned.writtenBack > 0 };
    ledger.reconciled(repo, returned.reading, done, performance.now() - started);
    watch?.done(repo.id, returned.writtenBack);
    if (returned.problem !== null) ledger.unpublished(repo, returned.reading.commit, returned.problem);
  }
  showFindings(repo, reading, result, ledger, dryRun);
}

function showFindings(
  repo: ScopedRepo,
  reading: RepoReading,
  { findings }: RepoResult,
  ledger: RunLedger,
  dryRun: boolean,
): void {
  const known = new Set(findings.map(({ key }) => key));
  ledger.edits(
    repo,
    reading,
    findInEdits(reading).filter(({ key }) => !known.has(key)),
  );
  if (!dryRun) return;
  ledger.showOnce(
    repo,
    findings.filter(({ severity }) => severity === "info"),
  );
}

// SQLSTATE classes of errors that one repository's data can cause: data exception, integrity, syntax, program limits; a
// trigger that refuses (P0001); a serialization failure or deadlock that outlasted all attempts; and a row that somebody
// holds locked (lock or statement timeout).
const ONE_REPOS_OWN = /^(22|23|42|54|P0001|40001|40P01|55P03|57014)/;

/** Whether the run cannot go on: anything but what one repository's data, or a bug met there, causes. */
function isEverybodys(error: unknown): boolean {
  if (error instanceof OpsFailure) return true;
  const code = errorCode(error);
  return code === "" ? !(error instanceof TypeError || error instanceof RangeError) : !ONE_REPOS_OWN.test(code);
}

/** The domains and topics that a repository's files name. */
export function namesIn(reading: RepoReading): Vocabulary[] {
  return reading.files.flatMap(({ reading: file }) =>
    file.state === "parsed" ? [{ domain: file.workplan.domain, topic: file.workplan.topicSlug }] : [],
  );
}
