// Applies the table of field rules to one mapping: what each key holds, and a problem with its place for each that is
// missing or wrong. All of them are told at once, because a file is mended faster with the whole list.
import type { Entry, Mapping, MappingProblem } from "../front_matter/mapping.ts";
import { type FieldRule, isHubId } from "./field_rules.ts";
import { problemAt } from "./problem.ts";
import type { Place, Problem, ProblemKind } from "./types.ts";

export interface FieldScope {
  readonly entries: ReadonlyMap<string, Entry>;
  /** Place of an offset that an entry carries. */
  readonly placeOf: (offset: number) => Place;
  /** Where a missing key would belong. */
  readonly home: Place;
  readonly missing: ProblemKind;
  readonly invalid: ProblemKind;
  readonly subject: string | null;
  readonly problems: Problem[];
}

/** Values by key. A key that is absent, null or wrong is missing; the wrong ones are in `scope.problems`. */
export function readFields(scope: FieldScope, rules: readonly FieldRule[]): Map<string, string> {
  const values = new Map<string, string>();
  for (const rule of rules) {
    const value = readField(scope, rule);
    if (value !== null) values.set(rule.key, value);
  }
  return values;
}

function readField(scope: FieldScope, rule: FieldRule): string | null {
  const entry = scope.entries.get(rule.key);
  if (entry === undefined || entry.value === null || entry.value === "") {
    if (rule.required) scope.problems.push(missingKey(scope, rule, entry));
    return null;
  }
  if (typeof entry.value === "string" && rule.manyLines) return entry.value.trimEnd() || null;
  if (typeof entry.value !== "string" || !entry.oneLine) {
    scope.problems.push(wrongValue(scope, entry, { ...rule, expected: "a value of one line" }, "not_one_line"));
    return null;
  }
  if (rule.accepts(entry.value)) return entry.value;
  scope.problems.push(wrongValue(scope, entry, rule, "invalid_value"));
  return null;
}

function missingKey(scope: FieldScope, rule: FieldRule, entry: Entry | undefined): Problem {
  return problemAt(entry === undefined ? scope.home : scope.placeOf(entry.keyStart), {
    kind: scope.missing,
    code: entry === undefined ? "missing_key" : "empty_value",
    subject: scope.subject ?? rule.key,
    message: entry === undefined ? `The key ${rule.key} is missing` : `The key ${rule.key} has no value`,
    expected: rule.expected,
    hint: `Add a line \`${rule.key}: ...\`. ${rule.hint}`,
  });
}

/** A problem for a value that stands in the file but can't be used. */
export function wrongValue(
  scope: FieldScope,
  entry: Entry,
  rule: Pick<FieldRule, "key" | "expected" | "hint">,
  code: string,
): Problem {
  return problemAt(scope.placeOf(entry.valueStart), {
    kind: scope.invalid,
    code,
    subject: scope.subject ?? rule.key,
    message: `The value of ${rule.key} can't be used`,
    observed: typeof entry.value === "string" ? entry.value : "a list, a mapping or a text of several lines",
    expected: rule.expected,
    hint: rule.hint,
  });
}

/** What is sound enough to tell whose row this is, even when the rest can't be used. */
export function identityIn(mapping: Mapping, hubKey: string, isId: (value: string) => boolean) {
  const id = mapping.entries.get("id")?.value;
  const hub = mapping.entries.get(hubKey)?.value;
  return {
    id: typeof id === "string" && isId(id) ? id : null,
    hubId: typeof hub === "string" && isHubId(hub) ? hub.toLowerCase() : null,
  };
}

/** Keys that no rule names, as JSON values. */
export function extraOf(mapping: Mapping, known: ReadonlySet<string>): Readonly<Record<string, unknown>> {
  let extra: [string, unknown][] | null = null;
  for (const [key, entry] of mapping.entries) {
    if (!known.has(key)) {
      extra ??= [];
      extra.push([key, entry.value]);
    }
  }
  return extra === null ? NO_EXTRA : Object.fromEntries(extra);
}

const NO_EXTRA: Readonly<Record<string, unknown>> = Object.freeze({});

/** The place of each key. */
export function placesOf(mapping: Mapping, placeOf: (offset: number) => Place): Readonly<Record<string, Place>> {
  const places: Record<string, Place> = {};
  for (const [key, entry] of mapping.entries) {
    // Assigning `__proto__` would set the object's prototype instead of a key.
    if (key !== "__proto__") places[key] = placeOf(entry.keyStart);
  }
  return places;
}

/** A problem of a mapping as a problem of the file. Size and depth are a matter of safety, the rest of reading. */
export function mappingProblem(
  found: MappingProblem,
  place: Place,
  kind: ProblemKind,
  subject: string | null,
): Problem {
  const unsafe = found.code.startsWith("too_");
  return problemAt(place, { ...found, kind: unsafe ? "unsafe_content" : kind, subject: subject ?? found.key });
}
