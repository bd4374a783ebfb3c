// A sequence of the copy must be exactly as the dump set it; and what the dump set must lie between what the live server said before
// the dump began and after it ended, since sequences take no part in the snapshot.
import { compareSequences } from "../postgres/fingerprint/compare_objects.ts";
import type { SequenceState } from "../postgres/fingerprint/fingerprint_types.ts";
import { sequencesBetween } from "../postgres/fingerprint/sequences_between.ts";
import { type ArchivedSequence, sequenceKey } from "./archive.ts";
import type { Facts } from "./facts.ts";
import type { Difference, NotCompared } from "./report.ts";

export interface SequenceVerdict {
  readonly compared: number;
  readonly differing: readonly string[];
  readonly differences: readonly Difference[];
  readonly notCompared: readonly NotCompared[];
}

/** @param archived asked only when a sequence moved while the dump was taken: it is another pass over the archive */
export async function compareSequenceStates(
  { sequences: { before, after } }: Pick<Facts, "sequences">,
  actual: readonly SequenceState[],
  archived: () => Promise<ReadonlyMap<string, ArchivedSequence>>,
): Promise<SequenceVerdict> {
  const beforeOf = new Map(before.map((each) => [each.name, each]));
  const moved = after.filter((each) => !isSame(beforeOf.get(each.name), each));
  const set = moved.length === 0 ? new Map<string, ArchivedSequence>() : await archived();
  const unknown = moved.filter(({ name }) => !set.has(sequenceKey(name)));
  const unknownNames = new Set(unknown.map(({ name }) => name));
  const dumped = after
    .filter(({ name }) => !unknownNames.has(name))
    .map((each) => (moved.includes(each) ? { ...each, ...set.get(sequenceKey(each.name)) } : each));
  const differences = [
    ...sequencesBetween(
      before,
      dumped,
      after.filter(({ name }) => !unknownNames.has(name)),
    ),
    ...compareSequences(
      dumped,
      actual.filter(({ name }) => !unknownNames.has(name)),
    ),
  ];
  return {
    compared: dumped.length,
    differing: [...new Set(differences.map(({ object }) => object))].sort(),
    differences,
    notCompared: unknown.map(({ name }) => ({
      what: `sequence ${name}`,
      reason: "it moved, and the archive does not set it",
    })),
  };
}

function isSame(before: SequenceState | undefined, after: SequenceState): boolean {
  return before?.lastValue === after.lastValue && before.isCalled === after.isCalled;
}
