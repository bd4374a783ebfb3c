// Pages as GitHub renders them, and the line of everything in them.
import { expect, test } from "bun:test";
import { parseRunbook } from "../../../lib/runbook/read_runbook.ts";

const lines = (...each: readonly string[]) => parseRunbook("page.md", `${each.join("\n")}\n`);

test("parseRunbook() gives headings the anchors that GitHub gives them", () => {
  const { headings } = lines("# C-00: `the run`, it_self", "", "Look", "----", "", "## Look", "", "###  Größe & Co.");
  expect(headings).toEqual([
    { level: 1, text: "C-00: the run, it_self", anchor: "c-00-the-run-it_self", line: 1 },
    { level: 2, text: "Look", anchor: "look", line: 3 },
    { level: 2, text: "Look", anchor: "look-1", line: 6 },
    { level: 3, text: "Größe & Co.", anchor: "größe--co", line: 8 },
  ]);
});

test("parseRunbook() reads a fence with all of its attributes, also in a list, and an indented block as one without", () => {
  const { blocks } = lines(
    "## Do",
    "- so:",
    "  ```bash class=danger name=dig confirm=rm when=cleanup exit=3",
    "  rm x",
    "  ```",
    "",
    "text",
    "",
    "    indented",
  );
  expect(blocks).toEqual([
    {
      language: "bash",
      kind: "danger",
      name: "dig",
      confirm: "rm",
      when: "cleanup",
      exit: "3",
      attributes: ["class=danger", "name=dig", "confirm=rm", "when=cleanup", "exit=3"],
      text: "rm x\n",
      line: 3,
      section: "Do",
    },
    expect.objectContaining({ language: "", kind: "", name: "", text: "indented\n", line: 9 }),
  ]);
});

test("parseRunbook() takes nothing from within a fence for a heading, a link or a table", () => {
  const page = lines("````text class=text name=a", "# no", "[no](no.md) `no`", "```bash", "| a |", "|---|", "````");
  expect([page.headings, page.links, page.codes, page.rows, page.blocks.length]).toEqual([[], [], [], [], 1]);
});

test("parseRunbook() knows the line of code and links within a paragraph, a table and a list", () => {
  const page = lines(
    "one `a`",
    "two `a` and [`b`](c.md#d) [web](https://example.org/x)",
    "three ![](p.png) `long",
    "code` `e`",
    "",
    "| x | y |",
    "|---|---|",
    "| `f` | [g](#g) |",
    "",
    "- `h`",
  );
  expect(page.codes.map(({ text, line }) => [text, line])).toEqual([
    ["a", 1],
    ["a", 2],
    ["b", 2],
    ["long code", 3],
    ["e", 4],
    ["f", 8],
    ["h", 10],
  ]);
  expect(page.links).toEqual([
    { file: "c.md", anchor: "d", line: 2 },
    { file: "p.png", anchor: null, line: 3 },
    { file: "", anchor: "g", line: 8 },
  ]);
});

test("parseRunbook() gives a table's rows with their titles and section, cells as they are written", () => {
  const { rows } = lines("## If it refuses", "| it says | do |", "|---|---|", "| `a \\| b` | **c** |");
  expect(rows).toEqual([{ section: "If it refuses", titles: ["it says", "do"], cells: ["`a | b`", "**c**"] }]);
});
