// Workplans that wait for themselves, found in graphs of every shape and of any length.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { cyclesOf } from "../../../../lib/consistency/checks/dependency_cycles.ts";

/** "a>b b>c" as edges. */
function edges(text: string): { from: string; to: string }[] {
  return text
    .split(" ")
    .filter(Boolean)
    .map((pair) => ({ from: pair.charAt(0), to: pair.charAt(2) }));
}

const CASES: Readonly<Record<string, readonly string[]>> = {
  "": [],
  "a>b b>c": [],
  "a>b a>c b>d c>d": [],
  "a>a": ["a"],
  "a>b b>b": ["b"],
  "a>b b>a": ["ab"],
  "a>b b>c c>a d>a": ["abc"],
  "a>b b>a c>d d>c": ["ab", "cd"],
  "a>b b>a b>c c>d d>c": ["ab", "cd"],
  "a>b a>c b>a c>a": ["abc"],
  "a>b a>b b>c": [],
};

function found(graph: readonly { from: string; to: string }[]): string[] {
  return cyclesOf(graph)
    .map((group) => group.toSorted().join(""))
    .sort();
}

describe("cyclesOf()", () => {
  for (const [graph, groups] of Object.entries(CASES)) {
    test(`finds ${groups.join(" and ") || "none"} in "${graph}"`, () => {
      expect(found(edges(graph))).toEqual([...groups]);
    });
  }

  test("agrees with plain reachability on random graphs: a node is in a group when a way leads back to it", () => {
    const node = fc.constantFrom(..."abcdefgh");
    fc.assert(
      fc.property(fc.array(fc.record({ from: node, to: node }), { maxLength: 24 }), (graph) => {
        const grouped = cyclesOf(graph).flat().sort();
        const circular = [..."abcdefgh"].filter((start) => reaches(graph, start, start));
        expect(grouped).toEqual(circular);
        for (const group of cyclesOf(graph))
          for (const one of group) for (const other of group) expect(reaches(graph, one, other)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test("goes through a circle of 50,000 workplans without exhausting the stack", () => {
    const size = 50_000;
    const circle = Array.from({ length: size }, (_, n) => ({ from: String(n), to: String((n + 1) % size) }));
    expect(cyclesOf(circle).map(({ length }) => length)).toEqual([size]);
    expect(cyclesOf(circle.slice(1))).toEqual([]);
  });
});

/** By one edge or more. */
function reaches(graph: readonly { from: string; to: string }[], start: string, goal: string): boolean {
  const known = new Set<string>();
  for (const queue = [start]; queue.length > 0; ) {
    const at = queue.pop();
    for (const { to } of graph.filter(({ from }) => from === at)) {
      if (to === goal) return true;
      if (!known.has(to)) queue.push(to);
      known.add(to);
    }
  }
  return false;
}
