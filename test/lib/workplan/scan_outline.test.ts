import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { lineIndex } from "../../../lib/front_matter/line_index.ts";
import { markdownOutline } from "../../../lib/workplan/markdown_outline.ts";
import { scanOutline } from "../../../lib/workplan/scan_outline.ts";

const read = (text: string) => markdownOutline(text, 0, lineIndex(text));

const line = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("```task", "```", "~~~task", "~~~", "````task", "````", "id: x", "") },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      "prose",
      "# Heading",
      "## T01 — x ##",
      "---",
      "===",
      "- item",
      "  more",
      "> quote",
      "1. one",
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "<!--",
      "-->",
      "<!-- x -->",
      "<!-->",
      "<!--->",
      "<div>",
      "</div>",
      "<https://a.b>",
      "a <!--",
      "<a",
      "<?x",
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "```task attr",
      "``` task {a=b}",
      "```tasks",
      "```bash",
      "```a`b",
      "`` x ``",
      "~~~ task ~ `",
      "~~ x",
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "- ```task",
      "> ```task",
      "  ```task",
      "    ```task",
      "\t```task",
      "1. ~~~task",
      "   ```",
      "    ```",
      "``` ",
      "```\t",
      "```x",
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "[a]: /url",
      "[a]:",
      "'title",
      "[a]: /u 'x",
      "***",
      "* * *",
      "-",
      "+",
      "--",
      "=",
      " ---",
      " # h",
      "#",
      "#x",
      "####### x",
      "# #",
      "\t",
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: fc.constantFrom(..."`~<!->#=* \t1.)ab[]:".split("")), maxLength: 8 }) },
);
const body = fc
  .tuple(fc.array(line, { maxLength: 12 }), fc.constantFrom("\n", "\r\n"), fc.boolean())
  .map(([lines, eol, ended]) => lines.join(eol) + (ended ? eol : ""));

describe("scanOutline()", () => {
  test("scanOutline() finds what markdown-it finds in every document that it claims", () => {
    let claimed = 0;
    fc.assert(
      fc.property(body, (text) => {
        const scanned = scanOutline(text, 0);
        if (scanned === null) return;
        claimed++;
        const withoutSpan = (fences: ReturnType<typeof read>) =>
          fences.map(({ heading, ...fence }) => ({
            ...fence,
            heading: heading?.text ?? null,
            at: heading?.start ?? null,
          }));
        expect(withoutSpan(scanned)).toEqual(withoutSpan(read(text)));
      }),
      { numRuns: 4000 },
    );
    expect(claimed).toBeGreaterThan(400);
  });

  test("scanOutline() claims the document that people write", () => {
    const text =
      "# Plan\n\nProse\nof two lines.\n\n- a list\n  of two lines\n\n---\n\n### T01 — Do\n\n```task\nid: x\n```\n\n<!--\n```task\n-->\n";
    expect(scanOutline(text, 0)?.map(({ kind, closed }) => ({ kind, closed }))).toEqual([
      { kind: "task", closed: true },
    ]);
  });

  test("scanOutline() leaves indented and contained fences, other HTML and setext headings to markdown-it", () => {
    for (const text of [
      "- ```task\n",
      "> ```task\n",
      "  ```task\n",
      "1. ~~~\n",
      "<div>\n",
      "Title\n---\n",
      "Title\n===\n",
      " <!-- x\n",
    ]) {
      expect(scanOutline(text, 0)).toBeNull();
    }
  });
});
