// What reading one YAML mapping gives, whichever of the two readers did it. Offsets are kept beside the values because a
// value that is to be replaced must be replaced where it stands, and nowhere else.

/** How a value is written. "empty" is nothing after the colon; "block" is a `|` or `>` scalar; "collection" a list or map. */
export type ValueStyle = "plain" | "single" | "double" | "block" | "collection" | "empty";

export interface Entry {
  readonly key: string;
  /** A JSON value: every scalar is the string as written; empty, `~` and `null` are null. */
  readonly value: unknown;
  readonly style: ValueStyle;
  /** Whether the value begins and ends on one line. */
  readonly oneLine: boolean;
  /** UTF-16 offsets into the text that was given; of quoted values the quotes are inside the span. */
  readonly keyStart: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

export interface MappingProblem {
  readonly code: string;
  readonly offset: number;
  readonly key: string | null;
  readonly message: string;
  readonly observed: string | null;
  readonly expected: string | null;
  readonly hint: string;
}

export interface Mapping {
  /** By key, in the order of the file. A key that stands there twice is missing here: neither is believed. */
  readonly entries: ReadonlyMap<string, Entry>;
  readonly problems: readonly MappingProblem[];
  /** What the full parser was asked to look at, in marks (see `countMarks`); 0 when the scanner read it. */
  readonly marks: number;
}

export interface MappingLimits {
  /** UTF-8 bytes of the whole mapping. */
  readonly maxBytes: number;
  /** Keys, those of nested mappings included. */
  readonly maxKeys: number;
  /** Mappings and lists inside one another. */
  readonly maxDepth: number;
  /** Line ends and YAML indicators that the full parser may be given: its cost is 2 to 8 microseconds for each. */
  readonly maxMarks: number;
}

/** YAML 1.2.2 section 10.2.1.1 writes null as nothing, `~` or `null`; all else that is plain stays a string here. */
export function plainValue(source: string): string | null {
  return source === "" || source === "~" || source === "null" || source === "Null" || source === "NULL" ? null : source;
}

/** A key that stands twice in one mapping, at its second place. */
export function duplicateKey(key: string, offset: number): MappingProblem {
  return {
    code: "duplicate_key",
    offset,
    key,
    message: `The key ${quoteKey(key)} stands here a second time`,
    observed: null,
    expected: "each key once",
    hint: "Delete one of the two; neither was used",
  };
}

/** More keys than one mapping may have. */
export function tooManyKeys(offset: number, maxKeys: number): MappingProblem {
  return {
    code: "too_many_keys",
    offset,
    key: null,
    message: "Too many keys in one mapping",
    observed: `more than ${maxKeys}`,
    expected: `at most ${maxKeys}`,
    hint: "Move what is not about this document into its text",
  };
}

/** A key as it may be shown: cut short, without control characters. */
export function quoteKey(key: string): string {
  return JSON.stringify(key.length > 40 ? `${key.slice(0, 39)}…` : key);
}

/** Problems enough to act on: a text made of nothing else must not cost more. */
export const ENOUGH_PROBLEMS = 20;
