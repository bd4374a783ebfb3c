import { describe, expect, test } from "bun:test";
import { covers, isSubjectFilter, overlap } from "../../../lib/events/subject_filter.ts";

describe("covers()", () => {
  for (const [outer, inner, wanted] of [
    [">", "org.statehub.>", true],
    ["org.>", "org.statehub.>", true],
    ["org.statehub.>", "org.statehub.>", true],
    ["*.statehub.>", "org.statehub.>", true],
    ["org.statehub.*", "org.statehub.>", false],
    ["org.statehub.repo.>", "org.statehub.>", false],
    ["org.statehub", "org.statehub.>", false],
    ["com.>", "org.statehub.>", false],
    ["org.*.repo", "org.statehub.repo", true],
    ["org.*.repo", "org.*.repo", true],
    ["org.statehub.repo", "org.*.repo", false],
    ["org.>", "org", false],
    ["org.*", "org.a.b", false],
  ] as const) {
    test(`${outer} ${wanted ? "takes all of" : "does not take all of"} ${inner}`, () =>
      expect(covers(outer, inner)).toBe(wanted));
  }
});

describe("overlap()", () => {
  for (const [one, other, wanted] of [
    ["org.>", "org.statehub.repo", true],
    ["org.*.repo", "org.statehub.*", true],
    ["org.>", "com.>", false],
    ["org.a", "org.a.b", false],
    ["org.a.*", "org.a", false],
    ["*.a", "org.>", true],
    ["org.>", "org", false],
  ] as const) {
    test(`${one} and ${other} ${wanted ? "have" : "have not"} a subject in common`, () => {
      expect([overlap(one, other), overlap(other, one)]).toEqual([wanted, wanted]);
    });
  }
});

describe("isSubjectFilter()", () => {
  for (const text of ["org.statehub.>", ">", "*", "org.*.x", "org.a-b_c"]) {
    test(`takes ${text}`, () => expect(isSubjectFilter(text)).toBe(true));
  }
  for (const text of ["", ".", "org.", ".org", "a..b", "a b", "a\tb", "a.>.b", "a.b*", "a.>b", "a\r\nPUB x"]) {
    test(`refuses ${JSON.stringify(text)}`, () => expect(isSubjectFilter(text)).toBe(false));
  }
});
