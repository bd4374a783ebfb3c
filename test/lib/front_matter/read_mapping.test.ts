import { describe, expect, test } from "bun:test";
import type { MappingLimits } from "../../../lib/front_matter/mapping.ts";
import { readMapping, recoverValue } from "../../../lib/front_matter/read_mapping.ts";

const limits: MappingLimits = { maxBytes: 65_536, maxKeys: 500, maxDepth: 16, maxMarks: 10_000 };
const read = (yaml: string, own: Partial<MappingLimits> = {}) =>
  readMapping(yaml, 0, yaml.length, { ...limits, ...own });
const values = (yaml: string) => Object.fromEntries([...read(yaml).entries].map(([key, entry]) => [key, entry.value]));

describe("readMapping() keeps every scalar as it is written", () => {
  const written: readonly (readonly [string, unknown])[] = [
    ["12:30", "12:30"],
    ["0755", "0755"],
    ["1.10", "1.10"],
    ["1_000", "1_000"],
    ["2026-06-21", "2026-06-21"],
    ["yes", "yes"],
    ["true", "true"],
    ['"null"', "null"],
    ["null", null],
    ["~", null],
    ["", null],
    ['"a \\"b\\" \\u00e9"', 'a "b" é'],
    ["'it''s'", "it's"],
    ["https://example.org/a#b", "https://example.org/a#b"],
    ["plain # a comment", "plain"],
    ["[a, 1, {b: 2}]", ["a", "1", { b: "2" }]],
    ["\n  - a\n  - b", ["a", "b"]],
    ["|\n  two\n  lines", "two\nlines\n"],
  ];
  for (const [yaml, value] of written) {
    test(`readMapping() reads ${JSON.stringify(yaml)} as ${JSON.stringify(value)}`, () => {
      expect(values(`before: x\nkey: ${yaml}\nafter: y\n`)).toEqual({ before: "x", key: value, after: "y" });
    });
  }
});

describe("readMapping() refuses what could mean two things", () => {
  const refused: readonly (readonly [string, string, number])[] = [
    ["a: 1\nb: 2\na: 3\n", "duplicate_key", 10],
    ["a: [1]\nb: 2\na: 3\n", "duplicate_key", 12],
    ["a: &x 1\nb: *x\n", "anchor", 6],
    ["a: *x\n", "alias", 3],
    ["a: !!js/function 'x'\n", "tag", 17],
    ["a: !x [1]\n", "tag", 6],
    ["<<: {a: 1}\n", "merge_key", 0],
    ["a:\n\tb: 1\n", "tab_indentation", 3],
    ["? [a]\n: 1\n", "key_not_text", 2],
    ['a: "\\0"\n', "control_character", 3],
    ['a: "\\uD800"\n', "control_character", 3],
    ['a: ["\\e[31m"]\n', "control_character", 4],
    ["- a\n", "not_a_mapping", 0],
    ["just text\n", "not_a_mapping", 0],
    ["a: 1\n---\nb: 2\n", "document_marker", 5],
    ["%YAML 1.1\na: 1\n", "directive", 0],
    ['a: "open\nb: 1\n', "unclosed_value", 3],
    ["a: b: c\n", "yaml_syntax", 3],
    ["a: `x`\n", "reserved_start", 3],
    [`a: ${"[".repeat(17)}\n`, "too_deep", 19],
    [`a: ${"{a: ".repeat(17)}\n`, "too_deep", 67],
    [`${"- ".repeat(17)}a\n`, "too_deep", 0],
    [`x: [${"a,".repeat(10_000)}]\n`, "too_complex", 0],
    ["a: b: ".repeat(100), "too_complex", 0],
    [`x: ${"a".repeat(65_536)}\n`, "too_large", 0],
  ];
  for (const [yaml, code, offset] of refused) {
    test(`readMapping() says ${code} for ${JSON.stringify(yaml.slice(0, 24))}`, () => {
      const [first] = read(yaml).problems;
      expect(first).toMatchObject({ code, offset });
      expect(first?.hint.length).toBeGreaterThan(10);
    });
  }

  test("readMapping() believes neither of two equal keys, in the scanner and in the full parser", () => {
    for (const list of ["", "l: [1]\n"]) {
      const mapping = read(`a: 1\n${list}a: 2\nb: 3\n`);
      expect(mapping.entries.has("a")).toBe(false);
      expect(mapping.entries.get("b")?.value).toBe("3");
    }
  });

  test("readMapping() stops at 60,000 keys", () => {
    const yaml = Array.from({ length: 60_000 }, (_, n) => `k${n}: v\n`).join("");
    expect(read(yaml, { maxBytes: 1 << 20 }).problems.map(({ code }) => code)).toEqual(["too_many_keys"]);
    expect(read(`a:\n${"  b: 1\n".repeat(501)}`).problems.map(({ code }) => code)).toContain("too_many_keys");
  });

  test("readMapping() keeps `__proto__` and `constructor` plain keys", () => {
    const value = read("extra: {__proto__: x, constructor: y}\n").entries.get("extra")?.value;
    expect(JSON.stringify(value)).toBe('{"__proto__":"x","constructor":"y"}');
  });
});

describe("recoverValue()", () => {
  test("recoverValue() gives the value of the only line of its kind", () => {
    expect(recoverValue('x: [\nid: "A-WP-0001"\r\ny', 0, 24, "id")).toBe("A-WP-0001");
  });

  test("recoverValue() gives nothing when two lines could be meant", () => {
    expect(recoverValue("id: A\nid: B\n", 0, 12, "id")).toBeNull();
  });
});
