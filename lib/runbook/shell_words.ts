// A block's text as a shell splits it: simple commands and their words, and what it expands. Enough to know which commands
// stand there; whether bash can read them is for bash to say.

/** The words of one command, without its quotes, assignments included, redirections left out. */
export type SimpleCommand = readonly string[];

export interface Expansion {
  /** As written: `${NAME:?}`. */
  readonly text: string;
  readonly name: string;
  readonly inQuotes: boolean;
}

// In the order in which they are tried. `<name>` and `<NAME>` are what documents write in a value's place, and no redirection.
const TOKEN =
  /(?<blank>[ \t]+|\\\n)|(?<comment>(?<=^|\s)#[^\n]*)|(?<open>[<>$]\()|(?<close>\))|(?<end>&&|\|\||[\n;&|(`])|(?<value><(?:[a-z][\w -]*|[A-Z][A-Z0-9_]*)>)|(?<redirection>\d*(?:<<<?|>>|[<>])&?)|(?<piece>'[^']*'|"(?:\\[\s\S]|[^"\\])*"|\$\{[^}]*\}|\$\w+|\\.|[^\s'"\\<>;&|()`$]+|[\s\S])/g;

interface Reading {
  readonly done: string[][];
  /** Words of commands within which a substitution is open. */
  readonly outer: string[][];
  words: string[];
  word: string | null;
  /** The next word names a file. */
  redirected: boolean;
}

const TAKE: Readonly<Record<string, (reading: Reading, token: string) => void>> = {
  blank: endWord,
  comment: endWord,
  end: endCommand,
  open: (reading) => {
    reading.outer.push(reading.words);
    reading.words = [];
    reading.word = null;
  },
  close: (reading) => {
    endCommand(reading);
    const words = reading.outer.pop();
    // What the shell puts in a substitution's place.
    if (words) Object.assign(reading, { words, word: "/dev/fd/63" });
  },
  redirection: (reading) => {
    endWord(reading);
    reading.redirected = true;
  },
  value: addTo,
  piece: addTo,
};

/** Those in substitutions are commands of their own; what stands in double quotes is not looked into. */
export function simpleCommands(text: string): SimpleCommand[] {
  const reading: Reading = { done: [], outer: [], words: [], word: null, redirected: false };
  for (const { 0: token, groups = {} } of text.matchAll(TOKEN)) {
    const group = Object.keys(groups).find((name) => groups[name] !== undefined) ?? "";
    TAKE[group]?.(reading, token);
  }
  endCommand(reading);
  return [...reading.done, ...reading.outer.filter((words) => words.length > 0)];
}

/** Variables that the shell would put in; none of those in single quotes. */
export function expansionsIn(text: string): Expansion[] {
  return [...text.matchAll(TOKEN)].flatMap(({ groups }) => {
    const piece = groups?.piece ?? "";
    if (piece.startsWith("'") || piece.startsWith("\\")) return [];
    const inQuotes = piece.startsWith('"');
    return [...piece.matchAll(VARIABLE)].map(([each, braced, bare]) => ({
      text: each,
      name: braced ?? bare ?? "",
      inQuotes,
    }));
  });
}

const VARIABLE = /(?<!\\)\$(?:\{[#!]?(\w+)[^}]*\}|([A-Za-z_]\w*))/g;

function endWord(reading: Reading): void {
  if (reading.word === null) return;
  if (!reading.redirected) reading.words.push(reading.word);
  reading.redirected = false;
  reading.word = null;
}

function endCommand(reading: Reading): void {
  endWord(reading);
  if (reading.words.length > 0) reading.done.push(reading.words);
  reading.words = [];
}

function addTo(reading: Reading, token: string): void {
  reading.word = (reading.word ?? "") + unquoted(token);
}

function unquoted(piece: string): string {
  if (/^'[^']*'$|^".*"$/s.test(piece)) return piece.slice(1, -1);
  return piece.startsWith("\\") ? piece.slice(1) : piece;
}
