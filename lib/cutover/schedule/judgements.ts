// What other capabilities found, as a gate's answer. Their documents are described here by the few fields that are read. (pure)
import type { Judgement } from "./move.ts";

export interface Compared {
  readonly verdict: "ready" | "not_ready" | "not_enough_evidence";
  /** The first is the one that decided. */
  readonly reasons: readonly string[];
}

const VERDICTS = { ready: "pass", not_ready: "refuse", not_enough_evidence: "unknown" } as const;

/** Too little evidence is no refusal: it could not be told. Either way nothing is moved. */
export function judgeComparison({ verdict, reasons }: Compared): Judgement {
  return {
    verdict: VERDICTS[verdict],
    says: `${verdict.replaceAll("_", " ")}: ${reasons[0] ?? "no reason was given"}`,
  };
}

export interface Differing {
  readonly where: string;
  /** The definition's id; null: none is behind it any more. */
  readonly definition: string | null;
  readonly has: string | null;
  readonly wants: string | null;
  readonly remedy: string;
}

/** @param definition undefined: the toolkit has none that can be read */
export function judgeDefinition(
  definition: { readonly id: string; readonly enabled: boolean } | undefined,
  differences: readonly Differing[],
): Judgement {
  const list = "scripts/activity_definitions.ts list";
  if (definition === undefined)
    return { verdict: "refuse", says: "the sweep's definition can't be used", remedy: list };
  const { id, enabled } = definition;
  if (!enabled) return { verdict: "refuse", says: `${id} is not enabled`, remedy: list };
  const own = differences.filter((each) => each.definition === id);
  const [first] = own;
  if (first === undefined) return { verdict: "pass", says: `${id} is enabled, and everything says what it says` };
  const says = `${first.where} has ${first.has ?? "nothing"}, wanted ${first.wants ?? "nothing"}`;
  return {
    verdict: "refuse",
    says: own.length === 1 ? says : `${says}, and ${own.length - 1} more`,
    remedy: first.remedy,
  };
}
