// From what the schema refuses to what a person has to change: one problem for each key, at its line, in the words of its row.
import type { z } from "zod";
import { didYouMean } from "../../cli/did_you_mean.ts";
import type { Entry } from "../../front_matter/mapping.ts";
import { type Problem, problemAt, type Sheet } from "../definition_problem.ts";
import { FIELD_RULES, type FieldName } from "./definition_fields.ts";

type Written = Readonly<Record<string, unknown>>;

export function fieldProblems(sheet: Sheet, written: Written, issues: readonly z.core.$ZodIssue[]): Problem[] {
  const told = new Map<string, Problem>();
  for (const issue of issues) {
    const [key] = issue.path;
    if (issue.code === "unrecognized_keys" && key === undefined) {
      for (const unknown of issue.keys) told.set(unknown, unknownKey(sheet, unknown));
    } else if (typeof key === "string" && !told.has(key)) {
      told.set(key, wrongValue(sheet, key as FieldName, written[key]));
    }
  }
  return [...told.values()];
}

function unknownKey(sheet: Sheet, key: string): Problem {
  const near = didYouMean(key, Object.keys(FIELD_RULES));
  return problemAt(sheet.file, sheet.placeOf(key), {
    key,
    message: "The file has a key that no definition has",
    observed: key,
    expected: `one of: ${Object.keys(FIELD_RULES).join(", ")}`,
    hint:
      near === undefined ? "Delete the line; what people should know belongs into the text below" : `Write \`${near}\``,
  });
}

function wrongValue(sheet: Sheet, key: FieldName, value: unknown): Problem {
  const { expected, hint } = FIELD_RULES[key];
  const entry = sheet.entries.get(key);
  const pieces = { key, expected, hint: quoteHint(key, entry, value) ?? hint };
  if (entry === undefined)
    return problemAt(sheet.file, sheet.placeOf(key), { ...pieces, message: `The key ${key} is missing` });
  if (value === null)
    return problemAt(sheet.file, sheet.placeOf(key), { ...pieces, message: `The key ${key} has no value` });
  const quoted = entry.style === "single" || entry.style === "double";
  const observed = typeof entry.value === "string" && !quoted ? entry.value : JSON.stringify(entry.value);
  return problemAt(sheet.file, placeOfWrong(sheet, key, entry), {
    ...pieces,
    message: `The value of ${key} can't be used`,
    observed,
  });
}

/** For a mapping, its first inner key that can be found: that is where the eye goes. */
function placeOfWrong(sheet: Sheet, key: string, { value }: Entry) {
  const inner =
    value !== null && typeof value === "object" && !Array.isArray(value) ? Object.keys(value)[0] : undefined;
  return sheet.placeOf(key, inner);
}

/** Text that YAML reads as a number or a boolean, and numbers and booleans that it reads as text. */
function quoteHint(key: FieldName, entry: Entry | undefined, value: unknown): string | null {
  if (typeof entry?.value !== "string") return null;
  const wantsOther = key === "max_seconds" || key === "enabled";
  if (wantsOther && (entry.style === "single" || entry.style === "double"))
    return `Take the quotes away: \`${key}: ${entry.value}\``;
  if (wantsOther || typeof value === "string") return null;
  return `YAML does not read that as text: put it in quotes, \`${key}: "${entry.value}"\``;
}
