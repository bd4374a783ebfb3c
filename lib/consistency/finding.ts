// What a check found: something that a person should look at. Not an error of ours: those are thrown.
import { digestOfText } from "../canonical.ts";

export type Severity = "error" | "warning" | "info";

export interface Finding {
  readonly check: string;
  readonly severity: Severity;
  /** What makes it the same finding on the next run: path, subject and kind of problem, never the line. */
  readonly key: string;
  readonly path: string | null;
  readonly line: number | null;
  readonly column: number | null;
  /** The workplan id, task id or key that it is about. */
  readonly subject: string | null;
  readonly message: string;
  readonly observed: string | null;
  readonly expected: string | null;
  readonly hint: string | null;
}

/** A finding of a check that looked into the hub, so over many repos at once. */
export interface HubFinding extends Finding {
  readonly repoId: string;
}

/** What a check says; the registry adds its id, severity and key. `code` tells two problems of one place apart. */
export interface Observation {
  readonly code: string;
  readonly message: string;
  readonly severity?: Severity;
  readonly path?: string | null;
  readonly line?: number | null;
  readonly column?: number | null;
  readonly subject?: string | null;
  readonly observed?: string | null;
  readonly expected?: string | null;
  readonly hint?: string | null;
}

/** Completes an observation; `fallbackHint` is the check's general remedy. */
export function toFinding(check: string, severity: Severity, fallbackHint: string, seen: Observation): Finding {
  const path = seen.path ?? null;
  const subject = seen.subject ?? null;
  return {
    check,
    severity: seen.severity ?? severity,
    key: boundedKey(check, [check, path ?? "", subject ?? "", seen.code].join("|")),
    path,
    line: seen.line ?? null,
    column: seen.column ?? null,
    subject,
    message: storable(seen.message),
    observed: seen.observed == null ? null : storable(seen.observed),
    expected: seen.expected == null ? null : storable(seen.expected),
    hint: storable(seen.hint ?? fallbackHint),
  };
}

/** Half a letter or a NUL in what a remote or a file says would make PostgreSQL refuse the findings of all. */
function storable(text: string): string {
  return text.toWellFormed().replaceAll("\0", "");
}

// The key is indexed, and a code may quote what a file says: a text without end must not make the row unstorable.
const LONGEST_KEY = 2_000;

function boundedKey(check: string, key: string): string {
  return Buffer.byteLength(key) <= LONGEST_KEY ? key : `${check}|${digestOfText(key)}`;
}

/** Two problems with one key (the same mistake twice in a file) get a number, so that neither hides the other. */
export function distinctKeys<T extends Finding>(
  findings: readonly T[],
  scopeOf: (finding: T) => string = () => "",
): T[] {
  const seen = new Map<string, number>();
  return findings.map((finding) => {
    const scoped = `${scopeOf(finding)}|${finding.key}`;
    const count = (seen.get(scoped) ?? 0) + 1;
    seen.set(scoped, count);
    return count === 1 ? finding : { ...finding, key: `${finding.key}#${count}` };
  });
}
