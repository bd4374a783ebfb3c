// The README's tables of scripts, commands and flags, made of what parses them: a row cannot promise what no script keeps. (pure)
import type { Command, Script } from "../../lib/cli/define_script.ts";
import type { Flag, FlagTable } from "../../lib/cli/flags.ts";
import { flagRows } from "../../lib/cli/help.ts";

const BEGIN = "<!-- made by test/write_script_table.ts -->";
const END = "<!-- end -->";

/** @returns the README with its tables as they should be. @throws Error when it has no place for them */
export function withScriptTables(readme: string, scripts: readonly Script[]): string {
  const [from, to] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`The README has no ${BEGIN} ... ${END}`);
  return `${readme.slice(0, from + BEGIN.length)}\n\n${scriptTables(scripts)}\n${readme.slice(to)}`;
}

function scriptTables(scripts: readonly Script[]): string {
  return [
    ...table(
      ["script", "does"],
      scripts.map(({ name, promise }) => [`[${name}](scripts/${name})`, promise]),
    ),
    "",
    "<details><summary>Every command and its flags</summary>",
    "",
    ...table(["command", "does", "flags"], scripts.flatMap(commandRows)),
    "",
    "</details>",
    "",
  ].join("\n");
}

/** What must be typed stands in the first cell, what may be in the last. */
function commandRows({ name: script, commands }: Script): string[][] {
  return commands.map((command) => {
    const { name, promise, positional, flags = {} } = command;
    const [required, optional] = [true, false].map((wanted) => labelsOf(flags, wanted));
    const words = [`scripts/${script}`, name, ...(required ?? []), positional ? positionalOf(command) : ""];
    return [`\`${words.filter(Boolean).join(" ")}\``, promise, (optional ?? []).map((flag) => `\`${flag}\``).join(" ")];
  });
}

function labelsOf(flags: FlagTable, wanted: boolean): string[] {
  const isRequired = (flag: Flag) => flag.kind !== "boolean" && flag.required === true;
  const chosen = Object.entries(flags).filter(([, flag]) => isRequired(flag) === wanted);
  return flagRows(Object.fromEntries(chosen)).map(({ flag }) => flag);
}

function positionalOf({ positional }: Command): string {
  const word = `${positional?.name.toUpperCase()}${positional?.many ? "..." : ""}`;
  return positional?.required ? word : `[${word}]`;
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(titles), `|${titles.map(() => "---|").join("")}`, ...rows.map(line)];
}
