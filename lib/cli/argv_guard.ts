// What yargs would take without a word and an operator would not: `--dry-run=yes` (read as false), `--repo --json`
// (an empty repo), a flag given twice (an array), `--no-all`, and flags that nobody defined. Refused before it parses.
import { type OpsFailure, usageFailure } from "../failure.ts";
import { shellQuoted } from "../shell_quoted.ts";
import { didYouMean } from "./did_you_mean.ts";
import type { Flag, FlagTable } from "./flags.ts";

/** What the refusals need to know to say what to type instead. */
export interface GuardContext {
  /** "scripts/state_hub.ts repo add": what the arguments belong to. */
  readonly usage: string;
  readonly flags: FlagTable;
}

/** @throws OpsFailure (usage) for the first argument that does not mean one thing only */
export function guardArgv(argv: readonly string[], context: GuardContext): void {
  const seen = new Set<string>();
  for (const [index, token] of flagTokens(argv)) {
    const { name, value } = splitToken(token);
    const positive = findFlag(name, token, argv, context);
    if (seen.has(positive)) {
      throw refusal(context, `--${positive} is given more than once`, "one --".concat(positive));
    }
    seen.add(positive);
    guardValue({ flag: flagOf(context, positive), name, value, next: argv[index + 1] }, context);
  }
}

/** The tokens before `--` that are flags: a dash and more, but no negative number. */
export function flagTokens(argv: readonly string[]): [number, string][] {
  const end = argv.indexOf("--");
  const before = end === -1 ? argv : argv.slice(0, end);
  return [...before.entries()].filter(([, token]) => isFlagToken(token));
}

export function isFlagToken(token: string): boolean {
  return /^-./.test(token) && !/^-\d/.test(token);
}

/** A usage failure whose hint is the help of the same command. */
export function refusal(context: GuardContext, observed: string, expected: string, hint?: string): OpsFailure {
  return usageFailure("Could not use these arguments", {
    observed,
    expected,
    hint: hint ?? `${context.usage} --help`,
  });
}

function splitToken(token: string): { name: string; value: string | undefined } {
  const equals = token.indexOf("=");
  const name = (equals === -1 ? token : token.slice(0, equals)).replace(/^--?/, "");
  return { name, value: equals === -1 ? undefined : token.slice(equals + 1) };
}

function flagOf(context: GuardContext, name: string): Flag | undefined {
  return Object.hasOwn(context.flags, name) ? context.flags[name] : undefined;
}

/** @returns the name in the table: `strict` for `--no-strict` */
function findFlag(name: string, token: string, argv: readonly string[], context: GuardContext): string {
  if (token.startsWith("--") && flagOf(context, name)) return name;
  const denied = token.startsWith("--no-") ? name.slice("no-".length) : undefined;
  const flag = denied === undefined ? undefined : flagOf(context, denied);
  if (denied !== undefined && flag?.kind === "boolean") {
    if (flag.negatable) return denied;
    throw refusal(context, `--${name} does not exist`, `--${denied} left out: that is its "no"`);
  }
  throw unknownFlag(name, token, argv, context);
}

function unknownFlag(name: string, token: string, argv: readonly string[], context: GuardContext): OpsFailure {
  const near = didYouMean(name, namesOf(context.flags));
  const given = token.split("=", 1)[0] ?? token;
  if (near === undefined) return refusal(context, `${given} is no flag of this command`, "one that --help lists");
  const corrected = argv.map((word) => (word === token ? word.replace(/^[^=]*/, `--${near}`) : word));
  const hint = [context.usage, ...corrected.map(shellQuoted)].join(" ");
  return refusal(context, `${given} is no flag of this command`, `--${near}, perhaps`, hint);
}

function namesOf(flags: FlagTable): string[] {
  return Object.entries(flags).flatMap(([name, flag]) =>
    flag.kind === "boolean" && flag.negatable ? [name, `no-${name}`] : [name],
  );
}

interface Occurrence {
  readonly flag: Flag | undefined;
  readonly name: string;
  readonly value: string | undefined;
  readonly next: string | undefined;
}

function guardValue({ flag, name, value, next }: Occurrence, context: GuardContext): void {
  if (flag?.kind === "boolean") {
    // yargs reads every value but "true" as false, and takes the next word if it is "true" or "false".
    if (value !== undefined) throw refusal(context, `--${name} has a value`, `--${name} alone: it is a switch`);
    if (next === "true" || next === "false") {
      throw refusal(context, `--${name} is followed by "${next}"`, `--${name} alone, or "--" between the two`);
    }
    return;
  }
  if (value !== undefined ? value.trim() === "" : next?.trim() === "") {
    throw refusal(context, `the value of --${name} is empty`, valueWanted(flag));
  }
  if (value === undefined && (next === undefined || next === "--" || isFlagToken(next))) {
    const dash =
      next !== undefined && next !== "--" ? `; a value that begins with a dash is written --${name}=${next}` : "";
    throw refusal(context, `--${name} has no value`, valueWanted(flag) + dash);
  }
}

function valueWanted(flag: Flag | undefined): string {
  if (flag?.kind === "choice") return `one of ${flag.choices.join(", ")}`;
  if (flag?.kind === "integer") return "a whole number";
  return flag?.kind === "string" && flag.placeholder !== undefined ? flag.placeholder : "a value";
}
