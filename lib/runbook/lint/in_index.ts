// A runbook is looked for by what one sees. One that the index does not lead to is found by who wrote it.
import { basename } from "node:path";
import { RUNBOOK, type Rule } from "./rule.ts";

export const inIndex: Rule = {
  id: "in-index",
  claim: "the index leads to every runbook by a symptom",
  on: RUNBOOK,
  look: ({ file }, { pages }) => {
    const index = pages.find(({ kind }) => kind === "index");
    const name = basename(file);
    if (index?.links.some((link) => link.file === name)) return [];
    const row = `a row in runbooks/README.md that links to ${name}`;
    return [{ line: 1, what: index ? "the index does not lead here" : "there is no index", hint: row }];
  },
};
