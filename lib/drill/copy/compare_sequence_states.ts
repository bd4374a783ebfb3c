// A sequence of the copy must be exactly as the dump set it; and what the dump set must lie between what the live server said before
// the dump began and after it ended, since sequences take no part in the snapshot.
import { compareSequences } from "../../postgres/fingerprint/compare_objects.ts";
import type { SequenceState } from "../../postgres/fingerprint/fingerprint_types.ts";
import { sequencesBetween } from "../../postgres/fingerprint/sequences_between.ts";
import { type ArchivedSequence, sequenceKey } from "../archive/archive.ts";
import type { Difference, NotCompared } from "../evidence/report.ts";
import type { Facts } from "../source/facts.ts";

interface SequenceVerdict {
  readonly compared: number;
  readonly differing: readonly string[];
  readonly differences: readonly Difference[];
  readonly notCompared: readonly NotCompared[];
}

/** @param archived asked only when a sequence moved while the dump was taken, or seems to have: it is another pass over the archive */
export async function compareSequenceStates(
  { sequences: { before, after } }: Pick<Facts, "sequences">,
  actual: readonly SequenceState[],
  archived: () => Promise<ReadonlyMap<string, ArchivedSequence>>,
): Promise<SequenceVerdict> {
  const [beforeOf, actualOf] = [byName(before), byName(actual)];
  const moved = after.filter((each) => !isSame(beforeOf.get(each.name), each));
  const strayed = after.filter((each) => !moved.includes(each) && !isSame(actualOf.get(each.name) ?? each, each));
  const set = moved.length + strayed.length === 0 ? new Map<string, ArchivedSequence>() : await archived();
  const setTo = ({ name }: SequenceState) => set.get(sequenceKey(name));
  const reasons = new Map([
    ...moved.filter((each) => setTo(each) === undefined).map(({ name }) => [name, UNSET] as const),
    ...strayed.filter((each) => cameBack(each, actualOf, setTo(each))).map(({ name }) => [name, CAME_BACK] as const),
  ]);
  const known = <T extends { readonly name: string }>(all: readonly T[]) =>
    all.filter(({ name }) => !reasons.has(name));
  const dumped = known(after).map((each) => (moved.includes(each) ? { ...each, ...setTo(each) } : each));
  const differences = [...sequencesBetween(before, dumped, known(after)), ...compareSequences(dumped, known(actual))];
  return {
    compared: dumped.length,
    differing: [...new Set(differences.map(({ object }) => object))].sort(),
    differences,
    notCompared: [...reasons].map(([name, reason]) => ({ what: `sequence ${name}`, reason, may_pass: false })),
  };
}

const UNSET = "it moved, and the archive does not set it";
const CAME_BACK =
  "the copy has it as the dump has, and the source as it was before the dump and after it: it moved in between and was set back, which another dump would tell";

/** The copy is as the dump set it, and it is the dump that has it otherwise than the server said twice. */
function cameBack(
  after: SequenceState,
  actual: ReadonlyMap<string, SequenceState>,
  set: ArchivedSequence | undefined,
): boolean {
  return set !== undefined && !isSame(set, after) && isSame(set, actual.get(after.name) ?? after);
}

function byName(all: readonly SequenceState[]): ReadonlyMap<string, SequenceState> {
  return new Map(all.map((each) => [each.name, each]));
}

function isSame(one: ArchivedSequence | undefined, other: ArchivedSequence): boolean {
  return one?.lastValue === other.lastValue && one.isCalled === other.isCalled;
}
