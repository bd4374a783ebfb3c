// Cuts a Markdown text into its front matter and its body. The lines are checked here, because gray-matter takes `----` or
// `---more` for the end and a word behind the first `---` for a language; gray-matter's cut must then be the same. A short
// text of plain lines is not shown to it: a property test does that for all of them.
import { OpsFailure } from "../failure.ts";

export type FrontMatterSplit =
  /** The text doesn't open with `---`. */
  | { readonly kind: "none" }
  /** It does, but is not front matter as we read it. `matterEnd` bounds what may be front matter. */
  | {
      readonly kind: "broken";
      readonly code: SplitFault;
      readonly offset: number;
      readonly matterStart: number;
      readonly matterEnd: number;
    }
  /** UTF-16 offsets: the YAML is `[matterStart, matterEnd)`, the closing line starts at matterEnd, the rest at bodyStart. */
  | { readonly kind: "split"; readonly matterStart: number; readonly matterEnd: number; readonly bodyStart: number };

export type SplitFault = "opening_line" | "unclosed" | "closing_line" | "blank_run" | "too_large" | "split_disagrees";

/**
 * Splits `text` from `start` (1 behind a byte order mark, else 0). Lines end at `\n` or `\r\n`.
 * @param maxLength UTF-16 units of front matter: what is longer is broken before anything slow looks at it.
 */
export function splitFrontMatter(text: string, start: number, maxLength: number): FrontMatterSplit {
  if (!text.startsWith("---", start)) return { kind: "none" };
  const matterStart = lineEndingAt(text, start + 3);
  if (matterStart === null) {
    const end = text.indexOf("\n", start);
    return broken("opening_line", start, start, end === -1 ? text.length : end);
  }
  const newline = text.indexOf("\n---", matterStart - 1);
  if (newline === -1) return broken("unclosed", start, matterStart, Math.min(text.length, matterStart + maxLength));
  const matterEnd = newline + 1;
  if (matterEnd - matterStart > maxLength)
    return broken("too_large", matterStart, matterStart, matterStart + maxLength);
  const bodyStart = lineEndingAt(text, matterEnd + 3);
  if (bodyStart === null) return broken("closing_line", matterEnd, matterStart, matterEnd);
  const blanks = longBlankRun(text, matterStart, matterEnd);
  if (blanks !== null) return broken("blank_run", blanks, matterStart, matterEnd);
  if (isPlain(text, matterStart, matterEnd)) return { kind: "split", matterStart, matterEnd, bodyStart };
  if (!grayMatterAgrees(text.slice(start, matterEnd + 3), text.slice(start + 3, newline))) {
    return broken("split_disagrees", start, matterStart, matterEnd);
  }
  return { kind: "split", matterStart, matterEnd, bodyStart };
}

/** What nearly every workplan has: loading gray-matter would cost a run of one changed file more than reading it. */
function isPlain(text: string, matterStart: number, matterEnd: number): boolean {
  return matterEnd - matterStart <= 2048 && !text.slice(matterStart, matterEnd).includes("\r");
}

function broken(code: SplitFault, offset: number, matterStart: number, matterEnd: number): FrontMatterSplit {
  return { kind: "broken", code, offset, matterStart, matterEnd };
}

/** The offset behind the line end at `at`; null when more stands on the line. */
function lineEndingAt(text: string, at: number): number | null {
  if (at === text.length) return at;
  if (text.startsWith("\n", at)) return at + 1;
  return text.startsWith("\r\n", at) ? at + 2 : null;
}

/**
 * gray-matter looks for comments with `/^\s*#/gm`, which is quadratic in a run of blanks: 64 KiB of them take seconds.
 * Short texts are let through, since nothing in them can be slow.
 */
function longBlankRun(text: string, start: number, end: number): number | null {
  if (end - start < 2048) return null;
  for (let at = start, run = 0; at < end; at++) {
    run = text.charCodeAt(at) <= 0x20 || /\s/.test(text.charAt(at)) ? run + 1 : 0;
    if (run > 256) return at - 256;
  }
  return null;
}

const refuse = {
  parse(): never {
    throw new OpsFailure("Could not split front matter: a gray-matter engine was called");
  },
};

// All the engines that gray-matter has; `js` and `javascript` are two names that it looks up separately.
const ENGINES = { yaml: { parse: () => ({}) }, json: refuse, javascript: refuse, js: refuse };

/** gray-matter's cut, compared with ours: what stands between the two `---`, without the last line feed. */
export function grayMatterAgrees(head: string, yaml: string): boolean {
  // Loaded when first needed.
  const matter: typeof import("gray-matter") = require("gray-matter");
  // An options object of our own keeps gray-matter's cache out: it answers `{}` the second time a file fails.
  const file = matter(head, { engines: ENGINES, language: "yaml" });
  return file.matter === yaml;
}
