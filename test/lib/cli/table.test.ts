import { expect, test } from "bun:test";
import { NO_PAINT } from "../../../lib/cli/paint.ts";
import { fitWidths, renderTable } from "../../../lib/cli/table.ts";

const columns = [{ title: "File" }, { title: "Tasks", align: "right" as const }];

test("renderTable() lines columns up under a rule", () => {
  const rows = [
    ["a.md", 8],
    ["longer.md", 123],
  ];
  expect(renderTable({ columns, rows, width: 80, paint: NO_PAINT, colour: false })).toBe(
    ["File       Tasks", "─────────  ─────", "a.md           8", "longer.md    123"].join("\n"),
  );
});

test("renderTable() shows the head alone when there is nothing below it", () => {
  expect(renderTable({ columns, rows: [], width: 80, paint: NO_PAINT, colour: false })).toBe(
    "File  Tasks\n────  ─────",
  );
});

test("renderTable() breaks a long word and loses no character of it", () => {
  const path = "workplans/".concat("x".repeat(100), ".md");
  const text = renderTable({ columns, rows: [[path, 1]], width: 40, paint: NO_PAINT, colour: false });
  const first = text
    .split("\n")
    .slice(2)
    .map((line) => line.slice(0, 33).trim());
  expect(first.join("")).toBe(path);
  for (const line of text.split("\n")) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(40);
});

test("renderTable() measures wide characters as terminals show them", () => {
  const text = renderTable({
    columns,
    rows: [
      ["日本語", 1],
      ["abcdef", 2],
    ],
    width: 40,
    paint: NO_PAINT,
    colour: false,
  });
  expect(new Set(text.split("\n").map((line) => Bun.stringWidth(line))).size).toBe(1);
});

test("fitWidths() keeps narrow columns whole and lets the wide ones share", () => {
  expect(fitWidths([4, 100, 6, 50], 60)).toEqual([4, 25, 6, 25]);
  expect(fitWidths([4, 10], 80)).toEqual([4, 10]);
  expect(fitWidths([50, 50, 50], 9)).toEqual([8, 8, 8]);
});
