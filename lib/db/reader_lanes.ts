// Connections for statements outside of transactions. One is enough for a script, whose statements follow each other; a
// service has many readers at once, and behind one long answer all the others would wait.
import type { Sql } from "./handles.ts";
import type { Lane } from "./lane.ts";

export class ReaderLanes {
  readonly #open: () => Lane;
  readonly #size: number;
  #lanes: Lane[] = [];
  #closed = false;

  /** @param size connections at most; each is made when it is needed first */
  constructor(open: () => Lane, size: number) {
    this.#open = open;
    this.#size = size;
  }

  /**
   * Of the connection with the fewest statements under way. Ask for it each time: a lost connection is replaced.
   * After close() its statements are refused: nobody would close another connection, and it keeps the process alive.
   */
  get sql(): Sql {
    if (this.#closed) return refusing(this.#open());
    this.#lanes = this.#lanes.filter((lane) => !lane.isLost);
    const free = this.#lanes.find((lane) => lane.unanswered === 0);
    if (free === undefined && this.#lanes.length < this.#size) this.#lanes.push(this.#open());
    const lane = free ?? this.#lanes.toSorted((one, other) => one.unanswered - other.unanswered)[0];
    if (lane === undefined) throw new Error("a pool of no connections was asked for one");
    return lane.sql;
  }

  get use(): { readonly size: number; readonly busy: number; readonly waiting: number } {
    const unanswered = this.#lanes.map((lane) => lane.unanswered);
    const busy = unanswered.filter((count) => count > 0).length;
    return { size: this.#size, busy, waiting: unanswered.reduce((sum, count) => sum + Math.max(0, count - 1), 0) };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#lanes.splice(0).map((lane) => lane.close()));
  }
}

/** Never connected: the driver refuses the statements of a client that was ended. */
function refusing(lane: Lane): Sql {
  void lane.close().catch(() => {});
  return lane.sql;
}
