// Our block in the text of a hook: put in where it is always reached, replaced where it stood, and taken out so that every
// other byte is as it was, whatever those bytes are.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { BLOCK_BEGIN, BLOCK_END, FILE_HEAD, hookBlock, isHookSlug } from "../../../../lib/hub/git_hook/hook_block.ts";
import {
  hasForeignMarker,
  hookState,
  isHalf,
  withBlock,
  withoutBlock,
} from "../../../../lib/hub/git_hook/hook_text.ts";

const BLOCK = hookBlock("garden");
const OLD = `${BLOCK_BEGIN} 0: an older text\nold lines\n${BLOCK_END}\n`;
const SCRIPT = "#!/bin/sh\necho one\nexit 3\n";

describe("the block", () => {
  test("stands directly behind the first line of a script, and alone in a file of ours", () => {
    expect(withBlock(SCRIPT, "garden")).toBe(`#!/bin/sh\n${BLOCK}echo one\nexit 3\n`);
    expect(withBlock(null, "garden")).toBe(`${FILE_HEAD}${BLOCK}`);
  });

  test("is put in once, however often it is asked for", () => {
    for (const text of [null, SCRIPT]) {
      const once = withBlock(text, "garden");
      expect(withBlock(once, "garden")).toBe(once);
      expect(hookState(once, "garden")).toBe("installed");
    }
  });

  test("of an older version, of another repository, or there twice is replaced where it stood", () => {
    const around = (block: string) => `#!/bin/bash\nfirst\n${block}last\n`;
    for (const before of [OLD, hookBlock("kitchen")]) {
      expect(hookState(around(before), "garden")).toBe("outdated");
      expect(withBlock(around(before), "garden")).toBe(around(BLOCK));
    }
    const twice = around(`${BLOCK}between\n${OLD}`);
    expect(hookState(twice, "garden")).toBe("outdated");
    expect(withBlock(twice, "garden")).toBe(around(`${BLOCK}between\n`));
  });

  test("comes out again, and every other byte is as it was", () => {
    const lines = fc.array(
      fc.constantFrom("#!/bin/sh", "exit 1", "\xc3\xa4\xff", "", "  # custodian-sync", "\r", "\t"),
    );
    const texts = lines.map((each) => `#!/bin/sh -e\n${each.join("\n")}`);
    fc.assert(fc.property(texts, (text) => withoutBlock(withBlock(text, "garden")) === text));
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        (text) => withoutBlock(withBlock(`#!/bin/sh\n${text}`, "x")) === `#!/bin/sh\n${text}`,
      ),
    );
  });

  test("takes the file with it where nothing else stands in it, and only there", () => {
    expect(withoutBlock(withBlock(null, "garden"))).toBeNull();
    expect(withoutBlock(`${withBlock(null, "garden")}echo mine\n`)).toBe(`${FILE_HEAD}echo mine\n`);
    expect(withoutBlock(withBlock("#!/bin/sh\n", "garden"))).toBe("#!/bin/sh\n");
    expect(withoutBlock(null)).toBeNull();
  });
});

describe("what is not ours alone", () => {
  test("is told: half a block, and the marker of another tool", () => {
    const half = `#!/bin/sh\n${BLOCK_BEGIN} 1\necho\n`;
    expect([isHalf(half), isHalf(`${half}${BLOCK}`), isHalf(withBlock(SCRIPT, "garden"))]).toEqual([true, true, false]);
    const theirs = "#!/bin/sh\n# custodian-sync-hook\nsync.sh &\n";
    expect([hasForeignMarker(theirs), hasForeignMarker(withBlock(SCRIPT, "garden"))]).toEqual([true, false]);
    expect([hookState(theirs, "garden"), hookState(half, "garden"), hookState(SCRIPT, null)]).toEqual([
      "other_hook",
      "other_hook",
      "other_hook",
    ]);
  });

  test("keeps its words when they stand in the middle of a line", () => {
    const text = `#!/bin/sh\necho '${BLOCK_BEGIN}' '${BLOCK_END}'\n`;
    expect(isHalf(text)).toBe(false);
    expect(withoutBlock(text)).toBe(text);
  });
});

test("a slug that could end a quote or leave the path is none", () => {
  expect(["garden", "it-s-a.repo", "_x", "A1"].filter((slug) => !isHookSlug(slug))).toEqual([]);
  expect(["", ".", "..", "a b", "a'b", "a/b", "a\nb", "ä"].filter(isHookSlug)).toEqual([]);
});
