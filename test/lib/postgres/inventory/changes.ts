// The changes of `changes.sql`, each with the names of what it changes.

export interface Change {
  readonly what: string;
  readonly sql: string;
  /** "KIND OBJECT" of each difference that it makes; all must be found. */
  readonly named: readonly string[];
}

/** @param text of `changes.sql` */
export function changesIn(text: string): Change[] {
  const [, ...blocks] = text.trimEnd().split("\n\n");
  return blocks.map((block) => {
    const lines = block.split("\n");
    const named = lines.filter((line) => line.startsWith("--= ")).map((line) => line.slice(4));
    const sql = lines.filter((line) => !line.startsWith("--")).join("\n");
    return { what: (lines[0] ?? "").slice(3), sql, named };
  });
}
