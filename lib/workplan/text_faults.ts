// Marks in a text that make it unfit to be applied, whatever its YAML says: half-finished merges, lost line feeds, a second
// front matter. Each answers with the offset to point at, or null.
import { MAX_FRONT_MATTER_BYTES } from "./limits.ts";

/** Offset of the first conflict marker, where an opening one is followed by a closing one. */
export function conflictAt(text: string): number | null {
  const open = lineStartingWith(text, "<<<<<<< ", 0);
  return open !== null && lineStartingWith(text, ">>>>>>> ", open) !== null ? open : null;
}

function lineStartingWith(text: string, marker: string, from: number): number | null {
  for (let at = text.indexOf(marker, from); at !== -1; at = text.indexOf(marker, at + 1)) {
    if (at === 0 || text.charAt(at - 1) === "\n" || text.charAt(at - 1) === "\ufeff") return at;
  }
  return null;
}

/** Offset of the first carriage return in `[start, end)` that no line feed follows. */
export function loneReturnIn(text: string, start: number, end: number): number | null {
  for (let at = text.indexOf("\r", start); at !== -1 && at < end; at = text.indexOf("\r", at + 1)) {
    if (text.charCodeAt(at + 1) !== 0x0a) return at;
  }
  return null;
}

/** Offset of a `---` that opens the body, has keys below it and closes again: what some tools would read instead. */
export function secondFrontMatter(text: string, bodyStart: number): number | null {
  const opening = /(?:[ \t]{0,64}\r?\n){0,64}---\r?\n(?=[A-Za-z_][\w-]*:(?:[ \t\r\n]|$))/y;
  opening.lastIndex = bodyStart;
  if (!opening.test(text)) return null;
  const closes = /^---[ \t]*\r?$/m.test(text.slice(opening.lastIndex, opening.lastIndex + MAX_FRONT_MATTER_BYTES));
  return closes ? text.indexOf("---", bodyStart) : null;
}
