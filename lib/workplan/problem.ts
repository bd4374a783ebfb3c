// The one place that makes a Problem, so that none can show a secret, move a terminal's cursor or fill a screen.
import { MAX_OBSERVED } from "./limits.ts";
import { withoutSecrets } from "./secrets.ts";
import type { Place, Problem, ProblemKind } from "./types.ts";

export interface ProblemPieces {
  readonly kind: ProblemKind;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly subject?: string | null;
  /** The file's own text; it is cut and cleaned here. */
  readonly observed?: string | null;
  readonly expected?: string | null;
}

/** A problem at a place. Text that came from the file is stripped of secrets and control characters, and cut. */
export function problemAt(place: Place, pieces: ProblemPieces): Problem {
  return {
    kind: pieces.kind,
    code: pieces.code,
    subject: shown(pieces.subject ?? null),
    message: cleaned(pieces.message),
    observed: shown(pieces.observed ?? null),
    expected: pieces.expected ?? null,
    hint: pieces.hint,
    line: place.line,
    column: place.column,
  };
}

function shown(text: string | null): string | null {
  if (text === null) return null;
  // A secret is looked for before the cut, in a text no longer than any one secret can make necessary.
  const clean = cleaned(text.slice(0, 2048));
  return clean.length <= MAX_OBSERVED ? clean : `${clean.slice(0, MAX_OBSERVED - 1)}…`.toWellFormed();
}

function cleaned(text: string): string {
  return withoutSecrets(text)
    .replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, " ")
    .toWellFormed();
}
