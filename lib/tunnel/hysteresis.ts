// From the verdicts of single rounds to one that does not flap: a lost packet is no outage, and one good answer no recovery.
// With a round an interval, a dead line is down within two rounds. (pure)
import type { Verdict } from "./report.ts";

export interface Settled {
  readonly verdict: Verdict;
  /** What the last rounds said, the newest last. */
  readonly recent: readonly Verdict[];
}

const REMEMBERED = 5;
const DOWN_AFTER = 2;
const HEALTHY_AFTER = 3;

/**
 * @param before null: nothing is known yet, and the first round counts as it is
 * - down: after two rounds in a row that were down; the first is degraded
 * - unknown: after two in a row that could not tell; the first changes nothing
 * - back from down: degraded at the first round that is not down
 * - degraded: after one slow round; healthy again after three good ones in a row
 */
export function settle(before: Settled | null, round: Verdict): Settled {
  if (before === null) return { verdict: round, recent: [round] };
  const recent = [...before.recent, round].slice(-REMEMBERED);
  return { verdict: next(before.verdict, recent), recent };
}

function next(was: Verdict, recent: readonly Verdict[]): Verdict {
  const round = recent.at(-1);
  const inRow = (count: number) => recent.length >= count && recent.slice(-count).every((each) => each === round);
  if (round === "down") return was === "down" || inRow(DOWN_AFTER) ? "down" : "degraded";
  if (round === "unknown") return inRow(DOWN_AFTER) ? "unknown" : was;
  if (round === "degraded") return "degraded";
  if (was === "healthy") return "healthy";
  return inRow(HEALTHY_AFTER) ? "healthy" : "degraded";
}
