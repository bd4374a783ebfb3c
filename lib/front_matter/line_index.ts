// From an offset in a text to the line and column a person types into an editor. Built once a file and searched by
// halves, so that a file of a million empty lines costs no more than one pass over it.

export interface LineIndex {
  readonly lineCount: number;
  /** Offset at which a 1-based line starts. */
  readonly startOf: (line: number) => number;
  /** 1-based line and column (UTF-16 units) of an offset. Lines end at `\n`; a `\r` before it belongs to its line. */
  readonly place: (offset: number) => { readonly line: number; readonly column: number };
}

/** Indexes `text`; `startsAt` leaves out what stands before it in the columns of the first line (a byte order mark). */
export function lineIndex(text: string, startsAt = 0): LineIndex {
  const starts = [startsAt];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  const startOf = (line: number) => starts[line - 1] ?? text.length;
  // Places are asked for in the order of the file, so the last answer is nearly always next to the new one.
  let last = 1;
  const place = (offset: number) => {
    if (offset < startOf(last) || offset >= startOf(last + 8)) last = lastStartingAtOrBefore(starts, offset);
    while (last < starts.length && startOf(last + 1) <= offset) last++;
    return { line: last, column: Math.max(0, offset - startOf(last)) + 1 };
  };
  return { lineCount: starts.length, startOf, place };
}

function lastStartingAtOrBefore(starts: readonly number[], offset: number): number {
  let low = 1;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle - 1] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
