// What a runbook quotes as the words of a program: a reader searches the page for what stands on his screen, and finds
// nothing when the program has learnt to say it another way.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Glob } from "bun";
import type { TableRow } from "../../lib/runbook/read_runbook.ts";

const ROOT = join(import.meta.dir, "../..");
/** The columns that hold what a reader sees and looks for. */
const SEEN = new Set(["you see", "it says", "it found", "the reason", "C-16 found", "`sweep lock` says", "line"]);
const OTHERS_OWN = [
  "does not appear to be a git repository",
  "not found",
  "Permission denied (publickey",
  "could not read Username",
  "Authentication failed",
  "Host key verification failed",
  "Connection timed out",
  "Connection refused",
  "pre-receive hook declined",
  "protected branch",
  "denied to",
  "non-fast-forward",
  "fetch first",
  // systemd
  "was already loaded",
];
const PROGRAM = [...new Glob("{lib,scripts}/**/*.ts").scanSync(ROOT), "scripts/bun"]
  .map((file) => readFileSync(join(ROOT, file), "utf8"))
  .join("\n");

/** The words in backquotes of such a column; `...` in them stands for what differs. */
export function quotedIn({ titles, cells }: TableRow): string[] {
  const column = titles.findIndex((title) => SEEN.has(title));
  const quotes = [...(cells[column] ?? "").matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? "");
  const pieces = quotes.flatMap((quote) =>
    quote.split("...").map((piece) => piece.trim().replace(/^main (?=is|has)/, "")),
  );
  return pieces.filter((piece) => piece.length >= 3);
}

/** Whether a source of ours holds these words, or git or systemd is known to say them. */
export function isSaid(words: string): boolean {
  return OTHERS_OWN.includes(words) || PROGRAM.includes(words);
}
