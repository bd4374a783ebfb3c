// Where a test file runs: no file twice, none forgotten, and no line about a file that is gone.
import { expect, test } from "bun:test";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { lanesOf, lanesWanted, WAITING } from "./lanes.ts";

const ROOT = join(import.meta.dir, "..");
const RUNS = /^test\/(?!long\/|bench\/).*\.test\.ts$/;
const namedBy = (glob: string) => [...new Bun.Glob(glob).scanSync(ROOT)].filter((file) => RUNS.test(file)).sort();
const NAMED = WAITING.flatMap(({ files }) => namedBy(files));

test("lanesOf() puts each file into one lane, in the order in which they came", () => {
  const files = ["test/a.test.ts", ...NAMED, "test/z.test.ts"];
  expect(lanesOf(files, 2)).toEqual([
    { name: "working", files: ["test/a.test.ts", "test/z.test.ts"] },
    { name: "waiting", files: NAMED },
  ]);
});

test("lanesOf() makes no empty lane, and one lane where there is one processor", () => {
  expect(lanesOf(["test/a.test.ts"], 2)).toEqual([{ name: "working", files: ["test/a.test.ts"] }]);
  expect(lanesOf(NAMED.slice(0, 1), 2)).toEqual([{ name: "waiting", files: NAMED.slice(0, 1) }]);
  const all = [...NAMED, "test/a.test.ts"];
  expect(lanesOf(all, 1)).toEqual([{ name: "only", files: all }]);
});

test("lanesWanted() is never more than there are processors for, nor than two, and TEST_LANES=1 says one", () => {
  expect(lanesWanted({})).toBe(Math.min(2, availableParallelism()));
  expect(lanesWanted({ TEST_LANES: "1" })).toBe(1);
  expect(lanesWanted({ TEST_LANES: "9" })).toBe(2);
});

test("every name in lanes.ts is that of a test file, and no file has two reasons", () => {
  const globs = WAITING.flatMap(({ files }) => eachOf(files));
  expect(globs.filter((glob) => namedBy(glob).length === 0)).toEqual([]);
  expect(NAMED).toEqual([...new Set(NAMED)]);
});

/** `a/{b,c}.ts` stands for two names: either may be gone. */
function eachOf(glob: string): string[] {
  const [before, names, after] = glob.split(/[{}]/);
  return names === undefined ? [glob] : names.split(",").map((name) => `${before}${name}${after}`);
}
