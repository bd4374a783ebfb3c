// What we need to know of a Markdown body: its task blocks and the heading above each. Two readers give it, a line
// scanner and markdown-it; these are the shapes and the few rules that both share.

export interface Heading {
  /** The heading's own text, without its marks. */
  readonly text: string;
  /** UTF-16 offsets of its line or lines. */
  readonly start: number;
  readonly end: number;
}

/** `task`: a top-level block. `contained`: in a list or quote. `swallowed`: an unclosed fence or comment that hides one. */
export type FenceKind = "task" | "contained" | "swallowed";

export interface Fence {
  readonly kind: FenceKind;
  /** Offset of the first character of the opening line. */
  readonly lineStart: number;
  /** Offset of the fence (or comment) mark itself. */
  readonly markStart: number;
  /** Spaces before the mark, 0 to 3: content lines lose as many (CommonMark 0.31 section 4.5). */
  readonly indent: number;
  readonly closed: boolean;
  readonly contentStart: number;
  /** Start of the closing line, or the end of the text. */
  readonly contentEnd: number;
  readonly heading: Heading | null;
}

/** Whether a fence's info string names a task: its first word is `task`; attributes may follow. */
export function isTaskInfo(info: string): boolean {
  return /^[ \t]*task(?:[ \t\r]|$)/.test(info);
}

/** Whether a stretch of text holds a line that would open a task block if nothing swallowed it. */
export function holdsTaskFence(text: string, start: number, end: number): boolean {
  return /^ {0,3}(?:`{3,}|~{3,})[ \t]*task(?:[ \t\r]|$)/m.test(text.slice(start, end));
}

/** Text of an ATX heading line at column 0 (CommonMark 0.31 section 4.2): no opening marks, no closing ones, cut to 500 units. */
export function atxText(line: string): string {
  const cut = line.length > 500 ? line.slice(0, 500).toWellFormed() : line;
  let at = 0;
  while (cut.charCodeAt(at) === 0x23) at++;
  const bare = cut.slice(at).trim();
  return bare.endsWith("#") ? bare.replace(/(?:^|[ \t]+)#+$/, "").trim() : bare;
}

/** What a body costs a full Markdown reader: one for each line, one for each list or quote mark that opens it. */
export function bodyWeight(text: string, start: number, enough: number): number {
  let weight = 0;
  for (let at = start; at < text.length && weight <= enough; ) {
    weight++;
    for (let mark = at; MAYBE_MARK.test(text.charAt(mark)); mark++) if (!/[ \t]/.test(text.charAt(mark))) weight++;
    const end = text.indexOf("\n", at);
    at = end === -1 ? text.length : end + 1;
  }
  return weight;
}

const MAYBE_MARK = /[ \t>*+\-0-9.)]/;
