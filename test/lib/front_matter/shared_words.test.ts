import { expect, test } from "bun:test";
import fc from "fast-check";
import { sharedWord } from "../../../lib/front_matter/shared_words.ts";

test("sharedWord() gives what slice() gives, whatever was asked before", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "_", "é", "\u{1f600}", " "), maxLength: 60 });
  fc.assert(
    fc.property(text, fc.nat(60), fc.nat(30), (written, start, length) => {
      expect(sharedWord(written, start, start + length)).toBe(written.slice(start, start + length));
    }),
    { numRuns: 2000 },
  );
});
