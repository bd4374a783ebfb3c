// Which paths may hold a workplan: a name too many floods the report, one too few loses a plan without a word.
import { describe, expect, test } from "bun:test";
import { isWorkplanPath } from "../../../lib/consistency/workplan_paths.ts";

describe("isWorkplanPath()", () => {
  for (const [path, wanted] of [
    ["workplans/a.md", true],
    ["workplans/deep/er/a.md", true],
    ["workplans/README.md", false],
    ["workplans/deep/README.md", false],
    ["workplans/NOT-README.md", true],
    ["workplans/a.markdown", false],
    ["workplans/a.md.orig", false],
  ] as const) {
    test(`says ${wanted} of ${path}`, () => expect(isWorkplanPath(path)).toBe(wanted));
  }
});
