// The drill as the script runs it: the drill itself, then its evidence, then the word to the hub, then the answer to the operator.
import { hostname } from "node:os";
import type { Outcome } from "../../cli/define_script.ts";
import { describeFailure, OpsFailure } from "../../failure.ts";
import type { Secret } from "../../secret.ts";
import { shellQuoted } from "../../shell_quoted.ts";
import { type AskedDrill, drill } from "../drill.ts";
import { renderDrill } from "../evidence/drill_view.ts";
import { eventOfDrill } from "../evidence/event_of_drill.ts";
import { type KeptEvidence, keepEvidence, NOT_KEPT } from "../evidence/keep_evidence.ts";
import { recordInStore } from "../evidence/record_in_store.ts";
import type { DrillReport } from "../evidence/report.ts";
import { tellHub } from "../evidence/tell_hub.ts";
import type { Terms } from "../terms.ts";

/** A drill, and who is told of it. */
interface DrillCommand extends AskedDrill {
  /** The hub's database, for the event; null: there is none to tell. */
  readonly tell: () => Promise<Secret | null>;
}

const EXIT_CODE = { passed: 0, failed: 1, could_not_verify: 2 } as const;

/** @throws OpsFailure of kind usage alone; the signal's reason when it was aborted */
export async function drillCommand(asked: DrillCommand, terms: Terms): Promise<Outcome> {
  const found = await drill(asked, terms);
  terms.signal.throwIfAborted();
  const { report, evidence } = withEvidence(found, terms);
  const stored = await recordInStore(asked.store, report, { evidence, terms });
  const facts = { evidenceDigest: evidence?.digest ?? null, stored: asked.live === null, host: hostname() };
  const told = await tellHub(asked.tell, eventOfDrill(report, facts), terms.hub);
  const remarks = [...report.remarks, ...[stored, told].filter((each) => each !== null)];
  const document = { ...report, remarks, evidence: evidence?.file ?? null, evidence_digest: evidence?.digest ?? null };
  return {
    exitCode: EXIT_CODE[report.verdict],
    document,
    render: (view) => renderDrill({ ...report, remarks }, evidence?.file ?? null, view),
    ...nextOf(report, asked),
  };
}

/** A drill that cannot be proven later is not verified, whatever it found. */
function withEvidence(report: DrillReport, { home }: Terms): { report: DrillReport; evidence: KeptEvidence | null } {
  try {
    return { report, evidence: keepEvidence(home, report, new Date()) };
  } catch (error) {
    const verdict = report.verdict === "passed" ? "could_not_verify" : report.verdict;
    const hint = report.hint ?? (error instanceof OpsFailure ? (error.hint ?? null) : null);
    return {
      report: { ...report, verdict, hint, reasons: withReason(report.reasons, describeFailure(error)) },
      evidence: null,
    };
  }
}

/** A home that takes nothing was noticed before the work began, too. */
function withReason(reasons: readonly string[], reason: string): readonly string[] {
  return reasons.some((each) => each.startsWith(NOT_KEPT)) ? reasons : [...reasons, reason];
}

function nextOf({ verdict, hint }: DrillReport, { store }: AskedDrill): { next?: string } {
  if (hint !== null) return {};
  if (store !== null) return { next: `scripts/backup_restore_drill.ts list --store ${shellQuoted(store)}` };
  return verdict === "passed" ? {} : { next: "scripts/backup_restore_drill.ts --json" };
}
