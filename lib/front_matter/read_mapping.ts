// Reads one YAML mapping out of a larger text: the scanner where it can, the full parser where it must.
import type { Mapping, MappingLimits, MappingProblem } from "./mapping.ts";
import { scanMapping } from "./scan_mapping.ts";

/**
 * Reads `text[start, end)` as YAML: a mapping whose scalars are all strings as written (so `12:30` and `0755` stay what
 * they are). Anchors, aliases, tags, merge keys and duplicate keys are problems. Never throws.
 * @param start UTF-16 offset, as are all offsets of the answer, into `text`.
 */
export function readMapping(text: string, start: number, end: number, limits: MappingLimits): Mapping {
  const block = text.slice(start, end);
  const tooLarge = refuseLarge(block, start, limits.maxBytes);
  if (tooLarge !== null) return { entries: new Map(), problems: [tooLarge], marks: 0 };
  return scanMapping(block, start, limits.maxKeys) ?? fullYaml().yamlMapping(block, start, limits);
}

function refuseLarge(block: string, offset: number, maxBytes: number): MappingProblem | null {
  // One UTF-16 unit is at most three bytes of UTF-8.
  if (block.length * 3 <= maxBytes) return null;
  const bytes = Buffer.byteLength(block, "utf8");
  if (bytes <= maxBytes) return null;
  return {
    code: "too_large",
    offset,
    key: null,
    message: "This block of YAML is too large",
    observed: `${bytes} bytes`,
    expected: `at most ${maxBytes} bytes`,
    hint: "Move long text out of the block, below it",
  };
}

/**
 * The value of `key` in a text that is not readable as YAML: that of the only line that looks like `key: value`, else
 * null. Good enough to tell whose row must be left in peace, never to change one.
 */
export function recoverValue(text: string, start: number, end: number, key: string): string | null {
  const line = new RegExp(`^ {0,3}${key}:[ \\t]*(?:"([^"\\\\\\n]*)"|'([^'\\n]*)'|([^\\s"'#]+))[ \\t]*\\r?$`, "gm");
  const found = [...text.slice(start, end).matchAll(line)];
  const only = found.length === 1 ? found[0] : undefined;
  return only === undefined ? null : (only[1] ?? only[2] ?? only[3] ?? null);
}

// Loaded when first needed: the package costs a run of one changed file more than reading that file.
function fullYaml(): typeof import("./yaml_mapping.ts") {
  return require("./yaml_mapping.ts");
}
