// What is wrong with a file as a whole, in words: one table, so that every way of being unreadable has a hint.
import type { SplitFault } from "../front_matter/split_front_matter.ts";
import type { DecodeFault } from "./decode_file.ts";
import { MAX_BODY_WEIGHT, MAX_FILE_BYTES, MAX_FRONT_MATTER_BYTES, MAX_TASK_BLOCKS } from "./limits.ts";
import type { ProblemPieces } from "./problem.ts";

export type FileFault =
  | DecodeFault
  | SplitFault
  | "file_too_large"
  | "conflict_markers"
  | "lone_carriage_return"
  | "second_front_matter"
  | "missing_type"
  | "type_not_text"
  | "too_many_blocks"
  | "body_too_complex";

type Row = Pick<ProblemPieces, "kind" | "message" | "expected" | "hint">;

function unreadable(message: string, expected: string, hint: string): Row {
  return { kind: "front_matter_unreadable", message, expected, hint };
}

function unsafe(message: string, expected: string, hint: string): Row {
  return { kind: "unsafe_content", message, expected, hint };
}

const ROWS: Record<FileFault, Row> = {
  invalid_utf8: unreadable("The file is not UTF-8", "UTF-8 throughout", "Save the file as UTF-8"),
  utf16: unreadable("The file is UTF-16", "UTF-8", "Save the file as UTF-8"),
  nul_byte: unreadable("The file holds a NUL byte", "text", "Delete the NUL byte, or save the file as UTF-8"),
  conflict_markers: unreadable(
    "The file holds conflict markers of a merge",
    "one version",
    "Finish the merge: keep one side and delete the marker lines",
  ),
  lone_carriage_return: unreadable(
    "A carriage return stands without its line feed",
    "lines that end in LF or CRLF",
    "Save the file with one kind of line ending",
  ),
  opening_line: unreadable(
    "The first line begins with --- but holds more",
    "exactly --- and YAML below it",
    "Delete what follows the three dashes; only YAML front matter is read",
  ),
  unclosed: unreadable("The front matter is not closed", "a line of exactly ---", "Add a line --- below its last key"),
  closing_line: unreadable(
    "A line in the front matter begins with --- but holds more",
    "a closing line of exactly ---",
    "Make it exactly three dashes, or indent it if it belongs to a value",
  ),
  blank_run: unreadable(
    "The front matter holds a long run of blanks",
    "at most 256",
    "Delete the empty lines or spaces",
  ),
  split_disagrees: unreadable(
    "The end of the front matter is ambiguous",
    "a line of exactly ---",
    "Rewrite its last lines",
  ),
  second_front_matter: {
    kind: "front_matter_invalid",
    message: "A second front matter follows the first",
    expected: "one front matter",
    hint: "Merge the two; tools differ in which of them they believe",
  },
  missing_type: {
    kind: "front_matter_incomplete",
    message: "The key type is missing",
    expected: "workplan",
    hint: "Add a line `type: workplan`, or `type: note` to have the file left alone",
  },
  type_not_text: {
    kind: "front_matter_invalid",
    message: "The value of type can't be used",
    expected: "workplan",
    hint: "Write `type: workplan`, or `type: note` to have the file left alone",
  },
  too_large: unsafe(
    "The front matter is too large",
    `at most ${MAX_FRONT_MATTER_BYTES} bytes`,
    "Move long text out of the front matter, or close it earlier",
  ),
  file_too_large: unsafe(
    "The file is too large",
    `at most ${MAX_FILE_BYTES} bytes`,
    "Move attachments out of workplans/",
  ),
  too_many_blocks: unsafe(
    "The file has too many task blocks",
    `at most ${MAX_TASK_BLOCKS}`,
    "Split the plan into several workplans",
  ),
  body_too_complex: unsafe(
    "The file is too long for its nesting to be read safely",
    `at most ${MAX_BODY_WEIGHT} lines and list marks in a file with indented fences or HTML`,
    "Put every fence at the start of its line, or split the file",
  ),
};

/** The pieces of a problem for a fault of the whole file. */
export function fileFault(code: FileFault, observed: string | null = null): ProblemPieces {
  return { code, observed, ...ROWS[code] };
}
