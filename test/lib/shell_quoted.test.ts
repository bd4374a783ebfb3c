// Against a real shell: what it reads back is the word, and nothing in the word ran.
import { describe, expect, test } from "bun:test";
import { environmentForPrograms } from "../../lib/config.ts";
import { shellQuoted } from "../../lib/shell_quoted.ts";

const WORDS = [
  "plain-1.2/path_x",
  "x$(exit 7); y",
  "`exit 7`",
  "with 'single' and \"double\" quotes",
  "$& and $1 and \\",
  "a & b | c > d # e",
  "~root",
  "* ? [a]",
  "",
  "two\nlines\tand \u001b[31mred",
  "it's\non \\two\n lines",
  "right \u202e to left",
  "Übung 日本",
];

describe("shellQuoted()", () => {
  test.each(WORDS)("gives a word that bash reads back as it was: %j", (word) => {
    const { exitCode, stdout } = Bun.spawnSync(["bash", "-c", `printf %s ${shellQuoted(word)}`], {
      env: environmentForPrograms(),
    });
    expect({ exitCode, text: stdout.toString() }).toEqual({ exitCode: 0, text: word });
  });

  test("stays on one line that shows everything in it", () => {
    for (const word of WORDS) expect(shellQuoted(word)).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
  });

  test("leaves alone what needs no quotes", () => {
    expect(shellQuoted("STATE-WP-0064-T01")).toBe("STATE-WP-0064-T01");
  });
});
