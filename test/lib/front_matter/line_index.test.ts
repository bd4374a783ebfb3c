import { expect, test } from "bun:test";
import fc from "fast-check";
import { lineIndex } from "../../../lib/front_matter/line_index.ts";

test("lineIndex() gives the line and column that counting gives, whatever is asked before", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "\n", "\r", "é"), maxLength: 60 });
  fc.assert(
    fc.property(text, fc.array(fc.nat(60), { maxLength: 20 }), (written, offsets) => {
      const index = lineIndex(written);
      for (const offset of offsets.map((at) => Math.min(at, written.length))) {
        const lines = written.slice(0, offset).split("\n");
        expect(index.place(offset)).toEqual({ line: lines.length, column: (lines.at(-1) ?? "").length + 1 });
      }
    }),
  );
});

test("lineIndex() leaves a byte order mark out of the first line's columns", () => {
  expect(lineIndex("\ufeff---\nid", 1).place(1)).toEqual({ line: 1, column: 1 });
  expect(lineIndex("\ufeff---\nid", 1).place(5)).toEqual({ line: 2, column: 1 });
});
