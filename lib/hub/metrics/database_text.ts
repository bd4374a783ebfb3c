// The database's counts as metrics. While it is away there is one line of them: state_hub_up 0.
import { familyText, histogramText } from "../../metrics/exposition.ts";
import type { Distribution, Measure } from "../../metrics/measure.ts";
import type { DatabaseCounts } from "./database_counts.ts";
import { OF_THE_DATABASE, SWEEP_BOUNDS } from "./measured.ts";

const { up, sweeps, sweepDuration, repoAge, openFindings, outboxWaiting, outboxOldest, outboxSuppressed, runs } =
  OF_THE_DATABASE;

/** @param counts null: the database does not answer */
export function databaseText(counts: DatabaseCounts | null): string {
  if (counts === null) return single(up, 0);
  const { waiting, oldest, suppressed } = counts.outbox;
  return [
    single(up, 1),
    familyText(
      sweeps,
      counts.sweeps.map(({ source, outcome, count }) => ({ labels: { source, outcome }, value: count })),
    ),
    histogramText(sweepDuration, SWEEP_BOUNDS, distributionsOf(counts)),
    familyText(
      repoAge,
      counts.repos.map(({ slug, age }) => ({ labels: { repo: slug }, value: age ?? Number.POSITIVE_INFINITY })),
    ),
    familyText(
      openFindings,
      counts.findings.map(({ check, severity, count }) => ({ labels: { check, severity }, value: count })),
    ),
    single(outboxWaiting, waiting),
    single(outboxOldest, oldest),
    single(outboxSuppressed, suppressed),
    familyText(
      runs,
      counts.runs.map(({ status, count }) => ({ labels: { status }, value: count })),
    ),
  ].join("");
}

function single(measure: Measure, value: number): string {
  return familyText(measure, [{ labels: {}, value }]);
}

function distributionsOf({ durations }: DatabaseCounts): Distribution[] {
  const sources = Map.groupBy(durations, ({ source }) => source);
  return [...sources].map(([source, buckets]) => {
    const counts = Array.from({ length: SWEEP_BOUNDS.length + 1 }, () => 0);
    for (const { bucket, count } of buckets) counts[bucket] = count;
    return { labels: { source }, counts, sum: buckets.reduce((sum, { seconds }) => sum + seconds, 0) };
  });
}
