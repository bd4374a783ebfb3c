// Where in a YAML file a value stands, for whoever has to correct it. Asked only when something is wrong there, so the file
// is read again and not kept.
import { readFileSync } from "node:fs";
import { lineIndex } from "./line_index.ts";

/**
 * @param file one that `readYamlFile` could read
 * @param path keys and indexes from the top; of what is not there, the nearest that is there around it
 * @returns `FILE:LINE:COLUMN`, or the file alone where the text has changed since
 */
export function yamlPlace(file: string, path: readonly PropertyKey[]): string {
  // The parser is a tenth of a program's start, and most lists are right.
  const { isMap, isScalar, isSeq, parseDocument } = require("yaml") as typeof import("yaml");
  try {
    const text = readFileSync(file, "utf8").replace(/^\ufeff/, "");
    let node: unknown = parseDocument(text, { schema: "failsafe", logLevel: "silent" }).contents;
    let offset = offsetOf(node);
    for (const step of path) {
      const pair = isMap(node) ? node.items.find(({ key }) => isScalar(key) && key.source === String(step)) : undefined;
      node = pair?.value ?? (isSeq(node) ? node.items[Number(step)] : null);
      if (node === null || node === undefined) break;
      offset = offsetOf(pair?.key ?? node) ?? offset;
    }
    const { line, column } = lineIndex(text).place(offset ?? 0);
    return `${file}:${line}:${column}`;
  } catch {
    return file;
  }
}

function offsetOf(node: unknown): number | undefined {
  return (node as { readonly range?: readonly [number, number, number] } | null)?.range?.[0];
}
