// What is wrong with a definition, with the file and line to open. Text of the file is cut and cleaned here, so that it can
// neither move a terminal's cursor nor fill a screen.
import type { Entry } from "../front_matter/mapping.ts";

export interface Problem {
  /** The file's name inside its folder. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The key that it is about; null for the file as a whole. */
  readonly key: string | null;
  readonly message: string;
  readonly observed: string | null;
  readonly expected: string | null;
  readonly hint: string;
}

export type ProblemPieces = Pick<Problem, "message" | "hint"> & Partial<Pick<Problem, "key" | "observed" | "expected">>;

export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A definition's front matter as it stands in its file. */
export interface Sheet {
  /** The name that problems carry. */
  readonly file: string;
  readonly entries: ReadonlyMap<string, Entry>;
  /** Where a key stands, or `inner` below it; the top of the file when it is missing. */
  placeOf(key: string, inner?: string): Place;
}

/** Where a missing key would belong: the line that opens the front matter. */
export const TOP: Place = { line: 1, column: 1 };
const LONGEST_SHOWN = 120;

export function problemAt(file: string, { line, column }: Place, pieces: ProblemPieces): Problem {
  const { key = null, message, observed = null, expected = null, hint } = pieces;
  return { file, line, column, key, message, observed: observed === null ? null : shown(observed), expected, hint };
}

/** "a.md:3:1: The key owner is unknown, wanted ...": one line, as a terminal's links and editors read it. */
export function problemLine({ file, line, column, message, observed, expected }: Problem): string {
  const said = [observed === null ? message : `${message}: ${observed}`, expected === null ? "" : `wanted ${expected}`];
  return `${file}:${line}:${column}: ${said.filter((part) => part !== "").join(", ")}`;
}

function shown(text: string): string {
  const clean = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, " ").toWellFormed();
  return clean.length <= LONGEST_SHOWN ? clean : `${clean.slice(0, LONGEST_SHOWN - 1)}…`.toWellFormed();
}
