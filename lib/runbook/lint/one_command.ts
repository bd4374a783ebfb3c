// One block, one command: two that stand together are pasted together, and the second one runs whatever the first one said.
import { isCommand } from "../read_runbook.ts";
import { RUNBOOK, type Rule } from "./rule.ts";

export const oneCommand: Rule = {
  id: "one-command",
  claim: "every block that is pasted is one command on one line",
  on: RUNBOOK,
  look: ({ blocks }) =>
    blocks
      .filter(isCommand)
      .flatMap(({ line, text }) =>
        isOneCommand(text) ? [] : [{ line, what: whatIsThere(text), hint: "a block for each" }],
      ),
};

/** Nothing that joins or holds commands, outside of single quotes; what a process substitution reads is a part of its reader. */
function isOneCommand(text: string): boolean {
  const bare = text
    .trim()
    .replace(/'[^']*'/g, "Q")
    .replace(/[<>]&\d?/g, "");
  const unquoted = bare.replace(/"(?:\\[\s\S]|[^"\\])*"/g, "Q");
  return unquoted !== "" && !/[\n;|&]/.test(unquoted) && !/`|\$\(/.test(bare);
}

function whatIsThere(text: string): string {
  return text.trim() === "" ? "a block with nothing in it" : "more than one command";
}
