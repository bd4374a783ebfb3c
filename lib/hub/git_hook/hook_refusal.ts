// Which hooks are not ours to change, and what their owner can do: another account's, another tool's, or one that is no
// script for a shell. What would be written into those is lost at their next update, or breaks them.
import { dirname } from "node:path";
import { foreignOwner } from "../../git/advance/write_access.ts";
import { shellQuoted } from "../../shell_quoted.ts";
import { MARKER } from "./hook_block.ts";
import type { HookFile } from "./hook_file.ts";
import { hasForeignMarker, isHalf } from "./hook_text.ts";

export interface Refusal {
  readonly why: string;
  /** What a person can do about it. */
  readonly hint: string;
  /** Whether the block itself could stand elsewhere, for a person to paste. */
  readonly paste: boolean;
}

const SHELL = /^#! ?(?:\/usr)?\/bin\/(?:env (?:-S )?)?(?:ba|da)?sh(?: +-[a-zA-Z]+)* *\n/;
/** Tools that write this file themselves, and would write it again, by what they put into it. */
const MANAGERS: readonly (readonly [RegExp, string])[] = [
  [/pre-commit\.com|pre_commit/, "pre-commit"],
  [/husky/i, "husky"],
  [/lefthook/i, "lefthook"],
  [/overcommit/i, "overcommit"],
];
const ELSEWHERE = "Paste these lines into a shell script that it runs after each commit:";

/** @returns null when our lines may be put into this file */
export function installRefused(file: HookFile): Refusal | null {
  const { text, mode, plain, path } = file;
  const refused = writeRefused(file);
  if (refused !== null || text === null) return refused;
  if (!plain) return elsewhere("it is a link, or no plain file: it belongs to the tool that put it there");
  if (hasForeignMarker(text)) return byHand(`"${MARKER}" stands there outside of a block of ours`, path);
  if (text.includes("\0") || !SHELL.test(text)) return elsewhere("it is no script for sh or bash");
  const manager = MANAGERS.find(([pattern]) => pattern.test(text));
  if (manager !== undefined) return elsewhere(`it is written by ${manager[1]}, which would write it again`);
  if ((mode & 0o100) !== 0) return null;
  const why = "it is not executable: git does not run it, and would then";
  return { why, hint: `chmod +x ${shellQuoted(path)}`, paste: false };
}

/** @returns null when our lines may be taken out of this file */
export function writeRefused({ path, text, plain }: HookFile): Refusal | null {
  // Its folder may have to be made first, and lies in one that is there.
  const places = [path, dirname(path), dirname(dirname(path))];
  const foreign = places.map(foreignOwner).find((words) => words !== null);
  if (foreign !== undefined) return { why: foreign, hint: "Run this as that account", paste: false };
  return text !== null && plain && isHalf(text) ? byHand("a block of ours begins there and does not end", path) : null;
}

/** @param why in words that name whose folder it is */
export function elsewhere(why: string): Refusal {
  return { why, hint: ELSEWHERE, paste: true };
}

function byHand(why: string, path: string): Refusal {
  return { why, hint: `Take those lines out by hand, then run this again: ${path}`, paste: false };
}
