// Splitting as a shell does, compared with what bash itself makes of the same text.
import { expect, test } from "bun:test";
import { expansionsIn, simpleCommands } from "../../../lib/runbook/shell_words.ts";

test.each([
  ["a b  c", [["a", "b", "c"]]],
  ["a 'b c' \"d e\" f\\ g", [["a", "b c", "d e", "f g"]]],
  [`a '{"x":"'"\${X:?}"'"}'`, [["a", `{"x":"\${X:?}"}`]]],
  ["a && b || c; d | e & f\ng", [["a"], ["b"], ["c"], ["d"], ["e"], ["f"], ["g"]]],
  ["A=1 B='2 3' a --x=y", [["A=1", "B=2 3", "a", "--x=y"]]],
  ["a > out 2>> err < in b", [["a", "b"]]],
  ["a 2>&1 b", [["a", "b"]]],
  [
    "grep x <(curl -s y) z",
    [
      ["curl", "-s", "y"],
      ["grep", "x", "/dev/fd/63", "z"],
    ],
  ],
  ["a \\\n  b # c d", [["a", "b"]]],
  ["a#b '#c'", [["a#b", "#c"]]],
  ["a <slug> <plan-id>", [["a", "<slug>", "<plan-id>"]]],
  ["a --apply <PLAN_2> b", [["a", "--apply", "<PLAN_2>", "b"]]],
  ["it's not closed", [["it's", "not", "closed"]]],
  ["", []],
])("simpleCommands(%j)", (text, wanted) => {
  expect(simpleCommands(text)).toEqual(wanted);
});

test("simpleCommands() splits words where bash does", () => {
  for (const text of [`a 'b  c'"d e"f\\ g  "h \\"i"`, "x --y='1 2' ''", "a\\'b 'c\\' d", '"a\'b" c']) {
    const asked = Bun.spawnSync(["bash", "-c", `printf '%s\\0' ${text}`]).stdout.toString();
    const words = simpleCommands(text)[0]?.map((word) => word.replaceAll('\\"', '"'));
    expect(words).toEqual(asked.split("\0").slice(0, -1));
  }
});

test("expansionsIn() names variables and how they are quoted, those in single quotes and escaped ones left out", () => {
  const found = expansionsIn(`a $B \${C:?} "\${D:-x} $E" '$F' \\$G "\\$H" "$1" $? \${#I}`);
  expect(found.map(({ text, name, inQuotes }) => [text, name, inQuotes])).toEqual([
    ["$B", "B", false],
    [`\${C:?}`, "C", false],
    [`\${D:-x}`, "D", true],
    ["$E", "E", true],
    [`\${#I}`, "I", false],
  ]);
});
