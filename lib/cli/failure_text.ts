// How a failure is said: to people on stderr, and as the one JSON document. Both from the same fields, both without
// passwords: what a library throws may hold a URL.
import { describeFailure, OpsFailure } from "../failure.ts";
import { scrubText } from "../secret.ts";
import type { Paint } from "./define_script.ts";
import { EXIT } from "./exit_codes.ts";
import { printable } from "./printable.ts";

/** The check that an automation error is reported under. */
const AUTOMATION_CHECK = "C-00";

export interface Failed {
  readonly kind: "usage" | "automation" | "interrupted";
  readonly exitCode: number;
  readonly error: OpsFailure;
}

/** Anything that is no OpsFailure was not foreseen: a bug, which is never a pass. */
export function failedFrom(thrown: unknown): Failed {
  const error = thrown instanceof OpsFailure ? thrown : unforeseen(thrown);
  return { kind: error.kind, exitCode: error.kind === "usage" ? EXIT.wrongUsage : EXIT.automationError, error };
}

function unforeseen(thrown: unknown): OpsFailure {
  const known = thrown instanceof Error ? thrown : undefined;
  const failure = new OpsFailure("Could not finish because of a bug", {
    observed: known ? `${known.name}: ${known.message}` : String(thrown),
    cause: known?.cause,
    hint: "run it again with --debug, and report what it prints",
  });
  if (known?.stack !== undefined) failure.stack = known.stack;
  return failure;
}

/** Of the fields that a failure has, each on its line; the hint last, as the thing to type. */
export function failureText({ kind, error }: Failed, paint: Paint, debug: boolean): string {
  const clean = (text: string) => printable(scrubText(text));
  const label = kind === "automation" ? `${paint.error(AUTOMATION_CHECK)} ` : "";
  const lines = [label + paint.strong(clean(headline(error)))];
  if (error.where !== undefined) lines.push(`  at ${clean(error.where)}`);
  const because = becauseOf(error);
  if (because !== undefined) lines.push(`  because ${clean(because)}`);
  if (debug && error.stack !== undefined) lines.push(...error.stack.split("\n").map((line) => `  ${clean(line)}`));
  if (error.hint !== undefined) lines.push(`Try: ${paint.command(clean(error.hint))}`);
  return `${lines.join("\n")}\n`;
}

/** Everything in one line, for logs and for `automation_error`. */
export function failureLine({ error }: Failed): string {
  return scrubText([headline(error), error.where && `at ${error.where}`, becauseOf(error)].filter(Boolean).join("; "));
}

/** Fields of the JSON document after `schema_version`; what is not known is null, never left out. */
export function failureDocument(failed: Failed): Record<string, unknown> {
  const { kind, exitCode, error } = failed;
  const text = (value: string | undefined) => (value === undefined ? null : scrubText(value));
  const automation = { check: AUTOMATION_CHECK, message: failureLine(failed), repo: null };
  return {
    exit_code: exitCode,
    automation_error: kind === "automation" ? automation : null,
    error: {
      kind,
      message: scrubText(error.message),
      observed: text(error.observed),
      expected: text(error.expected),
      where: text(error.where),
      hint: text(error.hint),
    },
  };
}

function headline({ message, observed, expected }: OpsFailure): string {
  const against = [observed, expected && `wanted ${expected}`].filter(Boolean).join(", ");
  return against === "" ? message : `${message}: ${against}`;
}

function becauseOf(error: OpsFailure): string | undefined {
  if (error.cause === undefined || error.cause === null) return undefined;
  const because = describeFailure(error.cause);
  return because === "" || headline(error).includes(because) ? undefined : because;
}
