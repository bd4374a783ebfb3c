// A block is run, quoted and shown by its name: one that is missing or stands twice names nothing.
import { RUNBOOKS_FOLDER, type Rule } from "./rule.ts";

export const blockName: Rule = {
  id: "block-name",
  claim: "every block has a name of its own on its page, of small letters, digits and dashes",
  on: RUNBOOKS_FOLDER,
  look: ({ blocks }) =>
    blocks.flatMap(({ name, line }, at) => {
      const first = blocks.findIndex((block) => block.name === name);
      if (name === "") return [{ line, what: "a block without a name", hint: "name=what-it-does" }];
      if (!/^[a-z][a-z0-9-]*$/.test(name))
        return [{ line, what: `the name ${name}`, hint: "name=small-letters-and-dashes" }];
      if (first === at) return [];
      return [
        { line, what: `${name} is the name of the block in line ${blocks[first]?.line} too`, hint: "another name" },
      ];
    }),
};
