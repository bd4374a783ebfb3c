// The one error that crosses module borders. It says what we could not do, what we saw against what we wanted,
// and what to try next, so that whoever reads it at night needs no stack trace. Only lib/cli catches and prints it.

/** `usage`: the caller typed something wrong (exit 64). `automation`: we could not do our job or could not tell (exit 2). */
export type FailureKind = "usage" | "automation";

export interface FailureDetail {
  readonly kind?: FailureKind;
  /** What was found, in the reader's words; never a secret. */
  readonly observed?: string;
  /** What would have been right. */
  readonly expected?: string;
  /** A path, `path:line:column`, host or table. */
  readonly where?: string;
  /** The next thing to try, where possible a command to paste. */
  readonly hint?: string;
  readonly cause?: unknown;
}

export class OpsFailure extends Error {
  readonly kind: FailureKind;
  readonly observed: string | undefined;
  readonly expected: string | undefined;
  readonly where: string | undefined;
  readonly hint: string | undefined;

  /** @param couldNot what we could not do, capital first, no full stop: "Could not read the workplan". */
  constructor(couldNot: string, detail: FailureDetail = {}) {
    super(couldNot, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = "OpsFailure";
    this.kind = detail.kind ?? "automation";
    this.observed = detail.observed;
    this.expected = detail.expected;
    this.where = detail.where;
    this.hint = detail.hint;
  }
}

/** A failure of kind `usage`: wrong flags, empty values, a path that is no repository. */
export function usageFailure(couldNot: string, detail: Omit<FailureDetail, "kind"> = {}): OpsFailure {
  return new OpsFailure(couldNot, { ...detail, kind: "usage" });
}

/** One line for any thrown value: message, observed against expected, then the chain of causes. */
export function describeFailure(error: unknown): string {
  const parts: string[] = [];
  for (let at: unknown = error, depth = 0; at !== undefined && at !== null && depth < 8; depth++) {
    parts.push(oneLine(at));
    at = at instanceof Error ? at.cause : undefined;
  }
  return parts.filter((part, index) => part !== "" && parts.indexOf(part) === index).join("; because: ");
}

function oneLine(error: unknown): string {
  if (!(error instanceof OpsFailure)) return error instanceof Error ? error.message : String(error);
  const against = [error.observed, error.expected && `wanted ${error.expected}`].filter(Boolean).join(", ");
  const place = error.where ? ` (${error.where})` : "";
  return `${error.message}${against ? `: ${against}` : ""}${place}`;
}
