// Who lets a danger run says so by a word of the command itself: `confirm=remove`. A word that is always the same ("yes") is
// typed without reading.
import type { Block } from "../read_runbook.ts";
import { RUNBOOKS_FOLDER, type Rule } from "./rule.ts";

export const confirm: Rule = {
  id: "confirm",
  claim: "every danger names the word of its command that confirms it, and no other block does",
  on: RUNBOOKS_FOLDER,
  look: ({ blocks }) =>
    blocks.flatMap((block) => {
      const wrong = whatIsWrong(block);
      return wrong === null ? [] : [{ line: block.line, ...wrong }];
    }),
};

function whatIsWrong({ kind, confirm: word, text }: Block): { what: string; hint: string } | null {
  if (kind !== "danger")
    return word === "" ? null : { what: `class ${kind} with confirm=${word}`, hint: "class=danger" };
  const hint = "confirm=WORD, a word of the command that says what is dangerous about it";
  if (word === "") return { what: "a danger that nothing confirms", hint };
  if (!/^[a-z][a-z0-9-]*$/.test(word)) return { what: `confirm=${word}`, hint: `${hint}, in small letters` };
  return new RegExp(`(?<![\\w])${word}(?![\\w])`, "i").test(text)
    ? null
    : { what: `confirm=${word}, and the command has no such word`, hint };
}
