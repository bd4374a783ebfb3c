// What a shell says, cut at marks that it prints itself: where one block's output ends is known by nothing else.

/** In characters; what comes after is dropped. */
const MOST = 16 * 1024 * 1024;

export interface StreamUse {
  /** Each line of what stands before the first mark, as it comes. */
  readonly onLine: ((line: string) => void) | undefined;
  /** It said more than anybody reads. */
  readonly tooMuch: () => void;
}

export interface MarkedStream {
  /** What to do with what it says from now on. */
  use(next: StreamUse | null): void;
  /** The pieces before each of so many marks; one piece, all that there is, when it ends before. */
  until(mark: string, count: number): Promise<string[]>;
  rest(): string;
}

export function markedStream(stream: ReadableStream<Uint8Array>): MarkedStream {
  const state = { text: "", told: 0, searched: 0, done: false, wake: () => {}, use: null as StreamUse | null };
  void readInto(stream, state);
  const take = (end = state.text.length) => {
    const piece = state.text.slice(0, end);
    state.text = state.text.slice(end);
    state.told = 0;
    state.searched = 0;
    return piece;
  };
  const piecesBefore = (mark: string, count: number): string[] | null => {
    const ends = endsOf(mark, state, count);
    if (ends.length < count) return null;
    return take(ends.at(-1)).split(mark).slice(0, count);
  };
  return {
    use: (next) => {
      state.use = next;
    },
    until: async (mark, count) => {
      for (;;) {
        const pieces = piecesBefore(mark, count);
        if (pieces !== null) return pieces;
        if (state.done) return [take()];
        const { promise, resolve } = Promise.withResolvers<void>();
        state.wake = resolve;
        await promise;
      }
    },
    rest: take,
  };
}

interface StreamState {
  text: string;
  /** Up to here, lines were told. */
  told: number;
  /** Up to here, no first mark can begin. */
  searched: number;
  done: boolean;
  wake: () => void;
  use: StreamUse | null;
}

async function readInto(stream: ReadableStream<Uint8Array>, state: StreamState): Promise<void> {
  const decoder = new TextDecoder();
  try {
    for await (const chunk of stream) {
      if (state.text.length > MOST) continue;
      state.text += decoder.decode(chunk, { stream: true });
      tellLines(state);
      if (state.text.length > MOST) state.use?.tooMuch();
      state.wake();
    }
  } finally {
    state.done = true;
    tellLines(state);
    state.wake();
  }
}

function tellLines(state: StreamState): void {
  // A mark begins with NUL, and behind it is no output; what stands right before it, or at the end of
  // everything, is a last line without an end.
  const mark = state.text.indexOf("\0", state.told);
  const said = mark === -1 ? state.text : state.text.slice(0, mark);
  const isWhole = mark !== -1 || state.done;
  const tell = (end: number) => {
    state.use?.onLine?.(said.slice(state.told, end));
    state.told = Math.min(end + 1, said.length);
  };
  for (let end = said.indexOf("\n", state.told); end !== -1; end = said.indexOf("\n", state.told)) tell(end);
  if (isWhole && said.length > state.told) tell(said.length);
}

/** Where the first marks end, `count` at most. */
function endsOf(mark: string, state: StreamState, count: number): number[] {
  const ends: number[] = [];
  let at = state.text.indexOf(mark, state.searched);
  if (at === -1) state.searched = Math.max(0, state.text.length - mark.length);
  for (; at !== -1 && ends.length < count; at = state.text.indexOf(mark, at + mark.length)) ends.push(at + mark.length);
  return ends;
}
