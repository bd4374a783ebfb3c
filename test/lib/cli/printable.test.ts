import { describe, expect, test } from "bun:test";
import { paintFor } from "../../../lib/cli/paint.ts";
import { printable, printableBlock, printableCell } from "../../../lib/cli/printable.ts";

describe("printable() shows", () => {
  const table: [name: string, text: string, shown: string][] = [
    ["a newline", "a\nb", "a\\nb"],
    ["a carriage return and a tab", "a\r\tb", "a\\r\\tb"],
    ["an escape sequence", "\x1b[2J", "\\x1b[2J"],
    ["a C1 control, which some terminals obey", "\x9b2J", "\\x9b2J"],
    ["a bell, a NUL and DEL", "\x07\0\x7f", "\\x07\\0\\x7f"],
    ["a mark that turns the text around", "a\u202eb", "a\\u202eb"],
    ["a space without width", "a\u200bb", "a\\u200bb"],
    ["letters of any script as they are", "Grüße 日本 👍", "Grüße 日本 👍"],
  ];
  test.each(table)("%s", (_name, text, shown) => expect(printable(text)).toBe(shown));
});

test("printableBlock() keeps lines and tabs, and colours only where there is colour", () => {
  const text = "a\n\tb \x1b[31mc\x1b[39m \x1b[2J";
  expect(printableBlock(text, true)).toBe("a\n\tb \x1b[31mc\x1b[39m \\x1b[2J");
  expect(printableBlock(text, false)).toBe("a\n\tb \\x1b[31mc\\x1b[39m \\x1b[2J");
});

test("printableCell() lets every colour of Paint through", async () => {
  for (const paint of Object.values(await paintFor(true))) {
    const painted = paint("x");
    expect(painted).toContain("\x1b");
    expect(printableCell(painted, true)).toBe(painted);
  }
});
