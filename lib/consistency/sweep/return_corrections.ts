// After a repository's rows were applied: its corrections go to the files, the files as they then are go to the rows, and
// the checkouts of it on this host follow. Each step may be the last one of a killed run: the next run finds how far it came.

import type { Transaction } from "../../db/handles.ts";
import { describeFailure } from "../../failure.ts";
import { checkoutAround } from "../../git/remote/remote_within.ts";
import { writebackPending } from "../checks/c15_writeback_pending.ts";
import type { TakenReading } from "../readings.ts";
import type { RepoInput, RepoResult } from "../reconcile_repo.ts";
import type { RepoReading } from "../repo_reading.ts";
import type { Actions } from "../report.ts";
import type { RunLedger } from "../run_ledger.ts";
import type { RunLocks } from "../run_locks.ts";
import type { ScopedRepo } from "../scope.ts";
import type { Sighting } from "../sight.ts";
import type { RefusedEdit } from "./correction.ts";
import { followCheckouts } from "./follow_checkouts.ts";
import type { Reach } from "./reach.ts";
import { type WriteBackInput, type WriteBackResult, writeBack } from "./write_back.ts";

interface Hands {
  readonly reach: Reach;
  readonly ledger: RunLedger;
  readonly locks: RunLocks;
  readonly host: string;
  readonly write: <T>(work: (tx: Transaction) => Promise<T>) => Promise<T>;
  /** Reconciles the repository again, with what its files say now. */
  readonly apply: (input: Pick<RepoInput, "repo" | "reading">) => Promise<RepoResult | "raced">;
}

export interface Returned {
  /** What the files say in the end. */
  readonly reading: RepoReading;
  readonly writtenBack: number;
  /** Why corrections are left, and will be tried again after a back-off; null when there is no such reason. */
  readonly problem: string | null;
  readonly after: RepoResult | null;
}

export async function returnCorrections(
  { repo, sighting }: { readonly repo: ScopedRepo; readonly sighting: Sighting },
  { reading, files }: TakenReading,
  { corrections }: RepoResult,
  hands: Hands,
): Promise<Returned> {
  const { reach, ledger, locks, host } = hands;
  const input = { sighting, reading, files, corrections, reach, runId: ledger.id, prove: () => locks.prove() };
  const { refused, outcome } = await attempt(input, repo.twins);
  for (const edit of refused) {
    ledger.report(repo, writebackPending, refusedObservation(edit));
    await hands.write((tx) => noteProblem(tx, repo.id, edit.problem.message, edit.path));
  }
  const returned = await settle(repo, reading, outcome, hands);
  const { commit } = returned.reading;
  await followCheckouts(repo, { ...sighting, tip: { ...sighting.tip, commit } }, ledger, host);
  return returned;
}

async function attempt(input: WriteBackInput, checkouts: readonly string[]): Promise<WriteBackResult> {
  if (input.corrections.length === 0) return { refused: [], outcome: { state: "nothing" } };
  const { remote } = input.sighting;
  const around = remote === null || remote.own !== null ? null : checkoutAround(remote.remote, checkouts);
  if (around !== null) {
    const observed = `the remote lies within the checkout ${around}, and a push would run what stands there`;
    return { refused: [], outcome: { state: "failed", observed } };
  }
  // Locks that were lost end the run, not this repository alone.
  const prove = { failed: false };
  const watched = async () => {
    prove.failed = true;
    await input.prove();
    prove.failed = false;
  };
  try {
    return await writeBack({ ...input, prove: watched });
  } catch (error) {
    if (prove.failed) throw error;
    return { refused: [], outcome: { state: "failed", observed: describeFailure(error) } };
  }
}

async function settle(
  repo: ScopedRepo,
  reading: RepoReading,
  outcome: WriteBackResult["outcome"],
  { ledger, write, apply }: Hands,
): Promise<Returned> {
  const nothing = { reading, writtenBack: 0, problem: null, after: null };
  if (outcome.state === "nothing") return nothing;
  if (outcome.state === "published") {
    const after = await apply({ repo: { ...repo, last_source_commit: reading.commit }, reading: outcome.reading });
    return {
      reading: outcome.reading,
      writtenBack: outcome.corrections,
      problem: null,
      after: after === "raced" ? null : after,
    };
  }
  ledger.remark(`${repo.slug}: corrections wait: ${outcome.observed}`);
  await write((tx) => noteProblem(tx, repo.id, outcome.observed));
  return { ...nothing, problem: outcome.state === "raced" ? null : outcome.observed };
}

/** For `status` and C-15: why what is pending has not reached its file. */
async function noteProblem(
  tx: Transaction,
  repoId: string,
  problem: string,
  path: string | null = null,
): Promise<void> {
  await tx`
    update writeback_intents set problem = ${problem}
    where repo_id = ${repoId} and done_at is null and cancelled_at is null
      and (${path}::text is null or path = ${path}) and problem is distinct from ${problem}`;
}

function refusedObservation({ path, problem }: RefusedEdit) {
  const { line, column, subject, observed, expected } = problem;
  const message = `A correction was not written: ${problem.message}`;
  return {
    code: `refused_${problem.code}`,
    path,
    line,
    column,
    subject,
    message,
    observed,
    expected,
    hint: problem.hint,
  };
}

/** What both passes over the repository did together. */
export function actionsOf(first: RepoResult, { after, writtenBack }: Returned): Actions {
  const last = after ?? first;
  return { ...first.actions, written_back: writtenBack, pending_writeback: last.actions.pending_writeback };
}
