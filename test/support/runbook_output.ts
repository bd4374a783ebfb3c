// What a runbook says one should see, against what a command printed. `<name>` stands for any words of a line, `…` on a
// line of its own for any lines; how wide a column is, its rules and empty lines do not count.

/** @returns the first shown line that was not printed where it should be; null when all were */
export function unexpected(shown: string, printed: string): string | null {
  const lines = linesOf(printed);
  let from = 0;
  let free = false;
  for (const part of partsOf(linesOf(shown))) {
    if (part === GAP) free = true;
    else {
      const at = find(part, lines, from, free);
      if (at === null) return closest(part, lines, from);
      from = at + part.length;
      free = false;
    }
  }
  return free || from === lines.length ? null : `nothing after ${lines[from - 1] ?? "the beginning"}`;
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

function find(part: readonly string[], lines: readonly string[], from: number, free: boolean): number | null {
  const last = free ? lines.length - part.length : from;
  for (let at = from; at <= last; at++) if (part.every((line, index) => matches(line, lines[at + index]))) return at;
  return null;
}

function closest(part: readonly string[], lines: readonly string[], from: number): string {
  return part.find((line) => !lines.slice(from).some((each) => matches(line, each))) ?? part[0] ?? "";
}

function matches(shown: string, line: string | undefined): boolean {
  const pattern = shown.split(/<[a-z-]+>/).map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return line !== undefined && new RegExp(`^${pattern.join(".+?")}$`).test(line);
}
