// Ends a tug of war: two writers that undo each other's value would make a commit every fifteen minutes for ever. (pure)

/** What one write put in, and what it took out. */
export interface Write {
  readonly value: string;
  readonly replaces: string | null;
}

/** The second time within 24 hours that a field would return to a value that it had before is not written. */
const RETURNS_TOO_OFTEN = 2;

/**
 * Whether writing `next` would go on with a to and fro. A field that only moves on (todo, in_progress, done) never
 * returns; one that is reopened returns once.
 * @param written the writes of this field in the last 24 hours, oldest first
 */
export function isAlternating(written: readonly Write[], next: string): boolean {
  const had = new Set<string>();
  let returns = 0;
  for (const { value, replaces } of written) {
    if (had.has(value)) returns++;
    had.add(value).add(replaces ?? "");
  }
  return had.has(next) && returns + 1 >= RETURNS_TOO_OFTEN;
}
