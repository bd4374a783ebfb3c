// Sequences and large objects that are not the same on both sides. (pure)
import type { LargeObjectFingerprint, ObjectDifference, SequenceState } from "./fingerprint_types.ts";

/** Every part of their state counts. */
export function compareSequences(
  expected: readonly SequenceState[],
  actual: readonly SequenceState[],
): ObjectDifference[] {
  return objectDifferences({ kind: "sequence", nameOf: ({ name }) => name }, expected, actual);
}

/** A restore keeps their oids: rows refer to them by those. */
export function compareLargeObjects(
  expected: readonly LargeObjectFingerprint[],
  actual: readonly LargeObjectFingerprint[],
): ObjectDifference[] {
  return objectDifferences({ kind: "large object", nameOf: ({ oid }) => `${oid}` }, expected, actual);
}

interface Named<T> {
  readonly kind: string;
  readonly nameOf: (object: T) => string;
}

/** One for each that differs or that one side alone has; first the expected ones in their order. */
function objectDifferences<T extends object>(
  { kind, nameOf }: Named<T>,
  expected: readonly T[],
  actual: readonly T[],
): ObjectDifference[] {
  const wanted = new Map(expected.map((object) => [nameOf(object), object]));
  const found = new Map(actual.map((object) => [nameOf(object), object]));
  return [...new Set([...wanted.keys(), ...found.keys()])].flatMap((object) => {
    const parts = differing(wanted.get(object), found.get(object));
    return parts === null ? [] : [{ kind, object, ...parts }];
  });
}

/** Names only what differs: "lastValue 41" against "lastValue 42". */
function differing(one: object | undefined, other: object | undefined): { expected: string; actual: string } | null {
  if (one === undefined || other === undefined) return { expected: presence(one), actual: presence(other) };
  const found = new Map<string, unknown>(Object.entries(other));
  const parts = Object.entries(one).filter(([part, value]) => found.get(part) !== value);
  if (parts.length === 0) return null;
  const expected = parts.map(([part, value]) => `${part} ${value}`).join(", ");
  return { expected, actual: parts.map(([part]) => `${part} ${found.get(part)}`).join(", ") };
}

function presence(object: object | undefined): string {
  return object === undefined ? "none" : "one";
}
