import { expect, test } from "bun:test";
import { didYouMean, editDistance } from "../../../lib/cli/did_you_mean.ts";

test("editDistance() counts a swap of neighbours as one", () => {
  expect(editDistance("lsit", "list")).toBe(1);
  expect(editDistance("", "abc")).toBe(3);
  expect(editDistance("kitten", "sitting")).toBe(3);
});

test("didYouMean() finds the nearest, and nothing when nothing is near", () => {
  expect(didYouMean("dry-rn", ["repo", "dry-run", "remote"])).toBe("dry-run");
  expect(didYouMean("REPO", ["repo", "remote"])).toBe("repo");
  expect(didYouMean("zzzzzz", ["repo", "all"])).toBeUndefined();
  expect(didYouMean("x", ["id"])).toBeUndefined();
});
