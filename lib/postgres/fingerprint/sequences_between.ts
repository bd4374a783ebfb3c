// Sequences ignore snapshots: while a dump is taken they go on, and what the dump has of one may lie anywhere between what
// was read before and what was read after. Outside of that the dump is not of this database. (pure)
import type { ObjectDifference, SequenceState } from "./fingerprint_types.ts";

/** What a dump says of a sequence, by its setval(). */
export type DumpedSequence = Pick<SequenceState, "name" | "lastValue" | "isCalled">;

/**
 * @param before read before the dump began @param after read after it ended
 * @returns those that cannot have been so in between; one that was made or dropped meanwhile may be in the dump or not
 */
export function sequencesBetween(
  before: readonly SequenceState[],
  dumped: readonly DumpedSequence[],
  after: readonly SequenceState[],
): ObjectDifference[] {
  const [earlier, later, found] = [before, after, dumped].map(
    (states) => new Map(states.map((one) => [one.name, one])),
  );
  const names = new Set([...before, ...dumped, ...after].map(({ name }) => name));
  return [...names].flatMap((name) => {
    const span = { from: earlier?.get(name) as SequenceState, to: later?.get(name) as SequenceState };
    return outside(name, span, found?.get(name));
  });
}

interface Span {
  readonly from: SequenceState | undefined;
  readonly to: SequenceState | undefined;
}

function outside(object: string, { from, to }: Span, dumped: DumpedSequence | undefined): ObjectDifference[] {
  const difference = (expected: string, actual: string) => [{ kind: "sequence", object, expected, actual }];
  if (from === undefined && to === undefined) return difference("none", spelled(dumped));
  if (from === undefined || to === undefined) return [];
  if (dumped === undefined) return difference(spelled(from), "none");
  return lies(dumped, from, to) ? [] : difference(`from ${spelled(from)} to ${spelled(to)}`, spelled(dumped));
}

function lies(dumped: DumpedSequence, from: SequenceState, to: SequenceState): boolean {
  const step = BigInt(from.increment) < 0n ? -1n : 1n;
  const [at, first, last] = [dumped, from, to].map((state) => position(state, step)) as [bigint, bigint, bigint];
  // Backwards: it cycled, or was set back meanwhile. It then went from `first` to wherever, and from somewhere to `last`.
  return first <= last ? first <= at && at <= last : at >= first || at <= last;
}

/** Grows with use: one that was not called yet comes before one that was, at the same value. */
function position({ lastValue, isCalled }: DumpedSequence, step: bigint): bigint {
  return 2n * step * BigInt(lastValue) + (isCalled ? 1n : 0n);
}

function spelled(state: DumpedSequence | undefined): string {
  if (state === undefined) return "none";
  return state.isCalled ? state.lastValue : `${state.lastValue}, not called yet`;
}
