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
const NEWLINE = 10;
/** An account whose command is another one may print without end. */
const MOST_HELD = 64 * 1024;

export function markedOutput(mark: string): MarkedOutput {
  const wanted = Buffer.from(`${mark} `);
  let held: Buffer = Buffer.alloc(0);
  let word: StartWord | null = null;
  return {
    take: (chunk) => {
      if (word !== null) return chunk;
      held = Buffer.concat([held, chunk]);
      const at = held.indexOf(wanted);
      const end = at === -1 ? -1 : held.indexOf(NEWLINE, at);
      if (end === -1) {
        held = held.subarray(-MOST_HELD);
        return NOTHING;
      }
      const said = held.toString("latin1", at + wanted.length, end);
      word = said === "missing" ? said : Number(said);
      const rest = held.subarray(end + 1);
      held = held.subarray(0, at);
      return rest;
    },
    word: () => word,
    before: () => held,
  };
}
