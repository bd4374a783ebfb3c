// Two schedules of one activity, side by side: what each did in the slots that were due, and whether the one may take over
// from the other. Runs nothing and writes nothing; where the evidence comes from is the caller's.
import { usageFailure } from "../failure.ts";
import { askAgain } from "./again.ts";
import { type Comparison, type ComparisonTerms, type SourceFigures, THRESHOLDS } from "./comparison.ts";
import type { Evidence, FindingHistory, FindingsReport, Reports, RunRow } from "./evidence.ts";
import {
  type DatedReport,
  type FindingsVerdict,
  findingsApart,
  isWhole,
  judgeFindings,
  MOST_ASKED_ABOUT,
} from "./findings_apart.ts";
import { completedRuns, figuresOf, type Tally, tallySources } from "./tally.ts";
import { judge } from "./verdict.ts";
import { type DueSlots, dueSlots } from "./window.ts";

/** @throws OpsFailure (usage) for a source beside itself */
export function requireTwoSources({ baseline, candidate }: Pick<ComparisonTerms, "baseline" | "candidate">): void {
  if (baseline !== candidate) return;
  throw usageFailure("Could not compare two schedules", {
    observed: `${baseline} as baseline and as candidate`,
    expected: "two different sources",
    hint: "scripts/compare_sweep_parallel.ts --help",
  });
}

/** @throws OpsFailure as requireTwoSources; for a schedule that cannot be laid out */
export async function compareRuns(evidence: Evidence, terms: ComparisonTerms): Promise<Comparison> {
  requireTwoSources(terms);
  const { baseline, candidate } = terms;
  const { now, runs } = await evidence.runs(terms);
  const due = dueSlots(terms, now);
  const tallies = tallySources(runs, due, [baseline, candidate]);
  const sides = [baseline, candidate].map((source) => sideOf(tallies, source));
  const completed = [...tallies.values()].flatMap((tally) => completedRuns(tally).map(({ run }) => run));
  const newest = [...tallies.values()].flatMap((tally) => completedRuns(tally).at(-1)?.run.run_id ?? []);
  const reports = await evidence.reports(completed, newest);
  const pair = pairOf(sides, reports);
  const findings = await judgePair(evidence, pair);
  return concluded({ terms, now, due, tallies, sides, reports, findings });
}

/** One of the two, with its newest completed run. */
interface Side {
  readonly tally: Tally;
  readonly newest: { readonly run: RunRow; readonly slot: number } | null;
}

function sideOf(tallies: ReadonlyMap<string, Tally>, source: string): Side {
  const tally = tallies.get(source);
  if (tally === undefined) throw new Error("a source that was asked for was not tallied");
  return { tally, newest: completedRuns(tally).at(-1) ?? null };
}

/** Their newest reports; null where one of them has none. */
function pairOf(sides: readonly Side[], { findings }: Reports): readonly [DatedReport, DatedReport] | null {
  const [one, other] = sides.map(({ newest }) => (newest === null ? null : dated(newest.run, findings)));
  return one && other ? [one, other] : null;
}

function dated(run: RunRow, reports: ReadonlyMap<string, FindingsReport>): DatedReport {
  const report = reports.get(run.run_id) ?? { totals: null, findings: null };
  return { ...report, at: Date.parse(run.finished_at ?? run.fired_at) };
}

/** Asks what became of findings only where few enough differ that they may just have come or gone. */
async function judgePair(
  evidence: Evidence,
  pair: readonly [DatedReport, DatedReport] | null,
): Promise<FindingsVerdict> {
  if (pair === null) return { state: "unknown", says: "one of them has no report to compare findings by" };
  const { inEarlier, inLater } = findingsApart(...pair);
  const apart = [...inEarlier, ...inLater];
  const asks = pair.every(isWhole) && apart.length > 0 && apart.length <= MOST_ASKED_ABOUT;
  const history: readonly FindingHistory[] = asks ? await evidence.history(apart) : [];
  return judgeFindings(...pair, history);
}

interface Concluded {
  readonly terms: ComparisonTerms;
  readonly now: Date;
  readonly due: DueSlots;
  readonly tallies: ReadonlyMap<string, Tally>;
  readonly sides: readonly Side[];
  readonly reports: Reports;
  readonly findings: FindingsVerdict;
}

function concluded({ terms, now, due, tallies, sides, reports, findings }: Concluded): Comparison {
  const { definitionId, schedule, baseline, candidate, hours } = terms;
  const sources = new Map([...tallies].map(([source, tally]) => [source, figures(tally, reports)]));
  const named = (name: string) => ({ name, figures: sources.get(name) as SourceFigures });
  const [one, other] = sides.map(({ newest }) => newest?.slot);
  const slotsBetween = one === undefined || other === undefined ? null : Math.abs(one - other);
  const sidesJudged = { baseline: named(baseline), candidate: named(candidate) };
  const { verdict, reasons } = judge({ ...sidesJudged, definitionId, schedule, hours, findings, slotsBetween });
  const isForWantOfTime = verdict !== "ready" && schedule !== null;
  return {
    verdict,
    reasons,
    thresholds: THRESHOLDS,
    definition_id: definitionId,
    schedule,
    baseline,
    candidate,
    window: { from: due.from.toISOString(), until: due.until.toISOString(), hours },
    again: isForWantOfTime
      ? askAgain(
          due,
          now,
          sides.map(({ tally }) => tally),
        )
      : null,
    slots: due.slots.map(({ at }) => new Date(at).toISOString()),
    sources: Object.fromEntries([...sources].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

function figures(tally: Tally, { covered, findings }: Reports): SourceFigures {
  const newest = completedRuns(tally).at(-1)?.run;
  const assessment = newest === undefined ? null : (findings.get(newest.run_id)?.totals ?? null);
  return figuresOf(tally, { assessment, repos_covered: covered.get(tally.source) ?? 0 });
}
