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
  const lanes = lanesOf(files, 3);
  expect(lanes.map(({ name }) => name)).toEqual(["working", "waiting", "lines"]);
  expect(lanes[0]?.files).toEqual(["test/a.test.ts", "test/z.test.ts"]);
  for (const { name, files } of lanes.slice(1))
    expect(files).toEqual(WAITING.filter(({ lane }) => lane === name).flatMap((each) => namedBy(each.files)));
});

test("lanesOf() makes no empty lane, and one lane where there is one processor", () => {
  expect(lanesOf(["test/a.test.ts"], 3)).toEqual([{ name: "working", files: ["test/a.test.ts"] }]);
  expect(lanesOf(NAMED.slice(0, 1), 3)).toEqual([{ name: "waiting", files: NAMED.slice(0, 1) }]);
  const all = [...NAMED, "test/a.test.ts"];
  expect(lanesOf(all, 1)).toEqual([{ name: "only", files: all }]);
});

test("lanesWanted() is one where there is one processor, and TEST_LANES=1 says one", () => {
  expect(lanesWanted({})).toBe(availableParallelism() > 1 ? 3 : 1);
  expect(lanesWanted({ TEST_LANES: "1" })).toBe(1);
  expect(lanesWanted({ TEST_LANES: "2" })).toBe(3);
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
