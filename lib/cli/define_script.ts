// The one definition that a script makes of itself: what it promises, reads, writes, takes and does. Parsing, help,
// completion and the documentation's tests all come from it, so that none of them can say something else.
import type { Args, ArgumentValue, FlagTable, Positional } from "./flags.ts";

export interface Example {
  readonly command: string;
  readonly says: string;
}

export interface Io {
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP; run() then has 10 seconds to end. */
  readonly signal: AbortSignal;
  /**
   * The phase the run is in, and in `detail` where in it. Without a spinner: one line a phase, whatever the count, and the detail of
   * a long phase in a line of its own at most every 30 s.
   */
  progress(message: string, count?: { readonly done: number; readonly total: number }, detail?: string): void;
  /** One line on stderr that is not a result. */
  note(message: string): void;
  /**
   * One result of many, on stdout as it comes: the text, or with --json the record on a line of its own. What the run
   * returns in the end is then not printed.
   * @returns false when nobody reads any more
   */
  show(record: Readonly<Record<string, unknown>>, text: string): boolean;
  /** One JSON object on stderr, for the log of a service; `time` is added, and lines are gathered for a moment. */
  log(record: Readonly<Record<string, unknown>>): void;
  /**
   * Bytes of a program that runs in our place, as they are. What comes on `out` is the answer: no document follows it. Resolves when
   * they are taken, or when nobody reads any more.
   * @throws OpsFailure (automation) when they could not be written
   */
  pass(to: "out" | "err", bytes: Uint8Array): Promise<void>;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly debug: boolean;
}

/** Each takes a text and gives it back in its colour, or as it was where stdout has none. */
export interface Paint {
  error(text: string): string;
  warning(text: string): string;
  ok(text: string): string;
  dim(text: string): string;
  strong(text: string): string;
  command(text: string): string;
}

/** A cell may hold what Paint returned; every other control character is shown escaped. */
export type Cell = string | number;

export interface Column {
  readonly title: string;
  readonly align?: "left" | "right";
}

export interface View {
  /** Columns of the terminal, 100 where there is none. */
  readonly width: number;
  readonly paint: Paint;
  table(columns: readonly Column[], rows: readonly (readonly Cell[])[]): string;
}

export interface Outcome {
  readonly exitCode: 0 | 1 | 2;
  /** The exit code of a program that ran in our place, whichever it is; then nothing more is printed. */
  readonly exitCodeOfAnother?: number;
  /** Printed by --json after `schema_version`. */
  readonly document: Readonly<Record<string, unknown>>;
  render(view: View): string;
  /** The one command that is safe to type next; the last line for people. */
  readonly next?: string;
  /** What was left out although the run did its job; named on stderr. */
  readonly degraded?: readonly string[];
}

export interface CommandDefinition<F extends FlagTable, P extends Positional | undefined> {
  /** The words after the script: "repo add". Empty for what the bare script does. */
  readonly name: string;
  readonly promise: string;
  readonly positional?: P;
  readonly flags?: F;
  /** Of each group, exactly one must be given. */
  readonly exactlyOneOf?: readonly (readonly string[])[];
  readonly examples?: readonly Example[];
  readonly run: (args: Args<F, P>, io: Io) => Promise<Outcome>;
}

/** A command with the types of its arguments forgotten: what parsing, help and tests read. */
export interface Command {
  readonly name: string;
  readonly promise: string;
  readonly positional?: Positional | undefined;
  readonly flags?: FlagTable;
  readonly exactlyOneOf?: readonly (readonly string[])[];
  readonly examples?: readonly Example[];
  readonly run: (args: Readonly<Record<string, ArgumentValue>>, io: Io) => Promise<Outcome>;
}

interface ScriptHead {
  /** The file below scripts/: "consistency_check.ts". */
  readonly name: string;
  readonly promise: string;
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  readonly examples?: readonly Example[];
}

export interface Script extends ScriptHead {
  readonly examples: readonly Example[];
  /** One with the name "" where the script has no subcommands. */
  readonly commands: readonly Command[];
}

type FlatDefinition<F extends FlagTable, P extends Positional | undefined> = ScriptHead &
  Omit<CommandDefinition<F, P>, "name" | "promise" | "examples">;

/** One subcommand, with `args` typed from its own flags and positional: `commands: [command({ name: "repo add", ... })]`. */
export function command<
  const F extends FlagTable = Record<never, never>,
  const P extends Positional | undefined = undefined,
>(definition: CommandDefinition<F, P>): Command {
  // The parser hands over exactly what Args<F, P> describes (flag_values.ts); only here is that knowledge given up.
  return definition as unknown as Command;
}

/** @throws Error for a definition that contradicts itself: that is a bug, found when the script is first loaded */
export function defineScript(definition: ScriptHead & { readonly commands: readonly Command[] }): Script;
export function defineScript<
  const F extends FlagTable = Record<never, never>,
  const P extends Positional | undefined = undefined,
>(definition: FlatDefinition<F, P>): Script;
export function defineScript(definition: ScriptHead & Partial<Pick<Script, "commands">> & Partial<Command>): Script {
  const { name, promise, reads, writes, examples = [], commands, positional, flags, exactlyOneOf, run } = definition;
  const head = { name, promise, reads, writes, examples };
  if (commands) return { ...head, commands };
  if (!run) throw new Error(`${name} defines neither run nor commands`);
  const only: Command = { name: "", promise, positional, flags: flags ?? {}, exactlyOneOf: exactlyOneOf ?? [], run };
  return { ...head, commands: [only] };
}
