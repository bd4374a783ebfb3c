// An edit as a reviewer reads it: line by line, what stands there and what it becomes. Corrections replace lines or add
// some, and take none away; anything else is shown as the whole file. (pure)

export interface LineChange {
  /** In the new file, from 1. */
  readonly line: number;
  /** null for a line that is added. */
  readonly was: string | null;
  readonly becomes: string;
}

// A place gets a few new keys at a time; further down the same line is another block's.
const LOOK_AHEAD = 4;

/** @returns changes that make `after` out of `before`, byte for byte; texts hold their line endings */
export function lineChanges(before: Uint8Array, after: Uint8Array): LineChange[] {
  const [old, now] = [linesOf(before), linesOf(after)];
  const changes = compare(old, now);
  if (withChanges(old, changes) === now.join("")) return changes;
  return [{ line: 1, was: old.join(""), becomes: now.join("") }];
}

function compare(old: readonly string[], now: readonly string[]): LineChange[] {
  const changes: LineChange[] = [];
  let at = 0;
  for (const [index, text] of now.entries()) {
    if (text === old[at]) at++;
    else if (at >= old.length || isAdded(old, at, now, index))
      changes.push({ line: index + 1, was: null, becomes: text });
    else changes.push({ line: index + 1, was: old[at++] ?? null, becomes: text });
  }
  return changes;
}

/** The line that stands here comes again, a little further down. */
function isAdded(old: readonly string[], at: number, now: readonly string[], index: number): boolean {
  const next = now.indexOf(old[at] ?? "", index);
  return next !== -1 && next - index <= LOOK_AHEAD && old[at + 1] === now[next + 1];
}

function withChanges(old: readonly string[], changes: readonly LineChange[]): string {
  const made: string[] = [];
  let at = 0;
  for (const { line, was, becomes } of changes) {
    while (made.length < line - 1 && at < old.length) made.push(old[at++] ?? "");
    made.push(becomes);
    if (was !== null) at++;
  }
  return [...made, ...old.slice(at)].join("");
}

/** A byte order mark is part of the first line. */
function linesOf(bytes: Uint8Array): string[] {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}
