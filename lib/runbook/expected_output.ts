// What a runbook says one should see, against what a command printed. `<name>` stands for any words of a line, `<NAME>` for
// one word that is the same wherever it stands, `…` on a line of its own for any lines; how wide a column is, its rules and
// empty lines do not count.

export type NamedValues = Readonly<Record<string, string>>;

export interface Compared {
  /** The first shown line that was not printed where it should be; null when all were. */
  readonly missing: string | null;
  /** What each `<NAME>` was, those that were known before among them; of all lines that matched. */
  readonly values: NamedValues;
}

/** @returns the first shown line that was not printed where it should be; null when all were */
export function unexpected(shown: string, printed: string): string | null {
  return compareOutput(shown, printed, {}).missing;
}

/** @param known what a `<NAME>` was before: it must be the same again */
export function compareOutput(shown: string, printed: string, known: NamedValues): Compared {
  const lines = linesOf(printed);
  let values = known;
  let from = 0;
  let free = false;
  for (const part of partsOf(linesOf(shown))) {
    if (part === GAP) free = true;
    else {
      const found = find(part, { lines, from, free, values });
      if (found === null) return { missing: closest(part, lines.slice(from), values), values };
      from = found.at + part.length;
      values = found.values;
      free = false;
    }
  }
  const missing = free || from === lines.length ? null : `nothing after ${lines[from - 1] ?? "the beginning"}`;
  return { missing, values };
}

/** The names that an output gives a value to. */
export function namesIn(shown: string): string[] {
  return [...new Set([...shown.matchAll(/<([A-Z][A-Z0-9_]*)>/g)].map(([, name = ""]) => name))];
}

const GAP = "…";

function linesOf(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.replace(/\s+/g, " ").trim())
    .filter((line) => line !== "" && !/^[─ ]+$/.test(line));
}

/** Lines that follow one another, and the gaps between them. */
function partsOf(lines: readonly string[]): (readonly string[] | typeof GAP)[] {
  const parts: (string[] | typeof GAP)[] = [];
  for (const line of lines) {
    const last = parts.at(-1);
    if (line === GAP) parts.push(GAP);
    else if (Array.isArray(last)) last.push(line);
    else parts.push([line]);
  }
  return parts;
}

interface Search {
  readonly lines: readonly string[];
  readonly from: number;
  readonly free: boolean;
  readonly values: NamedValues;
}

function find(part: readonly string[], { lines, from, free, values }: Search) {
  const last = free ? lines.length - part.length : from;
  for (let at = from; at <= last; at++) {
    const seen = matchAll(part, lines.slice(at, at + part.length), values);
    if (seen !== null) return { at, values: seen };
  }
  return null;
}

function matchAll(part: readonly string[], lines: readonly string[], known: NamedValues): NamedValues | null {
  let values: NamedValues | null = known;
  for (const [index, shown] of part.entries()) values = values && match(shown, lines[index], values);
  return values;
}

function closest(part: readonly string[], lines: readonly string[], values: NamedValues): string {
  return part.find((line) => !lines.some((each) => match(line, each, values) !== null)) ?? part[0] ?? "";
}

function match(shown: string, line: string | undefined, known: NamedValues): NamedValues | null {
  const begun = new Set<string>();
  const pieces = shown.split(/(<[a-z-]+>|<[A-Z][A-Z0-9_]*>)/);
  if (line === undefined || !holdsInOrder(pieces, line)) return null;
  const pattern = pieces.map((piece, index) =>
    index % 2 === 0 ? literally(piece) : placeholder(piece.slice(1, -1), known, begun),
  );
  const found = new RegExp(`^${pattern.join("")}$`).exec(line);
  return found && { ...known, ...found.groups };
}

/** Whether what is written between the placeholders is there at all: a pattern looks in every way, in a long line for minutes. */
function holdsInOrder(pieces: readonly string[], line: string): boolean {
  const literals = pieces.filter((_, index) => index % 2 === 0);
  let from = 0;
  return literals.every((literal) => {
    const at = line.indexOf(literal, from);
    from = at + literal.length;
    return at !== -1;
  });
}

function placeholder(name: string, known: NamedValues, begun: Set<string>): string {
  if (!/^[A-Z]/.test(name)) return ".+?";
  const value = known[name];
  if (value !== undefined) return literally(value);
  if (begun.has(name)) return `\\k<${name}>`;
  begun.add(name);
  return `(?<${name}>\\S+?)`;
}

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
