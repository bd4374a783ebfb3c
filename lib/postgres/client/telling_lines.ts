// Keeps the lines that tell of a failure out of all that --verbose prints: the first ones, since after the first error
// other workers only tell that they were ended.
import { readVerboseLine } from "./verbose_lines.ts";

const KEPT_LINES = 100;
const KEPT_CHARACTERS = 2_000;
// pg_restore names the entry before it names the error.
const FIRST = /error: |fatal: |FATAL: |PANIC: |warning: |pg_restore: (?:from TOC entry|while )|command not found/;

/** Keeps the lines that explain a failure, and no others. */
export class TellingLines {
  readonly #lines: string[] = [];

  take(line: string): void {
    if (this.#lines.length >= KEPT_LINES) return;
    if (this.#lines.length === 0 && !FIRST.test(line)) return;
    const { at, finished } = readVerboseLine(line);
    if (at === undefined && finished === undefined) this.#lines.push(line.slice(0, KEPT_CHARACTERS));
  }

  /** Not for printing: a statement may hold a password (CREATE SUBSCRIPTION), a detail a row. */
  get text(): string {
    return this.#lines.join("\n");
  }
}
