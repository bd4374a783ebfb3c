// Leaves beside a stored backup that it was drilled, and with what verdict: prune keeps the last one that was proven.
import { describeFailure } from "../../failure.ts";
import { openStore } from "../store/open_store.ts";
import { recordVerification } from "../store/verification.ts";
import type { Terms } from "../terms.ts";
import type { KeptEvidence } from "./keep_evidence.ts";
import type { DrillReport } from "./report.ts";

/** @returns why it is not on record there; null when it is, or when there is nothing to record */
export async function recordInStore(
  target: string | null,
  { backup, drill_id, verdict }: DrillReport,
  { evidence, terms }: { readonly evidence: KeptEvidence | null; readonly terms: Terms },
): Promise<string | null> {
  if (target === null || backup === null || evidence === null) return null;
  const { env, home: stateHubHome, signal } = terms;
  try {
    const store = await openStore(target, { env, stateHubHome, signal, make: false });
    try {
      await recordVerification(store, backup.id, {
        ...{ manifest_digest: backup.manifest_digest, drill_id, at: new Date().toISOString(), clock: "host", verdict },
        evidence_digest: evidence.digest,
      });
      return null;
    } finally {
      await store.close();
    }
  } catch (error) {
    return `The verdict is not on record in the store: ${describeFailure(error)}`;
  }
}
