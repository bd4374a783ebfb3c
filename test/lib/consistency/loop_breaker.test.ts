// Which write would go on with a tug of war, and which is only work that moves on or is taken up again.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isAlternating, type Write } from "../../../lib/consistency/loop_breaker.ts";

/** The writes that led through these values one by one; the first is what stood there before any of them. */
function through(...values: readonly (string | null)[]): Write[] {
  return values.slice(1).map((value, n) => ({ value: value ?? "", replaces: values[n] ?? null }));
}

describe("isAlternating()", () => {
  test("lets a field move on for as long as it comes to new values", () => {
    const values = ["todo", "in_progress", "blocked", "done"];
    for (let n = 1; n < values.length; n++) {
      expect(isAlternating(through(...values.slice(0, n)), values[n] ?? "")).toBe(false);
    }
    expect(isAlternating([], "done")).toBe(false);
  });

  test("lets a task be reopened once, and finished in another way after that", () => {
    expect(isAlternating(through("todo", "done"), "todo")).toBe(false);
    expect(isAlternating(through("todo", "done", "todo"), "cancelled")).toBe(false);
  });

  test("stops the second return to a value that stood there before", () => {
    expect(isAlternating(through("todo", "done", "todo"), "done")).toBe(true);
    expect(isAlternating(through("todo", "in_progress", "done", "todo"), "done")).toBe(true);
    expect(isAlternating(through("todo", "done", "todo", "cancelled"), "todo")).toBe(true);
  });

  test("counts the value that the first write took out as one that stood there", () => {
    const fromOther = [{ value: "done", replaces: "blocked" }, ...through("done", "todo", "done")];
    expect(isAlternating(fromOther, "blocked")).toBe(true);
    expect(isAlternating(fromOther.slice(1), "blocked")).toBe(false);
  });

  test("counts a value that somebody else put back, and that each write takes out again", () => {
    const undone = { value: "done", replaces: "todo" };
    expect(isAlternating([undone], "done")).toBe(false);
    expect(isAlternating([undone, undone], "done")).toBe(true);
  });

  test("takes no value at all for a value: a date that comes and goes is a to and fro", () => {
    expect(isAlternating(through(null, "2026-11-21"), "")).toBe(false);
    expect(isAlternating(through(null, "2026-11-21", null), "2026-11-21")).toBe(true);
    expect(isAlternating(through(null, "2026-11-21", null), "2026-11-22")).toBe(false);
  });

  test("ends every to and fro between two values after two writes, and no other histories without a return", () => {
    const value = fc.string({ minLength: 1 });
    fc.assert(
      fc.property(fc.uniqueArray(value, { minLength: 2 }), (values) => {
        const [a = "", b = ""] = values;
        const written: Write[] = [];
        for (let [at, next] = [a, b]; !isAlternating(written, next); [at, next] = [next, at]) {
          written.push({ value: next, replaces: at });
          expect(written.length).toBeLessThanOrEqual(2);
        }
        expect(written).toEqual(through(a, b, a));
        expect(isAlternating(through(...values.slice(0, -1)), values.at(-1) ?? "")).toBe(false);
      }),
    );
  });
});
