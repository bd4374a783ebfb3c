// Why a text has no front matter that could be read, in words: one row for each way.
import type { SplitFault } from "../../front_matter/split_front_matter.ts";
import type { ProblemPieces } from "../definition_problem.ts";

/** Real ones have half a kibibyte. */
export const MAX_FRONT_MATTER_BYTES = 8 * 1024;

/** The text does not open with `---`. */
export const NO_FRONT_MATTER: ProblemPieces = {
  message: "The file has no front matter",
  expected: "--- on the first line, keys, and --- again",
  hint: "Copy the head of k8s/activity-definitions/state-hub-consistency-sweep.md; prose without a head is named README.md",
};

/** It does, and no front matter could be cut out of it. */
export const NOT_CUT: Readonly<Record<SplitFault, ProblemPieces>> = {
  opening_line: {
    message: "The first line begins with --- but holds more",
    expected: "exactly ---: the keys are YAML, and nothing in them is run",
    hint: "Delete what follows the three dashes",
  },
  unclosed: {
    message: "The front matter is not closed",
    expected: "a line of exactly ---",
    hint: "Add a line --- below its last key",
  },
  closing_line: {
    message: "A line in the front matter begins with --- but holds more",
    expected: "a closing line of exactly ---",
    hint: "Make it exactly three dashes",
  },
  blank_run: {
    message: "The front matter holds a long run of blanks",
    expected: "at most 256",
    hint: "Delete the empty lines or spaces",
  },
  too_large: {
    message: "The front matter is too large",
    expected: `at most ${MAX_FRONT_MATTER_BYTES} bytes`,
    hint: "Move what is not about when and how it runs into the text below it",
  },
  split_disagrees: {
    message: "The end of the front matter is ambiguous",
    expected: "a line of exactly ---",
    hint: "Rewrite its last lines",
  },
};
