// --help, from the same definition that parses: it can be out of date only if the script is. Pleasant at 80 columns.
import type { Command, Paint, Script } from "./define_script.ts";
import { EXIT_CODES } from "./exit_codes.ts";
import { COMMON_FLAGS, type Flag, type FlagTable } from "./flags.ts";

const WIDTH = 80;
const ENVIRONMENT =
  "DATABASE_URL (or the word embedded), STATE_HUB_HOME, NO_COLOR and LOG_FORMAT=json are read; the README lists every variable. " +
  "Each secret may be given as a file: DATABASE_URL_FILE.";

export interface FlagRow {
  /** "--repo PATH|SLUG", "--[no-]strict" */
  readonly flag: string;
  /** The description, with range, choices and default. */
  readonly describe: string;
}

/** What --help and the README's tables say of a table of flags, row for row. */
export function flagRows(flags: FlagTable): FlagRow[] {
  return Object.entries(flags).map(([name, flag]) => ({ flag: flagLabel(name, flag), describe: describeFlag(flag) }));
}

/** Every command of a script with its rows ("" for a script without subcommands); the common flags are not in it. */
export function flagTableOf(script: Script): Readonly<Record<string, readonly FlagRow[]>> {
  return Object.fromEntries(script.commands.map(({ name, flags }) => [name, flagRows(flags ?? {})]));
}

/** @param commandName "" for the whole script */
export function helpText(script: Script, commandName: string, paint: Paint): string {
  const section = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : ["", paint.strong(title), ...lines];
  const shown = commandsShown(script, commandName);
  const single = shown.length === 1 ? shown[0] : undefined;
  const examples = commandName === "" ? allExamples(script) : (single?.examples ?? []);
  return [
    ...wrapped(`${[script.name, commandName].filter(Boolean).join(" ")}: ${single?.promise ?? script.promise}`, 0),
    ...section(
      "Usage",
      shown.flatMap((command) => usageLines(script, command)),
    ),
    ...section("Commands", single ? [] : pairs(shown.map((command) => [command.name || "(none)", command.promise]))),
    ...section("Arguments", pairs(positionalPairs(single))),
    ...section("Flags", pairs(single ? flagPairs(single.flags ?? {}) : [])),
    ...section("Common flags", pairs(flagPairs(COMMON_FLAGS))),
    ...section("Reads", list(script.reads)),
    ...section("Writes", list(script.writes)),
    ...section(
      "Examples",
      examples.flatMap(({ command, says }) => [`  ${paint.command(command)}`, ...wrapped(says, 6)]),
    ),
    ...section("Exit codes", pairs(EXIT_CODES.map(({ code, meaning }) => [String(code), meaning]))),
    ...section("Environment", wrapped(ENVIRONMENT, 2)),
    ...(single ? [] : ["", `scripts/${script.name} COMMAND --help shows the flags of one command.`]),
  ].join("\n");
}

/** The same as data, for --help --json. */
export function helpDocument(script: Script, commandName: string): Record<string, unknown> {
  const commands = commandsShown(script, commandName).map(({ name, promise, positional, flags, examples }) => ({
    name,
    promise,
    positional: positional ?? null,
    flags: flags ?? {},
    examples: examples ?? [],
  }));
  const { name, promise, reads, writes, examples } = script;
  return { name, promise, reads, writes, examples, commands, common_flags: COMMON_FLAGS, exit_codes: EXIT_CODES };
}

/** The toolkit's version: one number for all scripts, from package.json. */
export async function versionOf(): Promise<string> {
  const { version } = (await Bun.file(new URL("../../package.json", import.meta.url)).json()) as { version: string };
  return version;
}

/** "scripts/x.ts (--repo PATH|SLUG | --all) [--days N]", broken between words that belong together. */
export function usageLines(script: Script, command: Command): string[] {
  const grouped = new Set(command.exactlyOneOf?.flat());
  const flags = Object.entries(command.flags ?? {});
  const label = (name: string) => flagLabel(name, command.flags?.[name]);
  const words = [
    ...(command.exactlyOneOf ?? []).map((group) => `(${group.map(label).join(" | ")})`),
    ...flags
      .filter(([name]) => !grouped.has(name))
      .map(([name, flag]) => (isRequired(flag) ? label(name) : `[${label(name)}]`)),
    ...(command.positional ? [positionalLabel(command)] : []),
  ];
  const start = `  ${["scripts/".concat(script.name), command.name].filter(Boolean).join(" ")}`;
  return fill(start, words, " ".repeat(6));
}

function commandsShown(script: Script, name: string): readonly Command[] {
  const chosen = script.commands.filter((command) => command.name === name);
  return name === "" && script.commands.length > 1 ? script.commands : chosen.length > 0 ? chosen : script.commands;
}

function allExamples(script: Script) {
  return script.examples.length > 0 ? script.examples : script.commands.flatMap(({ examples }) => examples ?? []);
}

function isRequired(flag: Flag): boolean {
  return flag.kind !== "boolean" && flag.required === true;
}

function flagLabel(name: string, flag: Flag | undefined): string {
  if (flag === undefined || flag.kind === "boolean") return flag?.negatable ? `--[no-]${name}` : `--${name}`;
  return `--${name} ${flag.placeholder ?? (flag.kind === "integer" ? "N" : name.toUpperCase().replaceAll("-", "_"))}`;
}

function describeFlag(flag: Flag): string {
  if (flag.kind === "boolean") return flag.describe;
  const facts = [
    ...(flag.kind === "choice" ? [flag.choices.join(", ")] : []),
    ...(flag.kind === "integer" ? rangeOf(flag) : []),
    ...(flag.required ? ["required"] : []),
    ...(flag.default === undefined ? [] : [`default ${flag.default}`]),
  ];
  return facts.length === 0 ? flag.describe : `${flag.describe} (${facts.join("; ")})`;
}

function rangeOf({ min, max }: { readonly min?: number; readonly max?: number }): string[] {
  if (max !== undefined) return [`${min ?? 0} to ${max}`];
  return min === undefined ? [] : [`${min} or more`];
}

function positionalLabel({ positional }: Command): string {
  if (!positional) return "";
  const label = positional.name.toUpperCase() + (positional.many ? "..." : "");
  return positional.required ? label : `[${label}]`;
}

function positionalPairs(command: Command | undefined): [string, string][] {
  return command?.positional ? [[positionalLabel(command), command.positional.describe]] : [];
}

function flagPairs(flags: FlagTable): [string, string][] {
  return flagRows(flags).map(({ flag, describe }) => [flag, describe]);
}

function list(items: readonly string[]): string[] {
  return (items.length === 0 ? ["nothing"] : items).flatMap((item) => wrapped(item, 2));
}

/** Two columns; a left side that is too long stands on a line of its own. */
function pairs(rows: readonly (readonly [string, string])[]): string[] {
  const left = Math.min(26, Math.max(0, ...rows.map(([name]) => name.length)));
  const indent = " ".repeat(left + 4);
  return rows.flatMap(([name, text]) => {
    const [first = "", ...more] = fill("", text.split(" "), "", WIDTH - indent.length);
    const head = name.length > left ? [`  ${name}`, indent + first] : [`  ${name.padEnd(left)}  ${first}`];
    return [...head, ...more.map((line) => indent + line)];
  });
}

function wrapped(text: string, indent: number): string[] {
  const space = " ".repeat(indent);
  return fill("", text.split(" "), "", WIDTH - indent).map((line) => space + line);
}

function fill(start: string, words: readonly string[], indent: string, width = WIDTH): string[] {
  const lines: string[] = [];
  let line = start;
  for (const word of words) {
    const longer = line.trim() === "" ? line + word : `${line} ${word}`;
    if (longer.length > width && line.trim() !== "") {
      lines.push(line);
      line = indent + word;
    } else {
      line = longer;
    }
  }
  return [...lines, line];
}
