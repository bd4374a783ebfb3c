// Reads go forward only: where the commit that was seen stands to the one that was applied last.
import { isAncestor } from "../git/identity.ts";
import type { ScopedRepo } from "./scope.ts";
import type { Sighting } from "./sight.ts";

/**
 * `forward`: the same or a later one. `older`: it comes before. `rewritten`: neither contains the other, as after a forced
 * push. `unknown`: git cannot tell, because it does not have one of them.
 */
export type SourceOrder = "forward" | "older" | "rewritten" | "unknown";

export async function orderOf(
  { last_source_commit: last }: ScopedRepo,
  { checkout, tip }: Sighting,
): Promise<SourceOrder> {
  if (last === null || last === tip.commit) return "forward";
  const forward = await isAncestor(checkout, last, tip.commit);
  if (forward === null) return "unknown";
  if (forward) return "forward";
  return (await isAncestor(checkout, tip.commit, last)) ? "older" : "rewritten";
}
