// The only transaction function. postgres.js 3.4 can run the rest of a `begin` block on a new connection, each
// statement committing by itself, when the backend dies in the middle (porsager/postgres #1155, #1195, #1208): half a
// change, with no error to see. Here each transaction has a connection of its own, and the block ends with it (lane.ts).
import { OpsFailure } from "../failure.ts";
import type { Transaction, TransactionOptions } from "./handles.ts";
import type { Lane } from "./lane.ts";

const COULD_NOT = "Could not go on with the State Hub database";

export class TransactionLanes {
  readonly #open: () => Lane;
  readonly #size: number;
  #idle: Lane[] = [];
  readonly #waiting: (() => void)[] = [];
  #busy = 0;
  #closed = false;

  /** @param size transactions at once; others wait for their turn */
  constructor(open: () => Lane, size: number) {
    this.#open = open;
    this.#size = size;
  }

  get use(): { readonly size: number; readonly busy: number; readonly waiting: number } {
    return { size: this.#size, busy: this.#busy, waiting: this.#waiting.length };
  }

  /**
   * @returns what `work` returned, after COMMIT was acknowledged
   * @throws what `work` threw, after ROLLBACK; the driver's error when no connection could be made; OpsFailure
   * (automation) when the connection closed or fell silent: nothing of the transaction is in the database, unless it was
   * COMMIT itself whose answer got lost (run again to find out); OpsFailure (automation) when close() came before its turn
   */
  async run<T>(work: (tx: Transaction) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    const lane = await this.#take();
    try {
      return await lane.transaction(work, options);
    } finally {
      this.#give(lane);
    }
  }

  /**
   * One that still ends its transaction closes as soon as it has. What waits for its turn has none any more: whoever closes has
   * stopped waiting for it, and would say that the work is over while the rest of it commits.
   */
  async close(): Promise<void> {
    this.#closed = true;
    for (const wake of this.#waiting.splice(0)) wake();
    await Promise.all(this.#idle.splice(0).map((lane) => lane.close()));
  }

  async #take(): Promise<Lane> {
    while (this.#busy >= this.#size) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
      if (this.#closed) throw new OpsFailure(COULD_NOT, { observed: "it was closed before this transaction's turn" });
    }
    this.#busy++;
    // One that closed while nobody used it (a restarted server) is no reason to fail.
    this.#idle = this.#idle.filter((lane) => !lane.isLost);
    return this.#idle.pop() ?? this.#open();
  }

  #give(lane: Lane): void {
    this.#busy--;
    if (this.#closed && !lane.isLost) void lane.close().catch(() => {});
    else if (!lane.isLost) this.#idle.push(lane);
    this.#waiting.shift()?.();
  }
}
