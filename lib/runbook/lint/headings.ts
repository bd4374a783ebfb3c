// Who has read one runbook finds his way in every other: the same headings, in the same order.
import { RUNBOOK, type Rule } from "./rule.ts";

export const HEADINGS = [
  "When to open this",
  "Before you start",
  "Look",
  "Do",
  "How you know it worked",
  "How to go back",
  "If it refuses",
  "Last rehearsed",
] as const;

export const headings: Rule = {
  id: "headings",
  claim: `every runbook has a title and the headings ${HEADINGS.join(" · ")}, in this order`,
  on: RUNBOOK,
  look: (page) => {
    const titles = page.headings.filter(({ level }) => level === 1);
    const found = page.headings.filter(({ level }) => level === 2);
    const at = HEADINGS.findIndex((heading, index) => found[index]?.text !== heading);
    const wrong = found[at === -1 ? HEADINGS.length : at];
    const wanted = at === -1 ? "no other heading of level two" : `## ${HEADINGS[at]}`;
    return [
      ...(titles.length === 1 ? [] : [{ line: 1, what: `${titles.length} titles`, hint: "one # heading, at the top" }]),
      ...(at === -1 && wrong === undefined
        ? []
        : [
            {
              line: wrong?.line ?? lineCount(page.text),
              what: `${wrong?.text ?? "the end"} stands here`,
              hint: wanted,
            },
          ]),
    ];
  },
};

function lineCount(text: string): number {
  return text.trimEnd().split("\n").length;
}
