// Text that others chose (file names, titles, a server's words) must not steer the terminal that shows it: an ESC in a
// file name can hide the line above, a newline can fake one. Everything lib/cli prints goes through here.

// C0, DEL and C1 controls; the marks that turn the direction of text, that break lines, and that cannot be seen.
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060\u2066-\u2069\ufeff]/g;
// The codes of paint.ts and no others: colours, but nothing that moves, hides or erases.
const PAINTED = /(\u001b\[(?:1|2|22|31|32|33|36|39)m)/;
const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0" };

/** One line: every control character as its escape, `\n`, `\x1b`, `\u202e`. */
export function printable(text: string): string {
  return text.replace(UNSAFE, escaped);
}

/** A block of lines: newlines and tabs stay; with `colour`, so do the codes that Paint emits. */
export function printableBlock(text: string, colour: boolean): string {
  const plain = (part: string) =>
    part.replace(UNSAFE, (char) => (char === "\n" || char === "\t" ? char : escaped(char)));
  return colour ? exceptPaint(text, plain) : plain(text);
}

/** A table cell: one line that may hold what Paint emits. */
export function printableCell(text: string, colour: boolean): string {
  return colour ? exceptPaint(text, printable) : printable(text);
}

function exceptPaint(text: string, plain: (part: string) => string): string {
  return text
    .split(PAINTED)
    .map((part, index) => (index % 2 === 1 ? part : plain(part)))
    .join("");
}

function escaped(char: string): string {
  const code = char.charCodeAt(0);
  return (
    SHORT[char] ??
    (code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`)
  );
}
