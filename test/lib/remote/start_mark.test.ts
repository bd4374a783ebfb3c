// Where a script's own output begins, however the bytes arrive.
import { describe, expect, test } from "bun:test";
import { markedOutput } from "../../../lib/remote/start_mark.ts";

const MARK = "on-host-1";
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");

function taken(chunks: readonly string[]) {
  const marked = markedOutput(MARK);
  const out = chunks.map((chunk) => text(marked.take(Buffer.from(chunk, "latin1")))).join("");
  return { out, word: marked.word(), before: text(marked.before()) };
}

describe("markedOutput()", () => {
  const WHOLE = `hello\n${MARK} 4711\nfirst\xff\n${MARK} 12\n`;
  const EXPECTED = { out: `first\xff\n${MARK} 12\n`, word: 4711, before: "hello\n" };

  test("cuts at the first mark, and takes a second one for the script's", () => {
    expect(taken([WHOLE])).toEqual(EXPECTED);
  });

  test("does so wherever the bytes are parted", () => {
    for (let at = 1; at < WHOLE.length; at++) expect(taken([WHOLE.slice(0, at), WHOLE.slice(at)])).toEqual(EXPECTED);
    expect(taken([...WHOLE])).toEqual(EXPECTED);
  });

  test("knows a script that is missing", () => {
    expect(taken([`${MARK} missing\n`])).toEqual({ out: "", word: "missing", before: "" });
  });

  test("a command that gives back what it is told is no start", () => {
    const back = `|| { echo ${MARK} missing; exit 127; }\necho ${MARK} $$\n`;
    expect(taken([back])).toEqual({ out: "", word: null, before: back });
  });

  test("gives nothing out before the mark", () => {
    expect(taken(["hello\n", `${MARK} 47`])).toEqual({ out: "", word: null, before: `hello\n${MARK} 47` });
  });

  test("holds no more than the last of what comes without one, and knows it after that", () => {
    const marked = markedOutput(MARK);
    for (let count = 0; count < 100; count++) marked.take(Buffer.alloc(10_000, 120));
    expect(marked.before().length).toBeLessThanOrEqual(64 * 1024);
    expect(text(marked.take(Buffer.from(`\n${MARK} 7\nown`)))).toBe("own");
    expect(marked.word()).toBe(7);
  });
});
