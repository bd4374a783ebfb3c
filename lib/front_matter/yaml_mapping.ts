// The full YAML reader, for what the line scanner doesn't claim: lists, nested mappings, block scalars, escapes. It takes
// values and their offsets from the parsed nodes and refuses what could mean one thing here and another elsewhere:
// anchors, aliases, tags, merge keys, duplicate keys. Its own duplicate check is quadratic and stays off.
import { isAlias, isCollection, isMap, isPair, isScalar, isSeq, type Pair, parseDocument, type YAMLError } from "yaml";
import {
  duplicateKey,
  ENOUGH_PROBLEMS,
  type Entry,
  type Mapping,
  type MappingLimits,
  type MappingProblem,
  plainValue,
  tooManyKeys,
  type ValueStyle,
} from "./mapping.ts";
import { faultOf, structureFault, syntaxFault, type YamlFault } from "./yaml_faults.ts";
import { countMarks, refuseCostly, tooDeep } from "./yaml_guard.ts";

interface Walk {
  readonly block: string;
  readonly base: number;
  readonly limits: MappingLimits;
  readonly problems: MappingProblem[];
  keys: number;
}

/** Reads `block` as one YAML mapping of strings; its offsets are moved by `base`. Never throws. */
export function yamlMapping(block: string, base: number, limits: MappingLimits): Mapping {
  const marks = countMarks(block);
  const costly = refuseCostly(block, base, marks, limits);
  if (costly !== null) return { entries: new Map(), problems: [costly], marks: 0 };
  const structure = structureFault(block);
  if (structure !== null) return failed(structure, base, marks);
  const document = parse(block);
  const error = document.errors[0] ?? null;
  if (error !== null) return failed(syntaxFault(block, error), base, marks);
  const walk: Walk = { block, base, limits, problems: [], keys: 0 };
  const root: unknown = document.contents;
  if (root === null || (isScalar(root) && root.source === "" && root.tag === undefined && root.anchor === undefined)) {
    return { entries: new Map(), problems: [], marks };
  }
  if (!isMap(root)) return failed(faultOf("not_a_mapping", offsetOf(root)), base, marks);
  refuseDecorations(walk, root);
  return { entries: topEntries(walk, root.items), problems: walk.problems, marks };
}

function parse(block: string): { readonly contents: unknown; readonly errors: readonly YAMLError[] } {
  return parseDocument(block, {
    schema: "failsafe",
    version: "1.2",
    uniqueKeys: false,
    merge: false,
    prettyErrors: false,
    logLevel: "silent",
  });
}

function failed(fault: YamlFault, base: number, marks: number): Mapping {
  return { entries: new Map(), problems: [{ ...fault, offset: base + fault.offset }], marks };
}

function topEntries(walk: Walk, items: readonly unknown[]): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  const doubled = new Set<string>();
  for (const item of items) {
    if (!isPair(item) || stopped(walk)) break;
    const key = keyOf(walk, item);
    if (key === null) continue;
    const keyStart = walk.base + offsetOf(item.key);
    if (entries.has(key)) {
      doubled.add(key);
      walk.problems.push(duplicateKey(key, keyStart));
      continue;
    }
    entries.set(key, entryOf(walk, key, keyStart, item));
  }
  for (const key of doubled) entries.delete(key);
  return entries;
}

function entryOf(walk: Walk, key: string, keyStart: number, item: Pair): Entry {
  const value = jsonOf(walk, item.value, 1, key);
  const [start, end] = spanOf(item.value) ?? [0, 0];
  if (start === end) {
    const colon = walk.block.indexOf(":", rangeOf(item.key)?.[1] ?? 0);
    const at = walk.base + colon + 1;
    return { key, value: null, style: "empty", oneLine: true, keyStart, valueStart: at, valueEnd: at };
  }
  const style = styleOf(item.value);
  const oneLine = style !== "block" && !walk.block.slice(start, end).includes("\n");
  return { key, value, style, oneLine, keyStart, valueStart: walk.base + start, valueEnd: walk.base + end };
}

/** A JSON value of a node. Problems go to the walk; what can't be believed becomes null. */
function jsonOf(walk: Walk, node: unknown, depth: number, key: string): unknown {
  if (stopped(walk)) return null;
  if (node === null || node === undefined) return null;
  if (depth > walk.limits.maxDepth) {
    walk.problems.push(tooDeep(walk.base + offsetOf(node), walk.limits.maxDepth));
    return null;
  }
  if (refuseDecorations(walk, node, key)) return null;
  if (isScalar(node)) return scalarOf(walk, node, key);
  if (isSeq(node)) return node.items.map((item) => jsonOf(walk, item, depth + 1, key));
  if (!isMap(node)) return null;
  const values = new Map<string, unknown>();
  for (const item of node.items) {
    const inner = keyOf(walk, item);
    if (inner === null) continue;
    if (values.has(inner)) walk.problems.push(duplicateKey(inner, walk.base + offsetOf(item.key)));
    values.set(inner, jsonOf(walk, item.value, depth + 1, key));
  }
  return Object.fromEntries(values);
}

type ScalarNode = { readonly value: unknown; readonly source?: string; readonly type?: string };

function scalarOf(walk: Walk, node: ScalarNode, key: string): string | null {
  const text = textOf(walk, node, key);
  return text !== null && (node.type === "PLAIN" || node.type === undefined) ? plainValue(text) : text;
}

function textOf(walk: Walk, node: ScalarNode, key: string): string | null {
  const text = typeof node.value === "string" ? node.value : (node.source ?? "");
  // PostgreSQL stores neither U+0000 nor half a surrogate pair, and an escape sequence would move a terminal's cursor.
  if (!/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/.test(text) && text.isWellFormed()) return text;
  push(walk, faultOf("control_character", offsetOf(node), key));
  return null;
}

function keyOf(walk: Walk, item: Pair): string | null {
  walk.keys++;
  if (walk.keys === walk.limits.maxKeys + 1) {
    walk.problems.push(tooManyKeys(walk.base + offsetOf(item.key), walk.limits.maxKeys));
  }
  const key: unknown = item.key;
  if (!isScalar(key)) {
    if (!refuseDecorations(walk, key)) push(walk, faultOf("key_not_text", offsetOf(key)));
    return null;
  }
  const text = textOf(walk, key, "");
  if (text === null) return null;
  if (refuseDecorations(walk, key, text)) return null;
  if (text === "<<") push(walk, faultOf("merge_key", offsetOf(key), text));
  else if (text === "" || text.includes("\n")) push(walk, faultOf("key_not_text", offsetOf(key)));
  else return text;
  return null;
}

/** Anchors, aliases and tags; true when the node must not be used. */
function refuseDecorations(walk: Walk, node: unknown, key: string | null = null): boolean {
  const decorated = isScalar(node) || isCollection(node) ? node : null;
  if (isAlias(node)) push(walk, faultOf("alias", offsetOf(node), key));
  else if (decorated?.anchor !== undefined) push(walk, faultOf("anchor", offsetOf(node), key));
  else if (decorated?.tag !== undefined) push(walk, faultOf("tag", offsetOf(node), key));
  else return false;
  return true;
}

function push(walk: Walk, fault: YamlFault): void {
  walk.problems.push({ ...fault, offset: walk.base + fault.offset });
}

function stopped(walk: Walk): boolean {
  return walk.problems.length >= ENOUGH_PROBLEMS || walk.keys > walk.limits.maxKeys;
}

function styleOf(node: unknown): ValueStyle {
  if (!isScalar(node)) return "collection";
  if (node.type === "QUOTE_DOUBLE") return "double";
  if (node.type === "QUOTE_SINGLE") return "single";
  return node.type === "PLAIN" ? "plain" : "block";
}

type Ranged = { readonly range?: readonly [number, number, number] | null };

function rangeOf(node: unknown): readonly [number, number, number] | null {
  return typeof node === "object" && node !== null ? ((node as Ranged).range ?? null) : null;
}

function spanOf(node: unknown): readonly [number, number] | null {
  const range = rangeOf(node);
  return range === null ? null : [range[0], range[1]];
}

function offsetOf(node: unknown): number {
  return rangeOf(node)?.[0] ?? 0;
}
