// What the reader has to fill in has one form, `"${NAME:?}"`: the command stops when it is not set. Any other form runs, with
// nothing in its place.
import { type Block, isCommand } from "../read_runbook.ts";
import { expansionsIn, simpleCommands } from "../shell_words.ts";
import { RUNBOOK, type Rule } from "./rule.ts";

/** Every shell has them. */
const ALWAYS_SET = new Set(["HOME", "PWD", "UID"]);
const SAY = 'a line "export NAME=..." in "Before you start", or a sentence';
const HINT = `"\${NAME:?}", in double quotes, and the name in "Before you start"`;

export const placeholders: Rule = {
  id: "placeholder",
  claim: `what is to be filled in is written as "\${NAME:?}", and said elsewhere on the page, or has its default: "\${NAME:-default}"`,
  on: RUNBOOK,
  look: ({ blocks, text }) => {
    const commands = blocks.filter(isCommand);
    const rest = commands.reduce((left, block) => left.replaceAll(block.text, ""), text);
    return commands.flatMap((block) => [
      ...wrongIn(block).map((what) => ({ line: block.line, what, hint: HINT })),
      ...unsaid(block, rest).map((name) => ({ line: block.line, what: `nothing says what ${name} is`, hint: SAY })),
    ]);
  },
};

function wrongIn({ text }: Block): string[] {
  const variables = expansionsIn(text).filter(({ name }) => !ALWAYS_SET.has(name));
  const open = variables.filter((each) => !/^\$\{\w+:(\?|-[^}])/.test(each.text));
  const bare = variables.filter((each) => !each.inQuotes && !open.includes(each));
  const words = simpleCommands(text).flat();
  const meant = words.filter((word) => /^<[a-z][\w -]*>$|(^|[^.])\.\.\.$|…/.test(word));
  return [
    ...open.map((each) => `${each.text} may be empty`),
    ...bare.map((each) => `${each.text} stands outside of double quotes`),
    ...meant.map((word) => `${word} is no word that can be pasted`),
  ];
}

function unsaid({ text }: Block, rest: string): string[] {
  const asked = expansionsIn(text).filter((each) => each.text.includes(":?"));
  return [...new Set(asked.map(({ name }) => name))].filter((name) => !new RegExp(`\\b${name}\\b`).test(rest));
}
