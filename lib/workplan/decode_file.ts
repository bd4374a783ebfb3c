// Bytes to text, fatally: what can't be decoded is reported with the place of its first bad byte. A lenient decoder would
// put U+FFFD into a title, and a later write-back would make that permanent.
import { isAscii } from "node:buffer";

export type Decoded =
  | { readonly ok: true; readonly text: string /** 1 behind a byte order mark, else 0. */; readonly start: number }
  | { readonly ok: false; readonly fault: DecodeFault; readonly lossyText: string; readonly offset: number };

export type DecodeFault = "invalid_utf8" | "utf16" | "nul_byte";

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder("utf-8", { ignoreBOM: true });

/** Decodes a file. `offset` is that of the first bad place in `lossyText`, in UTF-16 units. */
export function decodeFile(bytes: Uint8Array): Decoded {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    return { ok: false, fault: "utf16", lossyText: "", offset: 0 };
  }
  let text: string;
  try {
    text = strict.decode(bytes);
  } catch {
    const offset = lenient.decode(bytes.subarray(0, firstInvalidByte(bytes))).length;
    return { ok: false, fault: "invalid_utf8", lossyText: lenient.decode(bytes), offset };
  }
  if (bytes.includes(0)) return { ok: false, fault: "nul_byte", lossyText: text, offset: text.indexOf("\0") };
  return { ok: true, text, start: text.charCodeAt(0) === 0xfeff ? 1 : 0 };
}

/** Halves the range until the first byte is found that no longer decodes; a sequence cut short counts as bad. */
function firstInvalidByte(bytes: Uint8Array): number {
  let good = 0;
  let bad = bytes.length;
  while (bad - good > 4) {
    const middle = characterStart(bytes, (good + bad) >> 1, good);
    if (middle === good) break;
    if (decodes(bytes.subarray(good, middle))) good = middle;
    else bad = middle;
  }
  while (good < bad) {
    const length = characterLength(bytes, good);
    if (length === 0 || !decodes(bytes.subarray(good, good + length))) return good;
    good += length;
  }
  return good;
}

function characterStart(bytes: Uint8Array, at: number, floor: number): number {
  let start = at;
  while (start > floor && ((bytes[start] ?? 0) & 0xc0) === 0x80) start--;
  return start;
}

function characterLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead < 0xe0) return 2;
  if (lead >= 0xe0 && lead < 0xf0) return 3;
  return lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
}

function decodes(bytes: Uint8Array): boolean {
  if (isAscii(bytes)) return true;
  try {
    strict.decode(bytes);
    return true;
  } catch {
    return false;
  }
}
