import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Mapping } from "../../../lib/front_matter/mapping.ts";
import { scanMapping } from "../../../lib/front_matter/scan_mapping.ts";
import { yamlMapping } from "../../../lib/front_matter/yaml_mapping.ts";

const limits = { maxBytes: 65_536, maxKeys: 500, maxDepth: 16, maxMarks: 10_000 };

const key = fc.oneof(
  fc.constantFrom("id", "status", "a-b", "_x", "null", "true", "y1", "1a", "-a", "a b", "é", "<<", "a.b", '"q"'),
  fc.stringMatching(/^[A-Za-z_-][A-Za-z0-9_-]{0,6}$/),
);
const value = fc.oneof(
  fc.constantFrom(
    "todo",
    '"x"',
    "'x'",
    "~",
    "null",
    "12:30",
    "a: b",
    "a:",
    "a #b",
    "a#b",
    "#c",
    "...",
    "---",
    "- a",
    "-1",
  ),
  fc.constantFrom(
    "'it''s'",
    '"a\\n"',
    '"a" b',
    '"a" # c',
    '"a"#c',
    "|",
    ">",
    "[a]",
    "{}",
    "&a b",
    "*a",
    "!t x",
    "%x",
    "@x",
  ),
  fc.constantFrom(
    "=",
    "a\u00a0b",
    "a\u2028b",
    "\ufeffa",
    "a\u0085",
    "é — ü",
    "😀",
    "?",
    "? a",
    ":a",
    "a ::b",
    "::",
    "a\tb",
    "a\t",
  ),
  fc.string({ unit: fc.constantFrom(..."ab1 :#'\"-,[]{}&*!|>%@`\\~?.é—\t".split("")), maxLength: 12 }),
);
const line = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(key, fc.constantFrom(": ", ":", ":  ", " : "), value, fc.constantFrom("", " ", "  # c", " #", "#"))
      .map((parts) => parts.join("")),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom("", " ", "# note", "  # note", "\t", "- item", "  more", "plain", "a:", "%x"),
  },
);
const block = fc
  .tuple(fc.array(line, { maxLength: 6 }), fc.constantFrom("\n", "\r\n"), fc.boolean())
  .map(([lines, eol, ended]) => lines.join(eol) + (ended ? eol : ""));

const shape = (mapping: Mapping) => ({
  entries: [...mapping.entries.values()],
  problems: mapping.problems.map(({ code, offset, key: about }) => ({ code, offset, about })),
});

describe("scanMapping()", () => {
  test("scanMapping() agrees with the full parser on every text that it claims", () => {
    let claimed = 0;
    fc.assert(
      fc.property(block, fc.nat(50), (text, base) => {
        const scanned = scanMapping(text, base, 500);
        if (scanned === null) return;
        claimed++;
        expect(shape(scanned)).toEqual(shape(yamlMapping(text, base, limits)));
      }),
      { numRuns: 4000 },
    );
    expect(claimed).toBeGreaterThan(400);
  });

  test("scanMapping() claims what workplans are made of", () => {
    const usual = "id: A-WP-0001\ntitle: \"A — b: c\"\nowner: 'me'\n\n# note\nempty:\nurl: https://x/y#z # why\n";
    expect([...(scanMapping(usual, 0, 500)?.entries.values() ?? [])].map((entry) => entry.value)).toEqual([
      "A-WP-0001",
      "A — b: c",
      "me",
      null,
      "https://x/y#z",
    ]);
  });

  test("scanMapping() leaves lists, escapes and continued lines to the full parser", () => {
    for (const text of ["a: [b]\n", 'a: "\\n"\n', "a: b\n  c\n", "a:\n- b\n", "a: |\n  b\n", "a: 'b''c'\n"]) {
      expect(scanMapping(text, 0, 500)).toBeNull();
    }
  });
});
