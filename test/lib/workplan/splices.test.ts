import { describe, expect, test } from "bun:test";
import { onlySplicesDiffer, withSplices } from "../../../lib/workplan/splices.ts";
import { bytesOf } from "./sample.ts";

const text = "é: old — 😀\nend\n";
const splice = { start: 3, end: 6, insert: "nü" };

describe("withSplices()", () => {
  test("withSplices() replaces spans in any order and keeps the order of insertions at one place", () => {
    const added = (insert: string) => ({ start: text.length, end: text.length, insert });
    expect(withSplices(text, [added("a"), splice, added("b")])).toBe("é: nü — 😀\nend\nab");
  });

  test("withSplices() refuses spans that overlap", () => {
    expect(withSplices(text, [splice, { start: 5, end: 8, insert: "" }])).toBeNull();
  });
});

describe("onlySplicesDiffer()", () => {
  const result = withSplices(text, [splice]) ?? "";

  test("onlySplicesDiffer() holds for the text with its splices", () => {
    expect(onlySplicesDiffer(bytesOf(text), bytesOf(result), text, [splice])).toBe(true);
  });

  const damaged: Readonly<Record<string, string>> = {
    "a byte before the span": result.replace("é", "è"),
    "a byte behind it": result.replace("end", "enD"),
    "another insertion": result.replace("nü", "nu"),
    "a line ending": result.replace("\n", "\r\n"),
    "a missing end": result.slice(0, -1),
    "a longer end": `${result}\n`,
  };
  for (const [what, after] of Object.entries(damaged)) {
    test(`onlySplicesDiffer() notices ${what}`, () => {
      expect(onlySplicesDiffer(bytesOf(text), bytesOf(after), text, [splice])).toBe(false);
    });
  }
});
