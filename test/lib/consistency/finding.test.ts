// What makes a finding the same one on the next run, and what it says when a check was brief.
import { describe, expect, test } from "bun:test";
import { distinctKeys, type Observation, toFinding } from "../../../lib/consistency/finding.ts";

const SEEN: Observation = {
  code: "late",
  message: "It is late",
  path: "workplans/a.md",
  line: 3,
  column: 5,
  subject: "A",
};

function key(change: Partial<Observation>): string {
  return toFinding("C-99", "warning", "Hurry", { ...SEEN, ...change }).key;
}

describe("toFinding()", () => {
  test("keeps the key while line, words and severity change, since an edit above moves a finding", () => {
    const moved = key({ line: 9, column: 1, message: "Later", severity: "error", observed: "now", hint: "Run" });
    expect(moved).toBe(key({}));
  });

  test("gives another key to another path, subject or kind of problem", () => {
    const keys = [key({}), key({ path: "workplans/b.md" }), key({ subject: "B" }), key({ code: "early" })];
    expect(new Set(keys).size).toBe(4);
    expect(toFinding("C-98", "warning", "Hurry", SEEN).key).not.toBe(key({}));
  });

  test("takes severity and hint from the check, unless the observation has its own", () => {
    expect(toFinding("C-99", "warning", "Hurry", SEEN)).toMatchObject({ severity: "warning", hint: "Hurry" });
    const own = toFinding("C-99", "warning", "Hurry", { ...SEEN, severity: "error", hint: "Run" });
    expect(own).toMatchObject({ severity: "error", hint: "Run" });
  });

  test("writes null for every place and value that was not observed", () => {
    expect(toFinding("C-99", "error", "Hurry", { code: "late", message: "It is late" })).toEqual({
      check: "C-99",
      severity: "error",
      key: "C-99|||late",
      path: null,
      line: null,
      column: null,
      subject: null,
      message: "It is late",
      observed: null,
      expected: null,
      hint: "Hurry",
    });
  });
});

describe("distinctKeys()", () => {
  const finding = (line: number) => toFinding("C-99", "error", "Hurry", { ...SEEN, line });

  test("numbers the second and third of one key, in their order, and keeps all", () => {
    const keys = distinctKeys([finding(1), finding(2), finding(3)]).map((each) => [each.line, each.key]);
    const plain = key({});
    expect(keys).toEqual([
      [1, plain],
      [2, `${plain}#2`],
      [3, `${plain}#3`],
    ]);
  });

  test("counts each scope for itself", () => {
    const scoped = [finding(1), finding(2)].map((each, index) => ({ ...each, repoId: `repo ${index}` }));
    expect(distinctKeys(scoped, ({ repoId }) => repoId).map((each) => each.key)).toEqual([key({}), key({})]);
  });
});
