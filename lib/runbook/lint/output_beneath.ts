// What one should see stands directly beneath its command, under the command's name: elsewhere it is compared with another one.
import { isCommand } from "../read_runbook.ts";
import { RUNBOOK, type Rule } from "./rule.ts";

export const outputBeneath: Rule = {
  id: "output-beneath",
  claim: "every block of output stands beneath its command and has its name, with -output",
  on: RUNBOOK,
  look: ({ blocks }) =>
    blocks.flatMap(({ kind, name, line }, at) => {
      const before = blocks[at - 1];
      if (kind !== "output") return [];
      if (!(before && isCommand(before)))
        return [{ line, what: `no command stands above ${name}`, hint: "class=text" }];
      const wanted = `${before.name}-output`;
      return name === wanted ? [] : [{ line, what: `${name} stands beneath ${before.name}`, hint: `name=${wanted}` }];
    }),
};
