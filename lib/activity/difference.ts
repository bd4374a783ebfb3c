// One place that does not say what its definition says: where, what stands there, what should, and what mends it.

export interface Difference {
  /** `path` or `path:line` from the toolkit's root, or a row of the hub's table. */
  readonly where: string;
  /** The definition's id; null where there is none any more. */
  readonly definition: string | null;
  readonly kind: "differs" | "missing" | "left_over";
  /** What stands there; null when nothing does. */
  readonly has: string | null;
  readonly wants: string | null;
  /** A command to type. */
  readonly remedy: string;
}

export const RENDER = "scripts/activity_definitions.ts render";
export const SYNC = "scripts/activity_definitions.ts sync";

/** The first line in which two texts differ; null when they don't. A line that one of them has not is null. */
export function firstDifference(has: string, wants: string) {
  if (has === wants) return null;
  const [left, right] = [has.split("\n"), wants.split("\n")];
  const longest = Math.max(left.length, right.length);
  for (let at = 0; at < longest; at++) {
    if (left[at] !== right[at]) return { line: at + 1, has: left[at] ?? null, wants: right[at] ?? null };
  }
  return null;
}
