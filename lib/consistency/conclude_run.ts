// The end of a run, in one transaction: the checks that look into the hub, what was found about sources and checkouts,
// waivers, which repositories are missing, and the run's own rows. Over unchanged input those rows are all that is written.

import type { Transaction } from "../db/handles.ts";
import { idsIn } from "../db/ids_in.ts";
import { findInHub, openFindings, storeFindings } from "./findings.ts";
import { humanGates } from "./human_gates.ts";
import { type ActivityRecorder, storeRun } from "./record_run.ts";
import { LISTED_FINDINGS } from "./report.ts";
import type { FleetResult, RunLedger } from "./run_ledger.ts";
import { nextState } from "./sweep/next_state.ts";
import type { Reach } from "./sweep/reach.ts";
import { type SweepState, storeRepoState, storeSweepState } from "./sweep/sweep_state.ts";
import { coverFindings } from "./waivers.ts";

export interface Conclusion {
  readonly host: string;
  /** What this run read: the remotes, and how they were before; null for local tips. */
  readonly remotes: { readonly reach: Reach; readonly state: SweepState } | null;
  readonly activity: ActivityRecorder;
}

export async function concludeRun(tx: Transaction, ledger: RunLedger, conclusion: Conclusion): Promise<FleetResult> {
  const { host, remotes, activity } = conclusion;
  const ids = ledger.repos.map(({ id }) => id);
  if (remotes !== null && !ledger.isDryRun) await storeSources(tx, ledger, remotes);
  await storeFindings(tx, { origin: "hub", repoIds: ids, findings: await findInHub(tx, ids), commit: null });
  await storeSourceFindings(tx, ledger, host, remotes !== null);
  await coverFindings(tx, ids);
  if (remotes === null) await storePresence(tx, ledger);
  const [open, gates] = await Promise.all([openFindings(tx, ids, LISTED_FINDINGS), humanGates(tx, ids)]);
  const result = ledger.result(open, gates);
  if (!ledger.isDryRun) await storeRun(tx, result, ledger.isSweep ? activity : null);
  return result;
}

/** Of repositories that this run did not look at nothing is said, and what was found before stays open. */
async function storeSourceFindings(tx: Transaction, ledger: RunLedger, host: string, remote: boolean): Promise<void> {
  const looked = [...ledger.outcomes].filter(([, { state }]) => state !== "waiting").map(([id]) => id);
  const origin = remote ? ("remote" as const) : (`checkouts:${host}` as const);
  await storeFindings(tx, { origin, repoIds: looked, findings: ledger.aboutSources, commit: null });
  if (ledger.aboutCheckouts.size === 0) return;
  const findings = [...ledger.aboutCheckouts.values()].flat();
  const repoIds = [...ledger.aboutCheckouts.keys()];
  await storeFindings(tx, { origin: `follow:${host}`, repoIds, findings, commit: null });
}
/** A host can miss only what is registered there: of a repository that lives on another one it knows nothing. */
async function storePresence(tx: Transaction, { repos, missing }: RunLedger): Promise<void> {
  const gone = new Set(missing.map(({ id }) => id));
  const newlyGone = missing.filter((repo) => !repo.missing && repo.checkouts.length > 0).map(({ id }) => id);
  const back = repos.filter((repo) => repo.missing && !gone.has(repo.id)).map(({ id }) => id);
  if (newlyGone.length + back.length === 0) return;
  await tx`
    update repos set missing_since = case when id in (${idsIn(tx, back)}) then null else now() end
    where id in (${idsIn(tx, [...newlyGone, ...back])})`;
}

/** Where each repository that was looked at stands now. A run of one is no sweep: it only ends that one's waiting. */
async function storeSources(
  tx: Transaction,
  ledger: RunLedger,
  { reach, state }: NonNullable<Conclusion["remotes"]>,
): Promise<void> {
  const at = { now: state.now, manual: reach.manual };
  const repos = new Map(
    [...ledger.outcomes].map(([id, outcome]) => [id, nextState(state.repos.get(id) ?? null, outcome, at)]),
  );
  if (ledger.isSweep) await storeSweepState(tx, { runId: ledger.id, writeBack: reach.writeBack, repos });
  else for (const [id, next] of repos) await storeRepoState(tx, id, next);
}
