// What a flag or a positional argument may be, and the types of the arguments that follow from a table of them.
// Help, completion, parsing and the README's tests all read the same table.

interface FlagBase {
  /** What it does, in a few words, as --help and the README print it. */
  readonly describe: string;
  /** What stands for the value in help: `PATH|SLUG`. */
  readonly placeholder?: string;
  readonly required?: boolean;
}

export interface StringFlag extends FlagBase {
  readonly kind: "string";
  readonly default?: string;
}

export interface IntegerFlag extends FlagBase {
  readonly kind: "integer";
  /** Smallest and largest value that is taken; 0 and 2^53 - 1 unless said. */
  readonly min?: number;
  readonly max?: number;
  readonly default?: number;
}

export interface ChoiceFlag extends FlagBase {
  readonly kind: "choice";
  readonly choices: readonly string[];
  readonly default?: string;
}

/** `negatable`: `--x` is true, `--no-x` is false, neither is undefined. Otherwise false unless said. */
export interface BooleanFlag {
  readonly kind: "boolean";
  readonly describe: string;
  readonly negatable?: boolean;
}

export type Flag = StringFlag | IntegerFlag | ChoiceFlag | BooleanFlag;
export type FlagTable = Readonly<Record<string, Flag>>;

/** The words that are not flags; their value is `args[name]`, a string, or string[] when `many`. */
export interface Positional {
  readonly name: string;
  readonly describe: string;
  readonly required?: boolean;
  readonly many?: boolean;
  /** From its first word on all is taken as it is, flags and empty words too: they are for another program. */
  readonly verbatim?: boolean;
}

export type ArgumentValue = string | number | boolean | readonly string[] | undefined;

type Given<F, T> = F extends { readonly default: unknown } | { readonly required: true } ? T : T | undefined;

export type FlagValue<F> = F extends { readonly kind: "boolean"; readonly negatable: true }
  ? boolean | undefined
  : F extends { readonly kind: "boolean" }
    ? boolean
    : F extends { readonly kind: "integer" }
      ? Given<F, number>
      : F extends { readonly kind: "choice"; readonly choices: readonly (infer C)[] }
        ? Given<F, C>
        : Given<F, string>;

type PositionalValue<P> = P extends { readonly name: infer N extends string }
  ? { readonly [K in N]: P extends { readonly many: true } ? readonly string[] : Given<P, string> }
  : unknown;

/** The arguments of a run, as its flag table and positional promise them. */
export type Args<F, P> = { readonly [K in keyof F]: FlagValue<F[K]> } & PositionalValue<P>;

/** Taken by every script and command; `io` tells run() about them. */
export const COMMON_FLAGS = {
  json: { kind: "boolean", describe: "one JSON document on stdout, also on failure; progress on stderr" },
  quiet: { kind: "boolean", describe: "the result only: no progress, no notes, no next command" },
  debug: { kind: "boolean", describe: "show the stack of a failure" },
  help: { kind: "boolean", describe: "show this help" },
  version: { kind: "boolean", describe: "show the version" },
} as const satisfies FlagTable;
