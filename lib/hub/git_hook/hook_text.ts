// Our block inside the text of a hook: found, put in, taken out, every other byte as it was. Texts are read as one character
// a byte (latin1), so that a hook in any encoding comes back as it was written. (pure)
import { BLOCK_BEGIN, BLOCK_END, FILE_HEAD, hookBlock, MARKER } from "./hook_block.ts";

/** Null: there is no such file. */
export type HookText = string | null;

export type HookState = "installed" | "not_installed" | "outdated" | "other_hook";

interface Block {
  readonly start: number;
  /** After its last line's end. */
  readonly end: number;
}

/** @param slug null where nobody knows what the block should say: then any block of ours counts as installed */
export function hookState(text: HookText, slug: string | null): HookState {
  if (text === null) return "not_installed";
  const [block, another] = blocksIn(text) ?? [];
  if (block === undefined) return "other_hook";
  if (slug === null) return "installed";
  return another === undefined && text.slice(block.start, block.end) === hookBlock(slug) ? "installed" : "outdated";
}

/** The text with the block for `slug`, and no other of ours; the same text when it stands there already. */
export function withBlock(text: HookText, slug: string): string {
  if (text === null) return FILE_HEAD + hookBlock(slug);
  const [first] = blocksIn(text) ?? [];
  const rest = withoutBlocks(text);
  // Where an earlier one stood; else before anything that could end the script.
  const at = first?.start ?? text.indexOf("\n") + 1;
  return rest.slice(0, at) + hookBlock(slug) + rest.slice(at);
}

/** The text without any block of ours; null when nothing is left of a file that was ours alone. */
export function withoutBlock(text: HookText): HookText {
  if (text === null) return null;
  const rest = withoutBlocks(text);
  return rest === FILE_HEAD ? null : rest;
}

/** Whether one of our blocks begins and does not end: what is ours cannot be told from the rest. */
export function isHalf(text: string): boolean {
  return blocksIn(text) === null;
}

/** Whether our marker stands outside of our blocks: another tool's hook, or one that a person has changed. */
export function hasForeignMarker(text: string): boolean {
  return withoutBlocks(text).includes(MARKER);
}

function withoutBlocks(text: string): string {
  return (blocksIn(text) ?? []).reduceRight((rest, { start, end }) => rest.slice(0, start) + rest.slice(end), text);
}

/** In order; null when one begins and does not end. */
function blocksIn(text: string): Block[] | null {
  const blocks: Block[] = [];
  for (let from = 0; ; ) {
    const start = lineStart(text, BLOCK_BEGIN, from);
    if (start < 0) return blocks;
    const last = lineStart(text, BLOCK_END, start);
    const next = lineStart(text, BLOCK_BEGIN, start + 1);
    if (last < 0 || (next >= 0 && next < last)) return null;
    const newline = text.indexOf("\n", last);
    from = newline < 0 ? text.length : newline + 1;
    blocks.push({ start, end: from });
  }
}

/** Where a line begins with these words; -1 when none does. */
function lineStart(text: string, words: string, from: number): number {
  for (let at = text.indexOf(words, from); at >= 0; at = text.indexOf(words, at + 1))
    if (at === 0 || text[at - 1] === "\n") return at;
  return -1;
}
