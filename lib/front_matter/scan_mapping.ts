// Reads the mapping that nearly every file has: one `key: value` a line, plain or simply quoted, comments, blank lines.
// It costs a seventieth of the full parser. It claims a text only where both agree on every value and offset (a property
// test holds it to that); for all else it answers null and the full parser decides.
import {
  duplicateKey,
  ENOUGH_PROBLEMS,
  type Entry,
  type Mapping,
  type MappingProblem,
  plainValue,
  tooManyKeys,
} from "./mapping.ts";
import { sharedWord } from "./shared_words.ts";

// Characters that no claimed value holds: controls, the byte order mark, surrogates.
const NEVER = String.raw`\x00-\x1f\x7f-\x9f\ufeff\ud800-\udfff`;
const INNER = String.raw`[^\s:${NEVER}]*(?::[^\s:${NEVER}]+)*`;
// A plain word neither begins with an indicator nor holds `: ` or ` #`. Words and spaces alternate without overlap, so a
// value that doesn't match is given up in linear time.
const PLAIN = String.raw`[A-Za-z0-9_/.(+$]${INNER}(?: +[^\s:#${NEVER}]${INNER})*`;
const QUOTED = String.raw`"[^"\\${NEVER}]*"|'[^'${NEVER}]*'`;
const COMMENT = String.raw`#[^\r\n\x00-\x08\x0b-\x1f]*`;

const VALUE = new RegExp(`${QUOTED}|${PLAIN}`, "y");
const LINE_REST = new RegExp(String.raw` *(?: ${COMMENT})?(?:\r?\n|$)`, "y");
const NO_ENTRY = new RegExp(String.raw`(?: *|${COMMENT})(?:\r?\n|$)`, "y");

/** The mapping in `block`, its offsets moved by `base`; null when a line is not of the simple kind. */
export function scanMapping(block: string, base: number, maxKeys: number): Mapping | null {
  const entries = new Map<string, Entry>();
  const problems: MappingProblem[] = [];
  for (let at = 0; at < block.length; ) {
    const colonEnd = keyEnd(block, at);
    if (colonEnd === -1) {
      at = endOf(NO_ENTRY, block, at);
      if (at === -1) return null;
      continue;
    }
    const valueStart = valueAt(block, colonEnd);
    const valueEnd = valueStart === colonEnd ? colonEnd : endOf(VALUE, block, valueStart);
    if (valueEnd === -1) return null;
    const next = block.charCodeAt(valueEnd) === 0x0a ? valueEnd + 1 : endOf(LINE_REST, block, valueEnd);
    if (next === -1) return null;
    const entry = entryOf(block, at, colonEnd - 1, valueStart, valueEnd, base);
    if (entries.has(entry.key)) problems.push(duplicateKey(entry.key, entry.keyStart));
    else entries.set(entry.key, entry);
    if (entries.size > maxKeys) problems.push(tooManyKeys(entry.keyStart, maxKeys));
    if (entries.size > maxKeys || problems.length === ENOUGH_PROBLEMS) break;
    at = next;
  }
  for (const problem of problems) if (problem.code === "duplicate_key") entries.delete(problem.key ?? "");
  return { entries, problems, marks: 0 };
}

function endOf(sticky: RegExp, text: string, at: number): number {
  sticky.lastIndex = at;
  return sticky.test(text) ? sticky.lastIndex : -1;
}

/** The offset behind `key:`, -1 where none stands: a key is a letter or `_`, then letters, digits, `_` and `-`. */
function keyEnd(block: string, start: number): number {
  for (let at = start; ; at++) {
    const unit = block.charCodeAt(at);
    if (KEY_UNITS[unit] === 1 && (at > start || unit > 0x39)) continue;
    return unit === 0x3a && at > start ? at + 1 : -1;
  }
}

const KEY_UNITS = new Uint8Array(128);
for (let unit = 0; unit < 128; unit++) if (/[A-Za-z0-9_-]/.test(String.fromCharCode(unit))) KEY_UNITS[unit] = 1;

/** Where a value would start: behind the spaces after the colon. The colon's end itself means that there is none. */
function valueAt(block: string, colonEnd: number): number {
  let at = colonEnd;
  while (block.charCodeAt(at) === 0x20) at++;
  const unit = block.charCodeAt(at);
  return at === block.length || unit === 0x0a || unit === 0x0d || unit === 0x23 ? colonEnd : at;
}

// Longer values, ids and dates among them, are seldom the same twice.
const LONGEST_STATE = 12;

function entryOf(block: string, keyStart: number, keyStop: number, start: number, stop: number, base: number): Entry {
  const first = block.charCodeAt(start);
  const style = start === stop ? "empty" : first === 0x22 ? "double" : first === 0x27 ? "single" : "plain";
  const quoted = style === "double" || style === "single";
  return {
    key: sharedWord(block, keyStart, keyStop),
    value: quoted
      ? block.slice(start + 1, stop - 1)
      : plainValue(stop - start > LONGEST_STATE ? block.slice(start, stop) : sharedWord(block, start, stop)),
    style,
    oneLine: true,
    keyStart: base + keyStart,
    valueStart: base + start,
    valueEnd: base + stop,
  };
}
