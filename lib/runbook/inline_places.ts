// Code and links in running text, with the line that each stands on. Markdown's own reader knows the line of a paragraph only,
// and a problem that is said to be "somewhere in these eight lines" is looked for twice.
import type { Token } from "../markdown/tokens.ts";

interface Placed {
  readonly text: string;
  readonly line: number;
}

export interface InlineParts {
  readonly codes: readonly Placed[];
  readonly links: readonly { readonly file: string; readonly anchor: string | null; readonly line: number }[];
}

/** @param tokens of a whole page, with their inline children */
export function inlineOf(tokens: readonly Token[]): InlineParts {
  const codes: Placed[] = [];
  const hrefs: Placed[] = [];
  let from = 0;
  for (const token of tokens) {
    // A cell has no line of its own: its row has.
    if (token.map) from = token.map[0];
    if (token.type !== "inline") continue;
    const [lineOfCode, lineOfHref] = [lineFinder(token.content, from + 1), lineFinder(token.content, from + 1)];
    for (const child of token.children ?? []) {
      if (child.type === "code_inline") codes.push({ text: child.content, line: lineOfCode(child.content) });
      const href = hrefOf(child);
      if (href !== null) hrefs.push({ text: href, line: lineOfHref(href) });
    }
  }
  return { codes, links: hrefs.filter(({ text }) => !/^([a-z][a-z0-9+.-]*:|\/\/)/i.test(text)).map(linkOf) };
}

function hrefOf(token: Token): string | null {
  if (token.type === "link_open") return token.attrGet("href");
  return token.type === "image" ? token.attrGet("src") : null;
}

/** Pieces are looked for one behind the other, so that the second of two alike is found at its own place. */
function lineFinder(source: string, first: number): (piece: string) => number {
  const flat = source.replaceAll("\n", " ");
  let cursor = 0;
  return (piece) => {
    const at = flat.indexOf(piece, cursor);
    const line = first + source.slice(0, at === -1 ? cursor : at).split("\n").length - 1;
    if (at !== -1) cursor = at + piece.length;
    return line;
  };
}

function linkOf({ text, line }: Placed) {
  const [file = "", anchor] = text.split("#");
  return { file: decodeURI(file), anchor: anchor === undefined ? null : decodeURIComponent(anchor), line };
}
