// Ids for new rows, as a saved plan promised them: given out in its order, which over the same files is the same.
import type { RepoReading } from "../repo_reading.ts";
import type { PlanEvidence, SavedPlan } from "./plan_document.ts";

/** Of the two plans for one repository: from what was read, or from what was published afterwards. */
export function isFirstPass(evidence: Pick<PlanEvidence, "commit"> | undefined, reading: RepoReading): boolean {
  return evidence === undefined || evidence.commit === reading.commit;
}

/** Once they are used up, new ones: a row too many is then found by whoever compares. */
export function idsFromPlan(saved: SavedPlan, repoId: string, first: boolean): () => string {
  const entry = saved.repos.find(({ id }) => id === repoId);
  const ids = [...((first ? entry?.minted : entry?.after_push?.minted) ?? [])];
  return () => ids.shift() ?? Bun.randomUUIDv7();
}
