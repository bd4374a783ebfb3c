// Words for a command that a person will paste. What a file, a path or the hub says goes in quoted: a task id such as
// `x$(rm -rf ~)` must not run because a report named it.

// Control and format characters (a newline, ESC, a mark that turns the direction of text), line ends, lone surrogates.
const NOT_SHOWN = /[\p{C}\p{Zl}\p{Zp}]/u;

/**
 * As a shell reads it back, always on one line. What cannot be shown is written by its bytes in `$'...'`, which bash, zsh,
 * ksh and POSIX.1-2024 know.
 */
export function shellQuoted(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  if (!NOT_SHOWN.test(word)) return `'${word.replaceAll("'", "'\\''")}'`;
  return `$'${[...word].map(escaped).join("")}'`;
}

function escaped(char: string): string {
  if (char === "'" || char === "\\") return `\\${char}`;
  if (!NOT_SHOWN.test(char)) return char;
  return [...Buffer.from(char)].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
}
