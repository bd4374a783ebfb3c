// Where the script's own output begins. What the account's shell prints before (a greeting in ~/.bashrc) is not the script's,
// and would make its JSON unreadable.

/** The script's process id, or that there is no such script over there. */
export type StartWord = number | "missing";

export interface MarkedOutput {
  /** @returns what belongs to the script; empty until the mark has come */
  take(chunk: Uint8Array): Uint8Array;
  /** null: the mark has not come. */
  word(): StartWord | null;
  /** What came before the mark, or the last of it where none has come. */
  before(): Uint8Array;
}

const NOTHING = new Uint8Array();
/** An account whose command is another one may print without end. */
const MOST_HELD = 64 * 1024;

export function markedOutput(mark: string): MarkedOutput {
  // The whole line: a command that gives back what it is told holds the mark, too, and starts nothing.
  const wanted = new RegExp(`${mark} (\\d+|missing)\\n`);
  let held: Buffer = Buffer.alloc(0);
  let word: StartWord | null = null;
  return {
    take: (chunk) => {
      if (word !== null) return chunk;
      held = Buffer.concat([held, chunk]);
      const found = wanted.exec(held.toString("latin1"));
      if (found === null) {
        held = held.subarray(-MOST_HELD);
        return NOTHING;
      }
      word = found[1] === "missing" ? found[1] : Number(found[1]);
      const rest = held.subarray(found.index + found[0].length);
      held = held.subarray(0, found.index);
      return rest;
    },
    word: () => word,
    before: () => held,
  };
}
