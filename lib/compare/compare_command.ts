// The body of `compare_sweep_parallel.ts`: a comparison as what a script shows, its exit code, and what to type next.
import type { Outcome } from "../cli/define_script.ts";
import { shellQuoted } from "../shell_quoted.ts";
import type { Comparison, Verdict } from "./comparison.ts";
import { renderComparison } from "./comparison_view.ts";

/** The source that a switch gives the schedule to. */
const CRON_JOB = "k8s-cronjob";
const EXIT_CODES: Readonly<Record<Verdict, 0 | 1 | 2>> = { ready: 0, not_ready: 1, not_enough_evidence: 2 };

/** @param via the hub that was asked, as it was typed; null for the database */
export function comparisonOutcome(comparison: Comparison, via: string | null): Outcome {
  return {
    exitCode: EXIT_CODES[comparison.verdict],
    document: { ...comparison },
    render: (view) => renderComparison(comparison, view),
    next: nextCommand(comparison, via),
  };
}

function nextCommand(
  { verdict, again, baseline, candidate, window, schedule }: Comparison,
  via: string | null,
): string {
  if (schedule === null) return "scripts/activity_definitions.ts check";
  const sources = ["--baseline", baseline, "--candidate", candidate];
  // It compares again, for itself: over another time it may come to another verdict.
  if (verdict === "ready" && candidate === CRON_JOB)
    return ["scripts/cutover.ts schedule switch", "--hours", Math.ceil(window.hours), ...sources].join(" ");
  if (verdict === "ready" || again === null) return "scripts/cutover.ts schedule status";
  const where = via === null ? [] : ["--via", shellQuoted(via)];
  return ["scripts/compare_sweep_parallel.ts", "--hours", again.hours, ...sources, ...where].join(" ");
}
