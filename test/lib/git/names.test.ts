// Which text is a branch: held against git's own judgement, since it is git that gets the name.
import { describe, expect, test } from "bun:test";
import { isBranchName, isObjectId } from "../../../lib/git/names.ts";

const NAMES = [
  ..."main feature/x -x --upload-pack=touch HEAD a.b a-b a@b é ü/漢字 $(touch&x) a;b a'b a\"b `id` x{y a=b|c".split(
    " ",
  ),
  ..."@ a..b a. .a a/.b a.lock a.lock/b a~1 a^ a:b a?b a*b a[b a\\b a@{b a//b /a a/ . ..".split(" "),
  ...["", "a b", "a\nb", "a\tb", "a\x7fb", "a\x1bb", ".lock", "a/.lock", "@{u}", "a@"],
];

/** git-check-ref-format(1) itself, on the whole ref. */
function gitAgrees(name: string): boolean {
  return Bun.spawnSync(["git", "check-ref-format", `refs/heads/${name}`]).exitCode === 0;
}

describe("isBranchName()", () => {
  test.each(NAMES)("isBranchName() says of %j what git says", (name) => {
    expect(isBranchName(name)).toBe(gitAgrees(name));
  });

  test("isBranchName() takes no text that was not UTF-8, since it could not be asked for again", () => {
    expect(isBranchName(Buffer.from([0x61, 0xff]).toString("utf8"))).toBe(false);
    expect(isBranchName("a\ud800")).toBe(false);
  });
});

describe("isObjectId()", () => {
  test.each([
    ["0".repeat(40), true],
    ["a".repeat(64), true],
    ["a".repeat(41), false],
    ["A".repeat(40), false],
    [`${"a".repeat(40)}\n`, false],
    ["", false],
  ])("isObjectId() of %j is %p", (text, answer) => {
    expect(isObjectId(text)).toBe(answer);
  });
});
