// Equal values are equal texts, and have equal digests.
import { expect, test } from "bun:test";
import { canonical, digestOf, digestOfText } from "../../lib/canonical.ts";

test("canonical() sorts keys at every depth, and leaves lists in their order", () => {
  const written = { b: [2, 1, { d: null, c: "x" }], a: { z: 1, y: undefined } };
  const stored = { a: { z: 1 }, b: [2, 1, { c: "x", d: null }] };
  expect(canonical(written)).toBe('{"a":{"z":1},"b":[2,1,{"c":"x","d":null}]}');
  expect(canonical(stored)).toBe(canonical(written));
  expect(canonical({ a: [1, 2] })).not.toBe(canonical({ a: [2, 1] }));
});

test("digestOf() is the SHA-256 of that text", () => {
  expect(digestOf({ b: 1, a: 2 })).toBe(digestOfText('{"a":2,"b":1}'));
  // echo -n abc | sha256sum
  expect(digestOfText("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});
