// A strip of runs as a terminal shows it: one character a slot, told apart by shape and by colour, wrapped at round times.
import { expect, test } from "bun:test";
import { NO_PAINT, paintFor } from "../../../lib/cli/paint.ts";
import { OUTCOMES, type SlotOutcome } from "../../../lib/compare/comparison.ts";
import { layOutStrip, legendOf, MARKS, paintLine } from "../../../lib/compare/strip.ts";

const QUARTER_MS = 900_000;
const START = Date.parse("2026-11-18T09:30:00Z");
const slots = (count: number, every = QUARTER_MS, from = START) =>
  Array.from({ length: count }, (_, index) => from + index * every);
const all = (count: number): SlotOutcome[] => Array<SlotOutcome>(count).fill("completed");

function shown(at: readonly number[], strip: readonly SlotOutcome[], room: number): string[] {
  const { lines } = layOutStrip(at, strip, room);
  return lines.map((line) => `${new Date(line.at).toISOString().slice(8, 19)} ${paintLine(line, NO_PAINT)}`);
}

test("layOutStrip() begins lines at round times, one moment of a line below the other, the newest last", () => {
  const strip = all(64).with(1, "missed").with(63, "failed").with(10, "lock_skipped");
  expect(shown(slots(64), strip, 40)).toEqual([
    "18T09:30:00                  =. ==== ====",
    "18T12:00:00 s=== ==== ==== ==== ==== ====",
    "18T18:00:00 ==== ==== ==== ==== ==== ====",
    "19T00:00:00 ==== =X",
  ]);
});

test("layOutStrip() puts a day of quarters of an hour in few lines, and three days in no more than ten", () => {
  const { lines, slotsPerCell } = layOutStrip(slots(288), all(288), 80);
  expect([slotsPerCell, lines.length]).toEqual([1, 7]);
  for (const line of lines) expect(paintLine(line, NO_PAINT).length).toBeLessThanOrEqual(80);
});

test("layOutStrip() shows the worst of several slots where one character each would be too long", () => {
  const strip = all(2_880).with(5, "missed").with(6, "lock_skipped");
  const { lines, slotsPerCell } = layOutStrip(slots(2_880), strip, 80);
  expect(slotsPerCell).toBeGreaterThan(1);
  expect(lines.length).toBeLessThanOrEqual(10);
  const cells = lines.flatMap(({ groups }) => groups.flat());
  expect(cells).toHaveLength(Math.ceil(2_880 / slotsPerCell));
  expect(cells.filter((cell) => cell !== "completed")).toEqual(["missed"]);
});

test.each([
  ["seconds", 4_000, 20],
  ["minutes", 60_000, 300],
  ["days", 86_400_000, 90],
  ["weeks", 604_800_000, 12],
])("layOutStrip() loses no slot of a schedule of %s, at any width", (_, every, count) => {
  for (const room of [10, 26, 66, 180]) {
    const { lines, slotsPerCell } = layOutStrip(slots(count, every), all(count), room);
    expect(lines.flatMap(({ groups }) => groups.flat())).toHaveLength(Math.ceil(count / slotsPerCell));
  }
});

test("each outcome has a sign of its own, plain ASCII, and with colour a colour too", async () => {
  expect(new Set(MARKS.map(({ sign }) => sign)).size).toBe(OUTCOMES.length);
  expect(new Set(MARKS.map(({ outcome }) => outcome))).toEqual(new Set(OUTCOMES));
  for (const { sign } of MARKS) expect(sign).toMatch(/^[\x21-\x7e]$/);
  const line = { at: 0, indent: 0, groups: [["completed", "missed", "lock_skipped"] as const] };
  expect(paintLine(line, NO_PAINT)).toBe("=.s");
  const painted = paintLine(line, await paintFor(true));
  expect(painted).toBe("\u001b[32m=\u001b[39m\u001b[31m.\u001b[39m\u001b[2ms\u001b[22m");
});

test("legendOf() names what is there and nothing else", () => {
  expect(legendOf([["completed", "missed"], ["completed"]], NO_PAINT)).toBe("= completed  . missed");
});
