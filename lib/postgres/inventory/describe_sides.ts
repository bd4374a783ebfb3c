// The two sides of a difference in a reader's words: only the fields that are not equal.
import { canonical } from "../../canonical.ts";
import type { State } from "./inventory_types.ts";

/** Values beyond that are cut: a difference is to be read, the whole stands in the databases. */
const LONGEST = 300;
const MAY_BE_SECRET = /pass|secret|token|key/i;

/** @param absent what it means that a side has no such object */
export function describeSides(expected: State | undefined, actual: State | undefined, absent: string) {
  if (expected === undefined) return { expected: absent, actual: describe(actual ?? {}, fieldsOf(actual)) };
  if (actual === undefined) return { expected: describe(expected, fieldsOf(expected)), actual: absent };
  const fields = [...new Set([...fieldsOf(expected), ...fieldsOf(actual)])].filter(
    (field) => canonical(expected[field] ?? null) !== canonical(actual[field] ?? null),
  );
  return { expected: describe(expected, fields), actual: describe(actual, fields) };
}

function fieldsOf(state: State | undefined): string[] {
  return Object.keys(state ?? {});
}

function describe(state: State, fields: readonly string[]): string {
  if (fields.length === 0) return "present";
  // The value of a setting such as myapp.api_key: the name may be shown, the value may not.
  const hides = MAY_BE_SECRET.test(String(state.name ?? ""));
  const words = fields.map(
    (field) => `${field.replaceAll("_", " ")}: ${hides && field === "value" ? "***" : shown(state[field])}`,
  );
  return words.join("; ").slice(0, LONGEST);
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return "-";
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map(shown).join(" | ");
  return typeof value === "object" ? canonical(value) : String(value);
}
