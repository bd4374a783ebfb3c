// Runs as a strip of characters, one for each slot, that reads at a glance: what was missed stands out by its shape and, where
// there is colour, by its colour. Plain ASCII, so that a log or a dumb terminal shows the same. (pure)
import type { Paint } from "../cli/define_script.ts";
import type { SlotOutcome } from "./comparison.ts";

interface Mark {
  readonly outcome: SlotOutcome;
  readonly sign: string;
  readonly says: string;
  readonly colour: "ok" | "dim" | "warning" | "error";
}

/** The worst first: several slots in one character show the worst of them. */
export const MARKS: readonly Mark[] = [
  { outcome: "failed", sign: "X", says: "failed", colour: "error" },
  { outcome: "missed", sign: ".", says: "missed", colour: "error" },
  { outcome: "unreported", sign: "?", says: "no report", colour: "warning" },
  { outcome: "running", sign: "~", says: "never ended", colour: "warning" },
  { outcome: "skipped", sign: "h", says: "skipped (hub down)", colour: "warning" },
  { outcome: "lock_skipped", sign: "s", says: "lock skipped", colour: "dim" },
  { outcome: "completed", sign: "=", says: "completed", colour: "ok" },
];

export interface StripLine {
  /** When its first slot was, milliseconds since 1970. */
  readonly at: number;
  /** Cells, in groups that belong together: an hour, a day. */
  readonly groups: readonly (readonly SlotOutcome[])[];
  /** Empty columns before it, so that the same moment of each line stands below the other. */
  readonly indent: number;
}

export interface Strip {
  readonly lines: readonly StripLine[];
  /** How many slots a character stands for. */
  readonly slotsPerCell: number;
}

const [SECOND, MINUTE, HOUR, DAY] = [1_000, 60_000, 3_600_000, 86_400_000];
/** What a line may hold, in the order of preference from below. */
const SPANS = [
  10 * SECOND,
  MINUTE,
  5 * MINUTE,
  15 * MINUTE,
  HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
  7 * DAY,
  28 * DAY,
];
const GROUPS = [MINUTE, HOUR, DAY];
/** A source that needs more lines than these gets several slots to a character. */
const MOST_LINES = 10;
const FOLDS = [1, 2, 4, 8, 12, 24, 48, 96];

/** @param slots milliseconds, oldest first; @param room columns for the characters of a line */
export function layOutStrip(slots: readonly number[], strip: readonly SlotOutcome[], room: number): Strip {
  const folds = FOLDS.map((slotsPerCell) => ({ slotsPerCell, ...folded(slots, strip, slotsPerCell) }));
  const laid = folds.map(({ slotsPerCell, at, cells }) => ({ slotsPerCell, lines: linesOf(at, cells, room) }));
  const best = laid.find(({ lines }) => lines.length <= MOST_LINES) ?? laid.at(-1);
  return best ?? { slotsPerCell: 1, lines: [] };
}

/** One line's characters. */
export function paintLine({ groups, indent }: StripLine, paint: Paint): string {
  const painted = groups.map((group) =>
    runsOf(group)
      .map(([outcome, count]) => signs(outcome, count, paint))
      .join(""),
  );
  return `${" ".repeat(indent)}${painted.join(" ")}`;
}

/** Only of what is there. */
export function legendOf(strips: readonly (readonly SlotOutcome[])[], paint: Paint): string {
  const shown = new Set(strips.flat());
  return MARKS.toReversed()
    .filter(({ outcome }) => shown.has(outcome))
    .map(({ outcome, says }) => `${signs(outcome, 1, paint)} ${says}`)
    .join("  ");
}

function signs(outcome: SlotOutcome, count: number, paint: Paint): string {
  const mark = MARKS.find((each) => each.outcome === outcome);
  return mark === undefined ? "" : paint[mark.colour](mark.sign.repeat(count));
}

function folded(slots: readonly number[], strip: readonly SlotOutcome[], by: number) {
  const [at, cells]: [number[], SlotOutcome[]] = [[], []];
  for (let index = 0; index < slots.length; index += by) {
    at.push(slots[index] ?? 0);
    cells.push(worstOf(strip.slice(index, index + by)));
  }
  return { at, cells };
}

function worstOf(outcomes: readonly SlotOutcome[]): SlotOutcome {
  return MARKS.find(({ outcome }) => outcomes.includes(outcome))?.outcome ?? "missed";
}

/** Lines of the longest span that fits: each begins at a round moment but the first. */
function linesOf(at: readonly number[], cells: readonly SlotOutcome[], room: number): StripLine[] {
  const laid = SPANS.map((span) => cut(at, cells, span));
  const fitting = laid.findLast((lines) => lines.every((line) => widthOf(line) <= room)) ?? laid[0] ?? [];
  const widest = Math.max(0, ...fitting.map(widthOf));
  return fitting.map((line, index) =>
    index === 0 && fitting.length > 1 ? { ...line, indent: widest - widthOf(line) } : line,
  );
}

function cut(at: readonly number[], cells: readonly SlotOutcome[], span: number): StripLine[] {
  const unit = groupIn(span, at);
  const lines: { at: number; groups: SlotOutcome[][]; indent: number }[] = [];
  let [line, group] = [Number.NaN, Number.NaN];
  cells.forEach((cell, index) => {
    const moment = at[index] ?? 0;
    if (Math.floor(moment / span) !== line) {
      lines.push({ at: moment, groups: [], indent: 0 });
      [line, group] = [Math.floor(moment / span), Number.NaN];
    }
    const last = lines.at(-1);
    if (Math.floor(moment / unit) !== group) last?.groups.push([]);
    group = Math.floor(moment / unit);
    last?.groups.at(-1)?.push(cell);
  });
  return lines;
}

/** The smallest unit that holds more than one cell and less than the line; the line itself where there is none. */
function groupIn(span: number, at: readonly number[]): number {
  const [first = 0, second = span] = at;
  return GROUPS.find((unit) => unit < span && second - first < unit) ?? span;
}

function widthOf({ groups, indent }: StripLine): number {
  return indent + groups.reduce((sum, group) => sum + group.length, 0) + Math.max(0, groups.length - 1);
}

function runsOf(group: readonly SlotOutcome[]): [SlotOutcome, number][] {
  const runs: [SlotOutcome, number][] = [];
  for (const outcome of group) {
    const last = runs.at(-1);
    if (last !== undefined && last[0] === outcome) last[1]++;
    else runs.push([outcome, 1]);
  }
  return runs;
}
