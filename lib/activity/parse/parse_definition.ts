// Reads one definition, strictly: a key that nobody knows, a schedule that two schedulers would read in two ways or a number
// where text belongs is refused with its line, because what is skipped here would show up as a run at a wrong hour.
import { lineIndex } from "../../front_matter/line_index.ts";
import type { Entry, MappingLimits } from "../../front_matter/mapping.ts";
import { readMapping } from "../../front_matter/read_mapping.ts";
import { splitFrontMatter } from "../../front_matter/split_front_matter.ts";
import type { ActivityDefinition } from "../definition.ts";
import { type Place, type Problem, problemAt, type Sheet, TOP } from "../definition_problem.ts";
import { DEFINITION_SCHEMA } from "./definition_fields.ts";
import { fieldProblems } from "./field_problems.ts";
import { MAX_FRONT_MATTER_BYTES, NO_FRONT_MATTER, NOT_CUT } from "./front_matter_faults.ts";
import { meaningProblems, type ParseInstruction } from "./meaning_problems.ts";
import { writtenValue } from "./written_value.ts";

export type DefinitionReading =
  | { readonly definition: ActivityDefinition; readonly places: ReadonlyMap<string, Place> }
  | { readonly problems: readonly Problem[] };

const LIMITS: MappingLimits = { maxBytes: MAX_FRONT_MATTER_BYTES, maxKeys: 50, maxDepth: 4, maxMarks: 500 };

/**
 * Throws for no text whatever.
 * @param file the name that problems carry
 * @param start 1 behind a byte order mark, else 0
 */
export function parseDefinition(
  file: string,
  { text, start }: { readonly text: string; readonly start: number },
  parse: ParseInstruction,
): DefinitionReading {
  const index = lineIndex(text, start);
  const split = splitFrontMatter(text, start, MAX_FRONT_MATTER_BYTES);
  if (split.kind !== "split") {
    const place = split.kind === "none" ? TOP : index.place(split.offset);
    return { problems: [problemAt(file, place, split.kind === "none" ? NO_FRONT_MATTER : NOT_CUT[split.code])] };
  }
  const { entries, problems } = readMapping(text, split.matterStart, split.matterEnd, LIMITS);
  const unread = problems.map(({ offset, ...found }) => problemAt(file, index.place(offset), found));
  const placeOf = (key: string, inner?: string) => {
    const entry = entries.get(key);
    return entry === undefined ? TOP : index.place(offsetOf(text, entry, inner));
  };
  const twice = new Set(problems.flatMap(({ key }) => key ?? []));
  return judge({ file, entries, placeOf }, parse, { unread, twice });
}

interface Unread {
  readonly unread: readonly Problem[];
  /** Keys that a problem has been told of: that they are missing as well is no news. */
  readonly twice: ReadonlySet<string>;
}

function judge(sheet: Sheet, parse: ParseInstruction, { unread, twice }: Unread): DefinitionReading {
  // A front matter that can't be read as YAML has no keys, and a list of all twelve helps nobody.
  if (unread.length > 0 && sheet.entries.size === 0) return { problems: unread };
  const written = Object.fromEntries([...sheet.entries].map(([key, entry]) => [key, writtenValue(entry)]));
  const read = DEFINITION_SCHEMA.safeParse(written);
  const wrong = read.success ? [] : fieldProblems(sheet, written, read.error.issues).filter(isNews(twice));
  // What the fields mean is judged field by field, so that one wrong key does not hide another.
  const meaning = meaningProblems(sheet, written, parse).filter(({ key }) => !wrong.some((each) => each.key === key));
  const problems = [...unread, ...wrong, ...meaning].sort((a, b) => a.line - b.line || a.column - b.column);
  if (!read.success || problems.length > 0) return { problems };
  const places = new Map([...sheet.entries.keys()].map((key) => [key, sheet.placeOf(key)]));
  return { definition: read.data as ActivityDefinition, places };
}

function isNews(told: ReadonlySet<string>) {
  return ({ key }: Problem) => key === null || !told.has(key);
}

/** The value's own line where one stands inside of a mapping, else the key's. */
function offsetOf(text: string, entry: Entry, inner: string | undefined): number {
  if (inner === undefined) return entry.keyStart;
  const below = text.slice(entry.valueStart, entry.valueEnd);
  const at = below.search(new RegExp(`(?<=^|[\\s{,])${RegExp.escape(inner)}[ \\t]*:`));
  return at === -1 ? entry.keyStart : entry.valueStart + at;
}
