import { expect, test } from "bun:test";
import fc from "fast-check";
import { decodeFile } from "../../../lib/workplan/decode_file.ts";

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Text before the first byte at which decoding fails, found by trying every length. */
function soundText(bytes: Uint8Array): string {
  let sound = "";
  for (let length = 0; length <= bytes.length; length++) {
    try {
      sound = strict.decode(bytes.subarray(0, length));
    } catch {}
  }
  return sound;
}

const piece = fc.constantFrom(
  [0x61],
  [0x0a],
  [0xc3, 0xa9],
  [0xe2, 0x80, 0x94],
  [0xf0, 0x9f, 0x98, 0x80],
  [0xff],
  [0xc3],
  [0xe2, 0x80],
  [0xed, 0xa0, 0x80],
  [0xc0, 0x80],
);

test("decodeFile() gives the place of the first byte that is not UTF-8", () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const bytes = new Uint8Array(pieces.flat());
      const decoded = decodeFile(bytes);
      const sound = soundText(bytes);
      if (decoded.ok) expect(new TextEncoder().encode(decoded.text)).toEqual(bytes);
      else expect(decoded).toMatchObject({ fault: "invalid_utf8", offset: sound.length });
    }),
    { numRuns: 500 },
  );
});

test("decodeFile() keeps a byte order mark in the text and tells where the text starts", () => {
  expect(decodeFile(new Uint8Array([0xef, 0xbb, 0xbf, 0x61]))).toEqual({ ok: true, text: "\ufeffa", start: 1 });
});
