// Replacing spans of a text, and proving from the bytes that nothing outside them moved.

export interface Splice {
  /** UTF-16 offsets into the text before any splice. */
  readonly start: number;
  readonly end: number;
  readonly insert: string;
}

/** `text` with the spans replaced; null when two overlap. Insertions at one place keep their order. */
export function withSplices(text: string, splices: readonly Splice[]): string | null {
  let result = "";
  let at = 0;
  for (const { start, end, insert } of inOrder(splices)) {
    if (start < at) return null;
    result += text.slice(at, start) + insert;
    at = end;
  }
  return result + text.slice(at);
}

/** Whether `after` is `before` but for the splices, compared byte by byte and independently of how `after` was made. */
export function onlySplicesDiffer(
  before: Uint8Array,
  after: Uint8Array,
  text: string,
  splices: readonly Splice[],
): boolean {
  let beforeAt = 0;
  let afterAt = 0;
  let textAt = 0;
  for (const { start, end, insert } of inOrder(splices)) {
    const kept = Buffer.byteLength(text.slice(textAt, start));
    if (!sameBytes(before, beforeAt, after, afterAt, kept)) return false;
    beforeAt += kept + Buffer.byteLength(text.slice(start, end));
    afterAt += kept;
    const inserted = Buffer.from(insert);
    if (!sameBytes(inserted, 0, after, afterAt, inserted.length)) return false;
    afterAt += inserted.length;
    textAt = end;
  }
  const rest = before.length - beforeAt;
  return after.length - afterAt === rest && sameBytes(before, beforeAt, after, afterAt, rest);
}

function inOrder(splices: readonly Splice[]): readonly Splice[] {
  return [...splices].sort((a, b) => a.start - b.start);
}

function sameBytes(one: Uint8Array, oneAt: number, other: Uint8Array, otherAt: number, length: number): boolean {
  const left = one.subarray(oneAt, oneAt + length);
  const right = other.subarray(otherAt, otherAt + length);
  return left.length === length && Buffer.compare(left, right) === 0;
}
