import { describe, expect, test } from "bun:test";
import { NO_PAINT, paintFor } from "../../../lib/cli/paint.ts";
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

describe("renderTable() with cells of any size", () => {
  const BOUND_MS = 5_000;
  const shownIn = (text: string) =>
    text
      .split("\n")
      .slice(2)
      .map((line) => line.trim())
      .join("");

  test("cuts one of 100 KB after 1,000 characters, and marks it", () => {
    const begun = performance.now();
    const text = renderTable({
      columns: [{ title: "a" }],
      rows: [["x".repeat(100_000)]],
      width: 80,
      paint: NO_PAINT,
      colour: false,
    });
    expect(shownIn(text)).toBe(`${"x".repeat(999)}…`);
    expect(performance.now() - begun).toBeLessThan(BOUND_MS);
  });

  test("leaves one of 1,000 whole, and cuts no character in two", () => {
    const of = (cell: string) =>
      shownIn(renderTable({ columns: [{ title: "a" }], rows: [[cell]], width: 80, paint: NO_PAINT, colour: false }));
    expect(of("x".repeat(1_000))).toBe("x".repeat(1_000));
    expect(of(`${"x".repeat(998)}😀${"x".repeat(10)}`)).toBe(`${"x".repeat(998)}…`);
  });

  test("a colour ends with the cell that it was given to", async () => {
    const paint = await paintFor(true);
    const text = renderTable({
      columns,
      rows: [[paint.dim("x".repeat(5_000)), 1]],
      width: 80,
      paint: NO_PAINT,
      colour: true,
    });
    for (const line of text.split("\n").slice(2)) expect(line).toMatch(/^\u001b\[2m.*\u001b\[22m( +1)?$/);
  });

  test("draws many long ones without a wait", () => {
    const begun = performance.now();
    const rows = Array.from({ length: 200 }, (_, number) => [number, "x".repeat(1_000)]);
    const text = renderTable({
      columns: [{ title: "#" }, { title: "a" }],
      rows,
      width: 100,
      paint: NO_PAINT,
      colour: false,
    });
    expect(text.split("\n").length).toBe(2 + 200 * Math.ceil(1_000 / 95));
    expect(performance.now() - begun).toBeLessThan(BOUND_MS);
  });
});
