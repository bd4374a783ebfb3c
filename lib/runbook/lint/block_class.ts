// A block of an unknown class would be run, or not, by guessing; one in the wrong language is not coloured, or is taken for a
// command. So every block says both.
import type { Block } from "../read_runbook.ts";
import { RUNBOOKS_FOLDER, type Rule } from "./rule.ts";

const LANGUAGES: Readonly<Record<string, string>> = {
  run: "bash",
  plan: "bash",
  danger: "bash",
  output: "text",
  text: "text",
};
const CLASSES = Object.keys(LANGUAGES).join(", ");
const ATTRIBUTE = /^(class|name|confirm|when|exit)=\S+$/;

export const blockClass: Rule = {
  id: "block-class",
  claim: "every block has a known class, in the language that GitHub colours, and no attribute that nobody reads",
  on: RUNBOOKS_FOLDER,
  look: ({ blocks }) => blocks.flatMap((block) => whatIsWrong(block).map((wrong) => ({ line: block.line, ...wrong }))),
};

function whatIsWrong({ language, kind, attributes }: Block): { what: string; hint: string }[] {
  const wanted = LANGUAGES[kind];
  const unknown = attributes.filter((each) => !ATTRIBUTE.test(each));
  const keys = attributes.map((each) => each.split("=")[0] ?? "");
  const twice = keys.filter((key, at) => keys.indexOf(key) !== at);
  return [
    ...(kind === "" ? [{ what: "a block without a class", hint: "```bash class=run name=..., or another class" }] : []),
    ...(kind !== "" && wanted === undefined
      ? [{ what: `the class ${kind} is not known`, hint: `one of ${CLASSES}` }]
      : []),
    ...(wanted !== undefined && wanted !== language
      ? [
          {
            what: `class ${kind} in the language ${language || "that is not said"}`,
            hint: `\`\`\`${wanted} class=${kind}`,
          },
        ]
      : []),
    ...unknown.map((each) => ({
      what: `${each} is no attribute`,
      hint: "class=..., name=..., confirm=... for a danger, when=cleanup, exit=CODE",
    })),
    ...twice.map((key) => ({ what: `${key} is given twice`, hint: `one ${key}=` })),
  ];
}
