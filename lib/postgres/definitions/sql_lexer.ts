// Where a line of SQL leaves us: in code, or within a string, a quoted name, a dollar-quoted body or a comment. A function's
// body may hold lines that look like pg_dump's own; only this tells them apart. (pure)

/** What a line begins in. */
export type Within =
  | { readonly in: "code" }
  | { readonly in: "quote"; readonly mark: "'" | '"'; readonly backslash: boolean }
  | { readonly in: "dollar"; readonly tag: string }
  | { readonly in: "comment"; readonly depth: number };

/** Where every dump begins. */
export const CODE: Within = { in: "code" };

// One character is one byte (latin1), so \x80-\xff stands for whatever letters the dump's encoding has.
const OPENER = /['"]|--|\/\*|\$(?:[A-Za-z_\x80-\xff][A-Za-z0-9_\x80-\xff]*)?\$/g;
const WORD_BEFORE = /[A-Za-z0-9_$\x80-\xff]/;
const ESCAPE_STRING = /(?:^|[^A-Za-z0-9_$\x80-\xff])[eE]$/;

/**
 * @param line without its line end
 * @param backslashes whether plain strings know backslashes (standard_conforming_strings = off)
 */
export function afterLine(line: string, start: Within, backslashes = false): Within {
  let within = start;
  let at = 0;
  while (at < line.length) {
    [within, at] = within.in === "code" ? enter(line, at, backslashes) : leave(line, at, within);
  }
  return within;
}

/** From code to the next opener, or to the end of the line. */
function enter(line: string, from: number, backslashes: boolean): [Within, number] {
  OPENER.lastIndex = from;
  for (let found = OPENER.exec(line); found !== null; found = OPENER.exec(line)) {
    const [opener] = found;
    const after = found.index + opener.length;
    const before = line.slice(Math.max(0, found.index - 2), found.index);
    if (opener === "--") break;
    if (opener === "/*") return [{ in: "comment", depth: 1 }, after];
    if (opener === '"') return [{ in: "quote", mark: '"', backslash: false }, after];
    if (opener === "'")
      return [{ in: "quote", mark: "'", backslash: backslashes || ESCAPE_STRING.test(before) }, after];
    if (!WORD_BEFORE.test(before.at(-1) ?? "")) return [{ in: "dollar", tag: opener }, after];
    OPENER.lastIndex = found.index + 1;
  }
  return [CODE, line.length];
}

function leave(line: string, from: number, within: Exclude<Within, { in: "code" }>): [Within, number] {
  if (within.in === "quote") return leaveQuote(line, from, within);
  if (within.in === "comment") return leaveComment(line, from, within.depth);
  const end = line.indexOf(within.tag, from);
  return end < 0 ? [within, line.length] : [CODE, end + within.tag.length];
}

function leaveQuote(line: string, from: number, within: Within & { in: "quote" }): [Within, number] {
  for (let at = from; at < line.length; at++) {
    if (within.backslash && line[at] === "\\") at++;
    else if (line[at] === within.mark) {
      if (line[at + 1] !== within.mark) return [CODE, at + 1];
      at++;
    }
  }
  return [within, line.length];
}

/** Comments nest. */
function leaveComment(line: string, from: number, depth: number): [Within, number] {
  const [open, close] = [line.indexOf("/*", from), line.indexOf("*/", from)];
  if (open >= 0 && (close < 0 || open < close)) return [{ in: "comment", depth: depth + 1 }, open + 2];
  if (close < 0) return [{ in: "comment", depth }, line.length];
  return [depth === 1 ? CODE : { in: "comment", depth: depth - 1 }, close + 2];
}
