// A command of the toolkit is checked by the flag table of its own script, without running it: a flag that was renamed is
// found in the page that still names the old one.
import { statSync } from "node:fs";
import { join } from "node:path";
import type { Script } from "../../cli/define_script.ts";
import type { Flag } from "../../cli/flags.ts";
import { parseArguments } from "../../cli/parse_arguments.ts";
import { describeFailure, OpsFailure } from "../../failure.ts";
import { type ToolkitCommand, toolkitCommandsIn } from "../toolkit_commands.ts";
import { EVERY_PAGE, type LintContext, type Rule } from "./rule.ts";

export const acceptedCommands: Rule = {
  id: "toolkit-command",
  claim: "every command of the toolkit, in blocks, tables and text, is accepted by its script's own flag table",
  on: EVERY_PAGE,
  look: async (page, context) => {
    const commands = toolkitCommandsIn(page);
    const wrong = await Promise.all(commands.map((command) => whatIsWrong(command, context)));
    return commands.flatMap(({ line }, at) => (wrong[at] ? [{ line, ...wrong[at] }] : []));
  },
};

async function whatIsWrong(command: ToolkitCommand, context: LintContext) {
  const name = `scripts/${command.script}`;
  const mode = statSync(join(context.root, name), { throwIfNoEntry: false })?.mode;
  if (mode === undefined) return { what: `there is no ${name}`, hint: "ls scripts/" };
  if ((mode & 0o111) === 0) return { what: `${name} has no run bit`, hint: `chmod +x ${name}` };
  if (command.isName) return null;
  const script = await context.scriptNamed(command.script);
  return script === null ? null : refusalOf(script, command.argv);
}

/** Parsing runs nothing. */
function refusalOf(script: Script, argv: readonly string[]): { what: string; hint: string } | null {
  try {
    parseArguments(script, filledIn(script, argv));
    return null;
  } catch (error) {
    const what = `${[`scripts/${script.name}`, ...argv].join(" ")}: ${observedOf(error)}`;
    const hint = error instanceof OpsFailure ? error.hint : undefined;
    return { what, hint: hint ?? `scripts/${script.name} --help` };
  }
}

function observedOf(error: unknown): string {
  const { observed, expected } = error instanceof OpsFailure ? error : {};
  return observed === undefined ? describeFailure(error) : `${observed}${expected ? `, wanted ${expected}` : ""}`;
}

// `"${NAME:?}"`, `<name>` and NAME.
const LEFT_OPEN = /^(\$\{?\w.*|<.*>|[A-Z][A-Z0-9_]*)$/;

/** What the reader fills in is a word to most flags; a number or a choice gets a value that its flag takes. */
function filledIn(script: Script, argv: readonly string[]): string[] {
  return argv.map((word, at) => {
    const [, joined, value] = /^--([\w-]+)=(.*)$/.exec(word) ?? [];
    if (joined !== undefined)
      return LEFT_OPEN.test(value ?? "") ? `--${joined}=${sampleOf(script, joined, value)}` : word;
    const before = /^--([\w-]+)$/.exec(argv[at - 1] ?? "")?.[1];
    return before !== undefined && LEFT_OPEN.test(word) ? String(sampleOf(script, before, word)) : word;
  });
}

function sampleOf(script: Script, name: string, written: string | undefined): string | number {
  const flag: Flag | undefined = script.commands.map(({ flags }) => flags?.[name]).find((each) => each !== undefined);
  if (flag?.kind === "integer") return flag.default ?? flag.min ?? 0;
  if (flag?.kind === "choice") return flag.default ?? flag.choices[0] ?? "";
  return written ?? "";
}
