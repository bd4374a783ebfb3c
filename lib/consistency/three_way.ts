// The rule for a field that both sides may move: `status` and `completed`. Against the last value that both agreed on,
// whoever moved wins; when both moved to different values the file wins (ADR-001: files are the source of truth) and
// the hub's value is kept. (pure)

export type FieldValue = string | null;

export type Verdict =
  /** Both sides and the base agree. */
  | { readonly rule: "unchanged"; readonly value: FieldValue }
  /** Both sides agree, the base did not know it yet. */
  | { readonly rule: "both_moved_alike"; readonly value: FieldValue }
  | { readonly rule: "file_moved"; readonly value: FieldValue }
  /** The file is to be corrected; until it is, the base stays where it was. */
  | { readonly rule: "hub_moved"; readonly value: FieldValue }
  /** The file's value stands, `loser` is the hub's and is kept. */
  | { readonly rule: "file_wins"; readonly value: FieldValue; readonly loser: FieldValue };

/** @param base the agreed value; `undefined` when there never was one (null is a value: the key is absent) */
export function threeWay(base: FieldValue | undefined, file: FieldValue, hub: FieldValue): Verdict {
  if (file === hub) return { rule: base === file ? "unchanged" : "both_moved_alike", value: file };
  if (base === undefined) return { rule: "file_wins", value: file, loser: hub };
  if (base === hub) return { rule: "file_moved", value: file };
  if (base === file) return { rule: "hub_moved", value: hub };
  return { rule: "file_wins", value: file, loser: hub };
}
