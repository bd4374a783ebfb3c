// What a run reads of a block: when it is run, and what it should end with. A clean-up that waits for a value which only a
// block before it shows cannot run when that block has failed, and that is when it is needed.
import { namesIn } from "../expected_output.ts";
import { type Block, isCommand } from "../read_runbook.ts";
import { neededBy } from "../run/plan_run.ts";
import { type Offence, RUNBOOK, type Rule } from "./rule.ts";

export const runAttributes: Rule = {
  id: "run-attributes",
  claim: "only a command says when=cleanup or exit=CODE, and no clean-up needs what another block shows",
  on: RUNBOOK,
  look: ({ blocks }) => {
    const shown = new Set(blocks.filter(({ kind }) => kind === "output").flatMap(({ text }) => namesIn(text)));
    return blocks.flatMap((block) => whatIsWrong(block, shown).map((wrong) => ({ line: block.line, ...wrong })));
  },
};

function whatIsWrong(block: Block, shown: ReadonlySet<string>): Omit<Offence, "line">[] {
  const { when, exit, kind } = block;
  if (!isCommand(block)) {
    const given = [when && `when=${when}`, exit && `exit=${exit}`].filter((each) => each !== "");
    return given.map((each) => ({ what: `class ${kind} with ${each}`, hint: "a block that is run has it" }));
  }
  const waits = when === "cleanup" ? neededBy(block).filter((name) => shown.has(name)) : [];
  return [
    ...(when === "" || when === "cleanup" ? [] : [{ what: `when=${when}`, hint: "when=cleanup, or nothing" }]),
    ...(exit === "" || isExitCode(exit) ? [] : [{ what: `exit=${exit}`, hint: "exit=1 to exit=255, or nothing" }]),
    ...waits.map((name) => ({ what: `it needs ${name}, which a block shows`, hint: "a value that is set beforehand" })),
  ];
}

function isExitCode(text: string): boolean {
  return /^[1-9]\d{0,2}$/.test(text) && Number(text) <= 255;
}
