// Tables for people: as wide as the terminal at most, and nothing from a cell that could move the cursor.
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
/** Of one cell. A person reads no more of it, and what comes from outside may be of any size. */
const MOST_CHARACTERS = 1_000;
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

/**
 * Without a trailing newline; only the head line when there are no rows. A cell of more than 1,000 characters is cut there,
 * and ends with "…": --json has it whole.
 */
export function renderTable({ columns, rows, width, paint, colour }: TableInput): string {
  const cells = rows.map((row) => columns.map((_, index) => shown(String(row[index] ?? ""), colour)));
  const titles = columns.map(({ title }) => title);
  const natural = titles.map((title, index) => widest([title, ...cells.map((row) => row[index] ?? "")]));
  const widths = fitWidths(natural, width - GAP.length * (columns.length - 1));
  const table = new Table({
    chars: { ...NO_LINES, ...NO_MID },
    colAligns: columns.map(({ align }) => align ?? "left"),
    colWidths: [...widths],
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
  });
  const rule = widths.map((size) => paint.dim("─".repeat(size)));
  for (const row of [titles.map(paint.strong), rule, ...cells])
    for (const line of linesOf(row, widths)) table.push(line);
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

function shown(text: string, colour: boolean): string {
  if (text.length <= MOST_CHARACTERS) return printableCell(text, colour);
  const half = /[\ud800-\udbff]$/;
  const cut = `${text.slice(0, MOST_CHARACTERS - 1).replace(half, "")}…`;
  // Nothing more is taken away here; a colour that the cut left open is closed.
  return Bun.sliceAnsi(printableCell(cut, colour), 0, Number.MAX_SAFE_INTEGER);
}

/** A row of the table for each line: cli-table3 measures a cell's whole text anew for each line that it draws of it. */
function linesOf(row: readonly string[], widths: readonly number[]): string[][] {
  const wrapped = row.map((cell, index) => wrap(cell, widths[index] ?? MIN_COLUMN).split("\n"));
  const height = Math.max(...wrapped.map(({ length }) => length));
  return Array.from({ length: height }, (_, line) => wrapped.map((lines) => lines[line] ?? ""));
}

function wrap(text: string, width: number): string {
  return Bun.stringWidth(text) <= width ? text : Bun.wrapAnsi(text, width, { hard: true });
}
