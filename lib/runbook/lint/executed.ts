// A command that nobody has run since it was written is a guess. Each has been executed by a test, as it stands on its page;
// the tests keep the record (RECORD_EXECUTED=1).
import { blockDigest, readExecuted } from "../executed_blocks.ts";
import { isCommand } from "../read_runbook.ts";
import { RUNBOOK, type Rule } from "./rule.ts";

const HINT = "RECORD_EXECUTED=1 npm test -- the test that runs this page";

export const executed: Rule = {
  id: "executed",
  claim: "a run has executed every block that is pasted, as it stands, with what the page shows beneath it",
  on: RUNBOOK,
  look: (page, { root }) => {
    const record = readExecuted(root, page.file);
    const commands = page.blocks.filter(isCommand);
    // Two of one name are one problem, and not this one.
    const alone = commands.filter(({ name }) => commands.filter((each) => each.name === name).length === 1);
    return alone.flatMap((block) => {
      const known = record[block.name];
      if (known?.digest === blockDigest(page, block)) return [];
      const what = known === undefined ? "no run has executed it" : "it was changed since a run has executed it";
      return [{ line: block.line, what: `${block.name}: ${what}`, hint: HINT }];
    });
  },
};
