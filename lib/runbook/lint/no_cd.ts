// Every command runs from the toolkit's folder. One that goes elsewhere works for who pastes all of them, and for nobody who
// begins in the middle.
import { isCommand } from "../read_runbook.ts";
import { simpleCommands } from "../shell_words.ts";
import { RUNBOOK, type Rule } from "./rule.ts";

const GOES = new Set(["cd", "pushd", "popd"]);

export const noCd: Rule = {
  id: "no-cd",
  claim: "no block changes the folder",
  on: RUNBOOK,
  look: ({ blocks }) =>
    blocks
      .filter((block) => isCommand(block) && simpleCommands(block.text).some(([program = ""]) => GOES.has(program)))
      .map(({ line }) => ({ line, what: "it changes the folder", hint: "a path, or git -C" })),
};
