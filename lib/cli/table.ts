// Tables for people: as wide as the terminal at most, nothing cut off, nothing from a cell that could move the cursor.
// cli-table3 lays them out; its own colours (it ignores NO_COLOR) and its own wrapping (it cuts long words) are not used.
import Table from "cli-table3";
import type { Cell, Column, Paint } from "./define_script.ts";
import { printableCell } from "./printable.ts";

export interface TableInput {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
  /** Columns of the terminal. */
  readonly width: number;
  readonly paint: Paint;
  readonly colour: boolean;
}

const GAP = "  ";
/** A column is never squeezed below this, whatever the terminal: eight characters of a path still say something. */
const MIN_COLUMN = 8;
const RULES = [
  "top",
  "top-mid",
  "top-left",
  "top-right",
  "bottom",
  "bottom-mid",
  "bottom-left",
  "bottom-right",
] as const;
const NO_LINES = { ...Object.fromEntries(RULES.map((rule) => [rule, ""])), left: "", right: "", middle: GAP };
const NO_MID = { mid: "", "mid-mid": "", "left-mid": "", "right-mid": "" };

/** Without a trailing newline; only the head line when there are no rows. */
export function renderTable({ columns, rows, width, paint, colour }: TableInput): string {
  const cells = rows.map((row) => columns.map((_, index) => printableCell(String(row[index] ?? ""), colour)));
  const titles = columns.map(({ title }) => title);
  const natural = titles.map((title, index) => widest([title, ...cells.map((row) => row[index] ?? "")]));
  const widths = fitWidths(natural, width - GAP.length * (columns.length - 1));
  const wrapped = (row: readonly string[]) => row.map((cell, index) => wrap(cell, widths[index] ?? MIN_COLUMN));
  const table = new Table({
    chars: { ...NO_LINES, ...NO_MID },
    colAligns: columns.map(({ align }) => align ?? "left"),
    colWidths: [...widths],
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
  });
  table.push(
    wrapped(titles.map(paint.strong)),
    widths.map((size) => paint.dim("─".repeat(size))),
    ...cells.map(wrapped),
  );
  return table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}

/**
 * Shares `room` columns: narrow columns keep what they need, the widest share what is left.
 * @returns one width per column, each at least 1 and, where it had to shrink, at least MIN_COLUMN
 */
export function fitWidths(natural: readonly number[], room: number): number[] {
  const byWidth = natural
    .map((width, index) => ({ width: Math.max(1, width), index }))
    .sort((a, b) => a.width - b.width);
  const widths = natural.map(() => 1);
  let left = room;
  byWidth.forEach(({ width, index }, position) => {
    const share = Math.floor(left / (byWidth.length - position));
    widths[index] = Math.min(width, Math.max(share, MIN_COLUMN));
    left -= widths[index] ?? 0;
  });
  return widths;
}

function widest(texts: readonly string[]): number {
  return texts.reduce((most, text) => Math.max(most, Bun.stringWidth(text)), 0);
}

function wrap(text: string, width: number): string {
  return Bun.stringWidth(text) <= width ? text : Bun.wrapAnsi(text, width, { hard: true });
}
