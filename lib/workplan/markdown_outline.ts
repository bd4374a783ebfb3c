// Finds task blocks as CommonMark reads them, for every document the line scanner leaves undecided. Only markdown-it's
// block rules run: no inline parsing, no rendering, nothing of the document is interpreted beyond its structure.
import type { LineIndex } from "../front_matter/line_index.ts";
import { blockTokens, type Token } from "../markdown/tokens.ts";
import { type Fence, type Heading, holdsTaskFence, isTaskInfo } from "./outline.ts";

interface Body {
  readonly text: string;
  readonly index: LineIndex;
  /** 1-based line of the file at which the body starts. */
  readonly firstLine: number;
}

/** The task fences of the body of `text`, which starts at `start`, the beginning of a line. */
export function markdownOutline(text: string, start: number, index: LineIndex): Fence[] {
  const body: Body = { text, index, firstLine: index.place(start).line };
  const fences: Fence[] = [];
  let heading: Heading | null = null;
  const tokens = blockTokens(text.slice(start));
  for (const [position, token] of tokens.entries()) {
    if (token.type === "heading_open" && token.level === 0) heading = headingOf(body, token, tokens[position + 1]);
    else if (token.type === "fence") pushFence(fences, body, token, heading);
    else if (token.type === "html_block" && token.level === 0) pushComment(fences, body, token, heading);
  }
  return fences;
}

function headingOf(body: Body, token: Token, inline: Token | undefined): Heading {
  const [first, behind] = linesOf(token);
  const text = (inline?.content ?? "")
    .replace(/\s*\n\s*/g, " ")
    .slice(0, 500)
    .trim();
  return { text, start: offsetOfLine(body, first), end: offsetOfLine(body, behind) };
}

function pushFence(fences: Fence[], body: Body, token: Token, heading: Heading | null): void {
  const fence = shapeOf(body, token, heading);
  if (isTaskInfo(token.info)) fences.push({ ...fence, kind: token.level === 0 ? "task" : "contained" });
  else if (token.level === 0 && !fence.closed && holdsTaskFence(body.text, fence.contentStart, fence.contentEnd)) {
    fences.push({ ...fence, kind: "swallowed" });
  }
}

function pushComment(fences: Fence[], body: Body, token: Token, heading: Heading | null): void {
  const [first] = linesOf(token);
  const lineStart = offsetOfLine(body, first);
  const contentEnd = body.text.length;
  const html = body.text.slice(lineStart, contentEnd);
  if (!/^ {0,3}<!--/.test(html) || html.includes("-->") || !holdsTaskFence(html, 0, html.length)) return;
  const contentStart = offsetOfLine(body, first + 1);
  const markStart = lineStart + html.indexOf("<");
  fences.push({ kind: "swallowed", lineStart, markStart, indent: 0, closed: false, contentStart, contentEnd, heading });
}

function shapeOf(body: Body, token: Token, heading: Heading | null): Omit<Fence, "kind"> {
  const [first, behind] = linesOf(token);
  const lineStart = offsetOfLine(body, first);
  const contentStart = offsetOfLine(body, first + 1);
  const lastLine = offsetOfLine(body, behind - 1);
  const closed = behind - 1 > first && closes(body.text.slice(lastLine, offsetOfLine(body, behind)), token);
  const opening = body.text.slice(lineStart, contentStart);
  const indent = token.level === 0 ? opening.length - opening.trimStart().length : 0;
  const markStart = lineStart + Math.max(0, opening.indexOf(token.markup));
  // A top-level fence that nothing closes runs to the end of the text.
  const contentEnd = closed ? lastLine : token.level === 0 ? body.text.length : offsetOfLine(body, behind);
  return { lineStart, markStart, indent, closed, contentStart, contentEnd, heading };
}

/** Whether a block's last line is its closing fence; behind list or quote marks it doesn't matter, such a block is refused. */
function closes(line: string, token: Token): boolean {
  const bare = line.trim();
  const mark = token.markup.charAt(0);
  return bare.length >= token.markup.length && bare === mark.repeat(bare.length) && /^ {0,3}\S/.test(line);
}

function linesOf(token: Token): readonly [number, number] {
  return token.map ?? [0, 0];
}

/** Offset of a 0-based line of the body; of the text's end for what lies behind it. */
function offsetOfLine(body: Body, line: number): number {
  return body.index.startOf(body.firstLine + line);
}
