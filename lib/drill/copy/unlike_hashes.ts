// Sums of hashes say something of two servers of different major versions only where both hash alike. A server of the source's own
// version is at hand for that, also when the source itself is gone.
import type { Snapshot } from "../../db/snapshot_sessions.ts";
import { proveHashes } from "../../postgres/fingerprint/prove_hashes.ts";
import type { NotCompared } from "../evidence/report.ts";
import { openDrillSnapshot } from "../source/drill_snapshot.ts";
import type { CompareTerms } from "./compare_terms.ts";

/** @returns what cannot be compared; nothing when the hashes of both are proven to be alike, or the version is the same */
export async function unlikeHashes(
  { facts, target, terms, signal }: CompareTerms,
  copy: Snapshot,
): Promise<NotCompared[]> {
  const [source, other] = [facts.source.major, target.server.major];
  if (source === other) return [];
  const { url } = await target.scratch();
  const { lockWaitMs } = terms;
  const likeSource = await openDrillSnapshot({ url, sessions: 1, lockWaitMs, signal });
  try {
    const alike = await likeSource.run((one) => copy.run((two) => proveHashes(one, two)));
    const reason = `PostgreSQL ${source} and ${other} do not hash alike`;
    return alike ? [] : [{ what: "the rows of all tables", reason, may_pass: false }];
  } finally {
    await likeSource.close();
  }
}
