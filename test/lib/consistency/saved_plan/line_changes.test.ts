// An edit as lines: readable, and exact to the byte whatever the line endings are.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type LineChange, lineChanges } from "../../../../lib/consistency/saved_plan/line_changes.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const changes = (before: string, after: string) =>
  lineChanges(bytes(before), bytes(after)).map(({ line, was, becomes }) => [line, was, becomes]);

function rebuilt(before: string, edits: readonly LineChange[]): string {
  const [only] = edits;
  if (edits.length === 1 && only?.line === 1 && only.was === before) return only.becomes;
  const old = before.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const made: string[] = [];
  for (const { line, was, becomes } of edits) {
    while (made.length < line - 1) made.push(old.shift() ?? "");
    if (was !== null) expect(old.shift()).toBe(was);
    made.push(becomes);
  }
  return [...made, ...old].join("");
}

describe("lineChanges()", () => {
  test("tells a line that is replaced and one that is added, numbered as in the new file", () => {
    expect(changes("a\nstatus: todo\n```\nz\n", "a\nstatus: done\nid: 1\n```\nz\n")).toEqual([
      [2, "status: todo\n", "status: done\n"],
      [3, null, "id: 1\n"],
    ]);
  });

  test("keeps line endings, a byte order mark, and a last line without its ending", () => {
    expect(changes("\uFEFF---\r\nid: x\r\n---", "\uFEFF---\r\nid: x\r\nkey: 1\r\n---")).toEqual([
      [3, null, "key: 1\r\n"],
    ]);
    expect(changes("a", "b")).toEqual([[1, "a", "b"]]);
  });

  test("shows the whole file when lines are taken away", () => {
    expect(changes("a\nb\nc\n", "a\nc\n")).toEqual([[1, "a\nb\nc\n", "a\nc\n"]]);
  });

  test("makes the new file out of the old one, whatever both are", () => {
    const file = fc.array(fc.constantFrom("a\n", "b\n", "a\r\n", "```\n", "\n"), { maxLength: 12 });
    fc.assert(
      fc.property(file, file, fc.constantFrom("", "end"), (old, now, end) => {
        const [before, after] = [old.join("") + end, now.join("") + end];
        expect(rebuilt(before, lineChanges(bytes(before), bytes(after)))).toBe(after);
      }),
    );
  });
});
