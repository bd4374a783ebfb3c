// The shape of a check. A check looks and says; it never repairs. Where it looks decides when it runs: into one file
// (also an edited one that is not committed), into a repository beside its rows, or into the hub over all repos at once.
import type { Reader } from "../db/handles.ts";
import type { FailedReading, ParsedReading, Problem, ProblemKind } from "../workplan/types.ts";
import type { Observation, Severity } from "./finding.ts";
import type { HubSnapshot } from "./hub_snapshot.ts";
import type { RepoPlan } from "./repo_plan.ts";

export type FileReading = ParsedReading | FailedReading;

export interface RepoView {
  readonly slug: string;
  readonly hub: HubSnapshot;
  readonly plan: RepoPlan;
}

export interface Check {
  /** C-01 ... C-23. */
  readonly id: string;
  /** The field's short name for it, stable. */
  readonly name: string;
  readonly severity: Severity;
  /** What holds when the check is silent. */
  readonly proves: string;
  /** What a person does about it. */
  readonly fix: string;
  readonly inFile?: (reading: FileReading) => Iterable<Observation>;
  readonly inRepo?: (view: RepoView) => Iterable<Observation>;
  readonly inHub?: (sql: Reader, repoIds: readonly string[]) => Promise<(Observation & { readonly repoId: string })[]>;
}

/** The problems of one kind that reading a file gave, as observations. */
export function problemsOf(
  reading: FileReading,
  kind: ProblemKind,
  pick: (problem: Problem) => boolean = () => true,
): Observation[] {
  return reading.problems
    .filter((problem) => problem.kind === kind && pick(problem))
    .map(({ kind: _, ...seen }) => ({ ...seen, path: reading.path }));
}
