// The registry of checks: what a person reads of them is whole, and none is without its test.
import { describe, expect, test } from "bun:test";
import { CHECKS } from "../../../lib/consistency/checks.ts";

const FOLDER = "lib/consistency/checks";

function filesIn(folder: string, pattern: string): string[] {
  return [...new Bun.Glob(pattern).scanSync({ cwd: new URL(`../../../${folder}`, import.meta.url).pathname })].sort();
}

describe("CHECKS", () => {
  test("holds every check file once, in the order of their ids, each named as its file is", () => {
    const names = CHECKS.map(({ id, name }) => `${id.toLowerCase().replace("-", "")}_${name}.ts`);
    expect(names).toEqual(filesIn(FOLDER, "c[0-9]*.ts"));
  });

  test("has a test at the same path for every check: a file that triggers it, and a near twin that does not", () => {
    const tests = filesIn(`test/${FOLDER}`, "c[0-9]*.test.ts");
    expect(tests).toEqual(filesIn(FOLDER, "c[0-9]*.ts").map((file) => file.replace(".ts", ".test.ts")));
  });

  test("gives every check a sentence to prove, a remedy and a place to look in", () => {
    for (const check of CHECKS) {
      expect([check.proves, check.fix].every((text) => text.length > 20 && !text.endsWith("."))).toBe(true);
      const looks = [check.inFile, check.inRepo, check.inHub].some((look) => look !== undefined);
      // C-06 is seen before there is anything to look into, C-16 in checkouts beside it.
      expect(looks).toBe(!["C-06", "C-16"].includes(check.id));
    }
  });
});
