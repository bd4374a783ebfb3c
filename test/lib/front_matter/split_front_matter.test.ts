import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  type FrontMatterSplit,
  grayMatterAgrees,
  splitFrontMatter,
} from "../../../lib/front_matter/split_front_matter.ts";

const split = (text: string, start = 0) => splitFrontMatter(text, start, 65_536);
const parts = (text: string, found: FrontMatterSplit) =>
  found.kind === "split" ? [text.slice(found.matterStart, found.matterEnd), text.slice(found.bodyStart)] : found.kind;

describe("splitFrontMatter()", () => {
  const cut: readonly (readonly [string, readonly [string, string]])[] = [
    ["---\na: 1\n---\nbody\n", ["a: 1\n", "body\n"]],
    ["---\r\na: 1\r\n---\r\nbody", ["a: 1\r\n", "body"]],
    ["---\na: 1\n---", ["a: 1\n", ""]],
    ["---\n---\n", ["", ""]],
    ["---\r\n---\r\n", ["", ""]],
    ["---\n# only a comment\n---\nx", ["# only a comment\n", "x"]],
    ["---\na: |\n  ---\n---\nx", ["a: |\n  ---\n", "x"]],
    ["---\na: 1\n---\nx\n---\ny\n", ["a: 1\n", "x\n---\ny\n"]],
  ];
  for (const [text, wanted] of cut) {
    test(`splitFrontMatter() cuts ${JSON.stringify(text)} where its lines say`, () => {
      expect(parts(text, split(text))).toEqual([...wanted]);
    });
  }

  test("splitFrontMatter() starts behind a byte order mark", () => {
    const text = "\ufeff---\na: 1\n---\nx";
    expect(parts(text, split(text, 1))).toEqual(["a: 1\n", "x"]);
  });

  const broken: readonly (readonly [string, string, number])[] = [
    ["---\na: 1\n", "unclosed", 0],
    ["---", "unclosed", 0],
    ["----\na: 1\n---\n", "opening_line", 0],
    ["--- \na: 1\n---\n", "opening_line", 0],
    ["---\na: 1\n---more\n---\n", "closing_line", 9],
    ["---\na: 1\n----\n", "closing_line", 9],
    ["---\na: 1\n--- \n", "closing_line", 9],
    [`---\n${"\n".repeat(4000)}a: 1\n---\n`, "blank_run", 4],
    [`---\na: ${"x".repeat(70_000)}\n---\n`, "too_large", 4],
  ];
  for (const [text, code, offset] of broken) {
    test(`splitFrontMatter() says ${code} of ${JSON.stringify(text.slice(0, 20))}`, () => {
      expect(split(text)).toMatchObject({ kind: "broken", code, offset });
    });
  }

  test("splitFrontMatter() runs no engine, under any spelling of a language", () => {
    const seen: string[] = [];
    Object.assign(globalThis, { frontMatterRan: (name: string) => seen.push(name) });
    for (const name of [
      "js",
      "javascript",
      "JS",
      "JavaScript",
      " js",
      "json",
      "toml",
      "coffee",
      "coffeescript",
      "cson",
      "yaml",
    ]) {
      const text = `---${name}\nfrontMatterRan("${name}")\n---\nbody\n`;
      expect(split(text)).toMatchObject({ kind: "broken", code: "opening_line" });
    }
    expect(split('---\nfrontMatterRan("yaml")\n---\n').kind).toBe("split");
    expect(seen).toEqual([]);
  });
});

test("splitFrontMatter() cuts short plain texts as gray-matter does, which it does not ask for them", () => {
  const line = fc.constantFrom(
    "id: X",
    "",
    "# note",
    "  - a",
    "--",
    "-",
    "title: '---'",
    "a: |",
    "  ---x",
    "é: —",
    "\t",
    "...",
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), fc.constantFrom("", "\nbody", "\n\n---\n"), (lines, rest) => {
      const yaml = lines.map((each) => `${each}\n`).join("");
      const text = `---\n${yaml}---${rest}`;
      const split = splitFrontMatter(text, 0, 10_000);
      if (split.kind !== "split") return;
      expect(grayMatterAgrees(text.slice(0, split.matterEnd + 3), text.slice(3, split.matterEnd - 1))).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});
