// Looks at YAML before the full parser does, and refuses what would make it slow or recurse without end. The parser's
// cost follows the number of its tokens, not the bytes: 64 KiB of `:` costs more than four times 64 KiB of prose.
import type { MappingLimits, MappingProblem } from "./mapping.ts";

/** Line ends and YAML indicators of a text: an upper bound, within a small factor, of the parser's tokens. */
export function countMarks(text: string): number {
  let marks = 1;
  for (let at = 0; at < text.length; at++) {
    if (IS_MARK[text.charCodeAt(at)] === 1) marks++;
  }
  return marks;
}

const IS_MARK = new Uint8Array(65536);
for (const mark of "\n[]{},:?!&*|>\"'#%-") IS_MARK[mark.charCodeAt(0)] = 1;

/** The reason why this block must not go to the full parser, or null. Nesting is judged by its brackets and indicators. */
export function refuseCostly(block: string, base: number, marks: number, limits: MappingLimits): MappingProblem | null {
  if (marks > limits.maxMarks || hasCrowdedLine(block)) {
    return refusal(
      "too_complex",
      base,
      "This YAML has too many parts to be read safely",
      `${marks} indicators and lines`,
      {
        expected: "little beside plain `key: value` lines, counted over the whole file",
        hint: "Write plain `key: value` lines, and move long lists into the text below",
      },
    );
  }
  const deep = flowDeeperThan(block, limits.maxDepth) ?? indicatorsDeeperThan(block, limits.maxDepth);
  return deep === null ? null : tooDeep(base + deep, limits.maxDepth);
}

/** Mappings and lists nested beyond the limit. */
export function tooDeep(offset: number, maxDepth: number): MappingProblem {
  return refusal("too_deep", offset, "Lists or mappings are nested too deeply", null, {
    expected: `at most ${maxDepth} levels`,
    hint: "Flatten the value, or move it into the text below",
  });
}

function refusal(
  code: string,
  offset: number,
  message: string,
  observed: string | null,
  rest: { readonly expected: string; readonly hint: string },
): MappingProblem {
  return { code, offset, key: null, message, observed, ...rest };
}

/** `a: b: a: b: ...` in one line: the parser nests a mapping for each colon before it sees that none is allowed. */
function hasCrowdedLine(block: string): boolean {
  let colons = 0;
  for (let at = block.indexOf(": "), line = 0; at !== -1; at = block.indexOf(": ", at + 2)) {
    const newline = block.lastIndexOf("\n", at);
    colons = newline > line ? 1 : colons + 1;
    line = Math.max(line, newline);
    if (colons > MAX_COLONS_A_LINE) return true;
  }
  return false;
}

const MAX_COLONS_A_LINE = 64;

function flowDeeperThan(block: string, maxDepth: number): number | null {
  let depth = 0;
  for (let at = 0; at < block.length; at++) {
    const unit = block.charCodeAt(at);
    if (unit === 0x5b || unit === 0x7b) depth++;
    else if ((unit === 0x5d || unit === 0x7d) && depth > 0) depth--;
    if (depth > maxDepth) return at;
  }
  return null;
}

function indicatorsDeeperThan(block: string, maxDepth: number): number | null {
  const found = new RegExp(`^[ \\t]*(?:[-?:][ \\t]+){${maxDepth + 1}}`, "m").exec(block);
  return found === null ? null : found.index;
}
