// From argv to a command and its typed arguments. yargs reads the words; the guard before it and the values after it
// refuse what yargs would let through. Only the parser of yargs is loaded: its front end reads locale files, prints a
// blank line on stdout for a wrong flag and exits on its own.
import { Parser } from "yargs/helpers";
import { usageFailure } from "../failure.ts";
import { flagTokens, type GuardContext, guardArgv, isFlagToken, refusal } from "./argv_guard.ts";
import type { Command, Script } from "./define_script.ts";
import { didYouMean } from "./did_you_mean.ts";
import { flagValue } from "./flag_values.ts";
import { type ArgumentValue, COMMON_FLAGS, type FlagTable } from "./flags.ts";

export interface ParsedArguments {
  /** What was asked for: --help and --version win over everything else. */
  readonly wants: "run" | "help" | "version";
  /** The command's name, "" for a script without subcommands (and for the help of the whole script). */
  readonly command: string;
  readonly args: Readonly<Record<string, ArgumentValue>>;
  readonly common: { readonly json: boolean; readonly quiet: boolean; readonly debug: boolean };
}

const YARGS_CONFIGURATION = {
  "boolean-negation": true,
  "camel-case-expansion": false,
  "dot-notation": false,
  "parse-numbers": false,
  "parse-positional-numbers": false,
  "populate--": true,
  "short-option-groups": false,
};

/**
 * Reads argv against a script without running it.
 * @throws OpsFailure (usage) with the reason and what to type
 */
export function parseArguments(script: Script, given: readonly string[]): ParsedArguments {
  const argv = withVerbatimApart(script, given);
  const tokens = flagTokens(argv).map(([, token]) => token);
  const common = {
    json: tokens.includes("--json"),
    quiet: tokens.includes("--quiet"),
    debug: tokens.includes("--debug"),
  };
  const wantsHelp = tokens.includes("--help") || tokens.includes("-h");
  if (!wantsHelp && tokens.includes("--version")) return { wants: "version", command: "", args: {}, common };
  const { command, rest } = chooseCommand(script, argv, wantsHelp);
  if (wantsHelp || !command) return { wants: "help", command: command?.name ?? "", args: {}, common };
  return { wants: "run", command: command.name, args: argumentsOf(script, command, rest), common };
}

/**
 * All flags that were given, in their order. Those for another program are among them, up to a "--" of its own: who asked that
 * program for JSON gets ours where it could not be started.
 */
export function flagsGiven(script: Script, given: readonly string[]): string[] {
  const argv = withVerbatimApart(script, given);
  const end = argv.indexOf("--");
  const words = isVerbatim(script) && end !== -1 ? argv.slice(end + 1) : [];
  // A "--" behind the first word only parts it from the others.
  const theirs = words[1] === "--" ? words.toSpliced(1, 1) : words;
  return [...flagTokens(argv), ...flagTokens(theirs)].map(([, token]) => token);
}

function isVerbatim({ commands: [only, ...more] }: Script): boolean {
  return only?.positional?.verbatim === true && more.length === 0;
}

/** Of a script whose words are for another program: they stand behind "--", as if it had been typed. */
function withVerbatimApart(script: Script, argv: readonly string[]): readonly string[] {
  if (!isVerbatim(script)) return argv;
  const [only] = script.commands;
  let at = 0;
  for (let token = argv[at]; token !== undefined && token !== "--" && isFlagToken(token); token = argv[at]) {
    const flag = only?.flags?.[token.slice("--".length)];
    at += flag !== undefined && flag.kind !== "boolean" ? 2 : 1;
  }
  return at >= argv.length || argv[at] === "--" ? argv : [...argv.slice(0, at), "--", ...argv.slice(at)];
}

/**
 * The words before a command may only be common flags: those take no value, so no word can be mistaken for one. A flag of the bare
 * script's own means the bare script: what follows it is its value, whatever commands are called.
 */
function chooseCommand(script: Script, argv: readonly string[], forHelp: boolean) {
  const only = script.commands.length === 1 ? script.commands[0] : undefined;
  if (only?.name === "") return { command: only, rest: argv };
  const first = argv.findIndex((token) => !isFlagToken(token));
  const bare = script.commands.find(({ name }) => name === "");
  if (bare && isFlagOf(bare, argv.slice(0, Math.max(0, first)))) return { command: bare, rest: argv };
  const words = first === -1 ? [] : argv.slice(first);
  const found = script.commands
    .filter(({ name }) => name !== "" && name.split(" ").every((word, index) => words[index] === word))
    .sort((a, b) => b.name.length - a.name.length)[0];
  if (found) {
    const length = found.name.split(" ").length;
    return { command: found, rest: [...argv.slice(0, first), ...words.slice(length)] };
  }
  if (bare && (words.length === 0 || bare.positional)) return { command: bare, rest: argv };
  if (forHelp) return { command: undefined, rest: argv };
  const early = argv
    .slice(0, Math.max(0, first))
    .find((token) => !Object.hasOwn(COMMON_FLAGS, token.slice("--".length)));
  throw early === undefined ? unknownCommand(script, words) : flagBeforeCommand(script, early);
}

function isFlagOf({ flags = {} }: Command, tokens: readonly string[]): boolean {
  return tokens.some((token) => Object.hasOwn(flags, token.replace(/^--(no-)?/, "").replace(/=.*$/s, "")));
}

function flagBeforeCommand(script: Script, token: string) {
  return usageFailure("Could not choose a command", {
    observed: `${token} stands before it`,
    expected: "the command first, then its flags",
    hint: `scripts/${script.name} --help`,
  });
}

function unknownCommand(script: Script, words: readonly string[]) {
  const names = script.commands.map(({ name }) => name).filter((name) => name !== "");
  const typed = words.filter((word) => !isFlagToken(word)).slice(0, 2);
  const group = names.filter((name) => typed[0] !== undefined && name.startsWith(`${typed[0]} `));
  const near = didYouMean(typed.join(" "), names) ?? didYouMean(typed[0] ?? "", names);
  const observed = typed.length === 0 ? "no command" : `"${(group.length > 0 ? typed : typed.slice(0, 1)).join(" ")}"`;
  return usageFailure("Could not choose a command", {
    observed,
    expected: `one of: ${(group.length > 0 ? group : names).join(", ")}`,
    hint: `scripts/${script.name} ${typed.length > 0 && near !== undefined ? near : ""} --help`.replace("  ", " "),
  });
}

function argumentsOf(script: Script, command: Command, argv: readonly string[]): Record<string, ArgumentValue> {
  const own: FlagTable = command.flags ?? {};
  const usage = `scripts/${script.name}${command.name === "" ? "" : ` ${command.name}`}`;
  const context: GuardContext = { usage, flags: { ...own, ...COMMON_FLAGS } };
  guardArgv(argv, context);
  const parsed = readWithYargs(argv, context.flags);
  const args: Record<string, ArgumentValue> = {};
  for (const [name, flag] of Object.entries(own)) args[name] = flagValue(name, flag, parsed.flags[name], context);
  Object.assign(args, positionalArguments(command, parsed.words, context));
  for (const group of command.exactlyOneOf ?? []) requireExactlyOne(group, args, context);
  return args;
}

function readWithYargs(argv: readonly string[], flags: FlagTable) {
  const named = (boolean: boolean) =>
    Object.keys(flags).filter((name) => (flags[name]?.kind === "boolean") === boolean);
  const { argv: read, error } = Parser.detailed(withValuesKept(argv), {
    boolean: named(true),
    string: named(false),
    configuration: YARGS_CONFIGURATION,
  });
  if (error) throw usageFailure("Could not read the arguments", { observed: error.message });
  const { _: words, "--": afterDashes, ...rest } = read as Record<string, unknown> & { _: unknown[]; "--"?: unknown[] };
  return { flags: rest, words: [...words, ...(afterDashes ?? [])].map(String) };
}

/** yargs takes one pair of quotes off the value of `--name=value`; the pair given here is the one that it takes. */
function withValuesKept(argv: readonly string[]): string[] {
  const end = argv.includes("--") ? argv.indexOf("--") : argv.length;
  return argv.map((token, index) => (index < end ? token.replace(/^(--[^=]+)=([\s\S]*)$/, '$1="$2"') : token));
}

function positionalArguments({ positional }: Command, words: readonly string[], context: GuardContext) {
  const taken = positional === undefined ? 0 : positional.many ? words.length : 1;
  const extra = words[taken];
  if (extra !== undefined) {
    throw refusal(context, `"${extra}" is one word too many`, taken === 0 ? "flags only" : `one ${positional?.name}`);
  }
  if (positional === undefined) return {};
  const label = positional.name.toUpperCase();
  if (positional.verbatim !== true && words.some((word) => word.trim() === ""))
    throw refusal(context, `${label} is empty`, label);
  if (positional.required && words.length === 0) {
    throw refusal(context, `${label} is missing`, `${label}: ${positional.describe}`);
  }
  return { [positional.name]: positional.many ? words : words[0] };
}

function requireExactlyOne(group: readonly string[], args: Record<string, ArgumentValue>, context: GuardContext): void {
  const given = group.filter((name) => args[name] !== undefined && args[name] !== false);
  if (given.length === 1) return;
  const list = (names: readonly string[], word: string) => names.map((name) => `--${name}`).join(` ${word} `);
  const observed = given.length === 0 ? `neither ${list(group, "nor")}` : `${list(given, "and")} together`;
  throw refusal(context, observed, `exactly one of ${list(group, "or")}`);
}
