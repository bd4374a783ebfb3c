// The only transaction function. postgres.js 3.4 can run the rest of a `begin` block on a new connection, each
// statement committing by itself, when the backend dies in the middle (porsager/postgres #1155, #1195, #1208): half a
// change, with no error to see. Here each transaction owns a client of one connection; when that connection closes the
// client is ended before it can reconnect, and every later statement of the block throws.
import type postgres from "postgres";
import { OpsFailure } from "../failure.ts";
import type { Sql, Transaction } from "./connect.ts";

export interface TransactionOptions {
  readonly isolation?: "read committed" | "repeatable read";
  /** Runs everything and then rolls it back: a rehearsal on the real data. */
  readonly rollBack?: boolean;
}

interface Lane {
  readonly client: Sql;
  closed: boolean;
}

// More would only queue in the server: work on two cores is bound by the processor, not by waiting.
const MAX_LANES = 4;

export class TransactionLanes {
  readonly #open: (onclose: () => void) => Sql;
  readonly #idle: Lane[] = [];
  readonly #waiting: (() => void)[] = [];
  #busy = 0;

  constructor(open: (onclose: () => void) => Sql) {
    this.#open = open;
  }

  /**
   * @returns what `work` returned, after COMMIT was acknowledged
   * @throws what `work` threw, after ROLLBACK; OpsFailure (automation) when the connection closed: nothing of the
   * transaction is in the database, unless it was COMMIT itself whose answer got lost (run again to find out)
   */
  async run<T>(work: (tx: Transaction) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    const lane = await this.#take();
    let rolledBack: { value: T } | undefined;
    try {
      return (await lane.client.begin(`isolation level ${options.isolation ?? "read committed"}`, async (raw) => {
        const value = await work(guarded(raw, lane));
        refuseAfterClose(lane);
        if (options.rollBack) {
          rolledBack = { value };
          throw new RollBack();
        }
        return value;
      })) as T;
    } catch (error) {
      if (error instanceof RollBack && rolledBack) return rolledBack.value;
      if (lane.closed && !(error instanceof OpsFailure)) throw connectionLost(error);
      throw error;
    } finally {
      this.#give(lane);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#idle.splice(0).map((lane) => lane.client.end({ timeout: 5 })));
  }

  async #take(): Promise<Lane> {
    while (this.#busy >= MAX_LANES) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#busy++;
    return this.#idle.pop() ?? this.#newLane();
  }

  #newLane(): Lane {
    const lane: Lane = {
      closed: false,
      client: this.#open(() => {
        lane.closed = true;
        // Before the driver can reconnect: whatever it still holds is refused, never sent.
        void lane.client.end({ timeout: 0 }).catch(() => {});
      }),
    };
    return lane;
  }

  #give(lane: Lane): void {
    this.#busy--;
    if (!lane.closed) this.#idle.push(lane);
    this.#waiting.shift()?.();
  }
}

class RollBack extends Error {}

function connectionLost(cause: unknown): OpsFailure {
  return new OpsFailure("Could not finish the transaction", {
    observed: "its connection to PostgreSQL closed",
    hint: "Run the same command again: what was not committed is done then",
    cause,
  });
}

function refuseAfterClose(lane: Lane): void {
  if (lane.closed) throw connectionLost(undefined);
}

/** The transaction's handle, which throws instead of passing a statement on once the connection has closed. */
function guarded(raw: postgres.TransactionSql, lane: Lane): Transaction {
  return new Proxy(raw, {
    apply(target, self, args) {
      refuseAfterClose(lane);
      return Reflect.apply(target as unknown as (...given: unknown[]) => unknown, self, args);
    },
    get(target, name, receiver) {
      refuseAfterClose(lane);
      return Reflect.get(target, name, receiver);
    },
  });
}
