// The end of a run, in one transaction: the checks that look into the hub, waivers, which repositories are missing, and
// the run's own row. Over unchanged input that row is all that is written.

import type { Transaction } from "../db/handles.ts";
import { idsIn } from "../db/ids_in.ts";
import { findInHub, openFindings, storeFindings } from "./findings.ts";
import { humanGates } from "./human_gates.ts";
import { LISTED_FINDINGS } from "./report.ts";
import type { FleetResult, RunLedger } from "./run_ledger.ts";
import { coverFindings } from "./waivers.ts";

export async function concludeRun(tx: Transaction, ledger: RunLedger): Promise<FleetResult> {
  const ids = ledger.repos.map(({ id }) => id);
  const inHub = await findInHub(tx, ids);
  await storeFindings(tx, { origin: "hub", repoIds: ids, findings: [...inHub, ...ledger.unusable], commit: null });
  await coverFindings(tx, ids);
  await storePresence(tx, ledger);
  const [open, gates] = await Promise.all([openFindings(tx, ids, LISTED_FINDINGS), humanGates(tx, ids)]);
  const result = ledger.result(open, gates);
  if (!result.report.dry_run) await storeRun(tx, result);
  return result;
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

async function storeRun(tx: Transaction, { report }: FleetResult): Promise<void> {
  await tx`
    insert into progress_events (event_type, source, summary, detail)
    values (${`consistency_check_${report.mode}`}, ${report.source}, ${`exit ${report.exit_code}`}, ${JSON.stringify(report)}::text::jsonb)`;
}
