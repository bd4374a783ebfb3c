// Finds task blocks in the common document at the speed of a line search: fences and comments at column 0. Whatever else
// could open, hide or end a block (indented fences, other HTML, setext headings, lists that hold a fence) makes it answer
// null, and markdown-it reads the document instead. A property test holds the two together.
import { atxText, type Fence, type Heading, holdsTaskFence, isTaskInfo } from "./outline.ts";

/** The task fences of `text` from `start`, or null where only a full reading of the Markdown can tell. */
export function scanOutline(text: string, start: number): Fence[] | null {
  const fences: Fence[] = [];
  let heading: Heading | null = null;
  let afterText = false;
  for (let at = start; at < text.length; ) {
    const end = lineEnd(text, at);
    if (isPlain(text, at)) {
      afterText = true;
      at = end + 1;
      continue;
    }
    switch (lookAt(text, at, end, afterText)) {
      case "undecided":
        return null;
      case "fence": {
        const fence = readFence(text, at, end, heading);
        if (fence.found !== null) fences.push(fence.found);
        at = fence.next;
        afterText = false;
        continue;
      }
      case "comment": {
        const close = text.indexOf("-->", at);
        if (close === -1) {
          if (holdsTaskFence(text, at, text.length)) fences.push(swallowedBy(text, at, end, heading));
          return fences;
        }
        at = lineEnd(text, close) + 1;
        afterText = false;
        continue;
      }
      case "heading":
        heading = { text: atxText(text.slice(at, end)), start: at, end };
        afterText = false;
        break;
      case "text":
        afterText = true;
        break;
      default:
        afterText = false;
    }
    at = end + 1;
  }
  return fences;
}

type Look = "undecided" | "fence" | "comment" | "heading" | "text" | "blank";

// A fence behind list or quote marks, or behind indentation.
const CONTAINED = /[ \t>*+\-0-9.)]+(?:```|~~~)/y;
// Indented by up to three columns: HTML, a heading, a setext underline.
const INDENTED = / {1,3}(?:<[A-Za-z/!?]|#{1,6}(?:[ \t\r\n]|$)|(?:=+|-+)[ \t]*(?:\r?\n|$))/y;
const UNDERLINE = /(?:=+|-+)[ \t]*(?:\r?\n|$)/y;
const ATX = /#{1,6}(?:[ \t\r\n]|$)/y;
const BLANK = /[ \t]*(?:\r?\n|$)/y;
const FENCE = /`{3,}[^`\n]*(?:\n|$)|~{3,}/y;
const HTML = /<[A-Za-z/!?]/y;

function lookAt(text: string, at: number, end: number, afterText: boolean): Look {
  switch (text.charCodeAt(at)) {
    case 0x60: // `
    case 0x7e: // ~
      return matches(FENCE, text, at) ? "fence" : "text";
    case 0x3c: // <
      if (text.startsWith("<!--", at)) return "comment";
      return matches(HTML, text, at) ? "undecided" : "text";
    case 0x23: // #
      return matches(ATX, text, at) ? "heading" : "text";
    case 0x3d: // =
      return afterText && matches(UNDERLINE, text, at) ? "undecided" : "text";
    case 0x2d: // -
      if (matches(UNDERLINE, text, at)) {
        // Three or more are a rule, which ends what stands above; one or two are text, or an empty list item.
        if (afterText) return "undecided";
        return text.startsWith("---", at) ? "blank" : "text";
      }
      return matches(CONTAINED, text, at) ? "undecided" : "text";
    case 0x0a:
    case 0x0d:
      return "blank";
    case 0x20:
    case 0x09:
      if (matches(BLANK, text, at)) return "blank";
      return matches(CONTAINED, text, at) || matches(INDENTED, text, at) ? "undecided" : "text";
    case 0x3e: // >
    case 0x2a: // *
    case 0x2b: // +
      return matches(CONTAINED, text, at) ? "undecided" : "text";
    default:
      return isDigit(text, at) && end > at && matches(CONTAINED, text, at) ? "undecided" : "text";
  }
}

/** Most lines: one that begins with a letter, or with a list mark, a space and a letter. Nothing else need be asked. */
function isPlain(text: string, at: number): boolean {
  if (isLetter(text.charCodeAt(at))) return true;
  return text.charCodeAt(at) === 0x2d && text.charCodeAt(at + 1) === 0x20 && isLetter(text.charCodeAt(at + 2));
}

function isLetter(unit: number): boolean {
  const small = unit | 0x20;
  return small >= 0x61 && small <= 0x7a;
}

function isDigit(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit >= 0x30 && unit <= 0x39;
}

function matches(sticky: RegExp, text: string, at: number): boolean {
  sticky.lastIndex = at;
  return sticky.test(text);
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end === -1 ? text.length : end;
}

function readFence(text: string, at: number, end: number, heading: Heading | null) {
  let marks = at;
  while (text.charCodeAt(marks) === text.charCodeAt(at)) marks++;
  const contentStart = Math.min(end + 1, text.length);
  const contentEnd = closingLine(text, contentStart, text.slice(at, marks));
  const closed = contentEnd !== null;
  const shape = {
    lineStart: at,
    markStart: at,
    indent: 0,
    closed,
    contentStart,
    contentEnd: contentEnd ?? text.length,
  };
  const next = contentEnd === null ? text.length : lineEnd(text, contentEnd) + 1;
  if (isTaskInfo(text.slice(marks, end))) return { found: { kind: "task", ...shape, heading } satisfies Fence, next };
  const hides = !closed && holdsTaskFence(text, contentStart, text.length);
  return { found: hides ? swallowedBy(text, at, end, heading) : null, next };
}

function swallowedBy(text: string, at: number, end: number, heading: Heading | null): Fence {
  const contentStart = Math.min(end + 1, text.length);
  return {
    kind: "swallowed",
    lineStart: at,
    markStart: at,
    indent: 0,
    closed: false,
    contentStart,
    contentEnd: text.length,
    heading,
  };
}

/** Start of the line that closes a fence: up to three spaces, at least as many marks, nothing else; null when none does. */
function closingLine(text: string, from: number, marks: string): number | null {
  const mark = marks.charCodeAt(0);
  for (let found = text.indexOf(marks, from); found !== -1; found = text.indexOf(marks, lineEnd(text, found))) {
    const start = text.lastIndexOf("\n", found) + 1;
    let behind = found;
    while (text.charCodeAt(behind) === mark) behind++;
    if (found - start <= 3 && isSpaces(text, start, found) && matches(BLANK, text, behind)) return start;
  }
  return null;
}

function isSpaces(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (text.charCodeAt(at) !== 0x20) return false;
  return true;
}
