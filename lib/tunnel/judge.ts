// From what the probes of one round saw to a verdict on the tunnel. (pure)
import type { ProbeId, ProbeResult, Verdict } from "./report.ts";

export interface JudgeTerms {
  /** A unit's listener on this machine: requests go through without an ssh connection of the check's own. */
  readonly ownPath: boolean;
  /** What fails at config is that the unit has the settings of an earlier list: it goes on with those. */
  readonly isOfEarlierList: boolean;
  /** From which on an answer counts as slow. */
  readonly slowMs: number;
}

export interface Judged {
  readonly verdict: Verdict;
  readonly broken: ProbeId | null;
  readonly cause: string | null;
}

/** The layers that a unit's tunnel has passed already when it answers. */
const BELOW_UNIT: readonly ProbeId[] = ["resolve", "tcp", "host_key", "auth"];
/** Without an answer to these nothing is known of the tunnel. */
const NEEDED: readonly ProbeId[] = ["config", "forward", "health"];

export function judge(probes: readonly ProbeResult[], { ownPath, isOfEarlierList, slowMs }: JudgeTerms): Judged {
  const all = probes.filter(({ ok }) => ok === false);
  const earlier = isOfEarlierList ? all.find(({ id }) => id === "config") : undefined;
  // What does not work is named before what is old: a restart with the new settings might mend nothing, and break the rest.
  const failed = all.filter((probe) => probe !== earlier);
  const broken = failed[0]?.id ?? null;
  if (failed.some(({ id }) => !(ownPath && BELOW_UNIT.includes(id)))) {
    const cause = [failed[0]?.saw, earlier?.saw].filter(Boolean).join("; ");
    return { verdict: "down", broken, cause };
  }
  const open = probes.find(({ id, ok }) => ok === null && NEEDED.includes(id));
  if (open !== undefined) return { verdict: "unknown", broken, cause: `${open.id}: ${open.saw}` };
  if (broken !== null) {
    const cause = `It works now, and would not come back after a restart: ${failed[0]?.saw}`;
    return { verdict: "degraded", broken, cause };
  }
  if (earlier !== undefined)
    return { verdict: "degraded", broken: "config", cause: `It works now, as it was rendered before: ${earlier.saw}` };
  const took = probes.find(({ id }) => id === "health")?.ms ?? 0;
  if (took <= slowMs) return { verdict: "healthy", broken, cause: null };
  const cause = `It answers after ${Math.round(took)} ms, wanted at most ${slowMs}: a long or lossy line, or a busy hub`;
  return { verdict: "degraded", broken, cause };
}
