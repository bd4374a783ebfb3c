// A connection that is used by one transaction at a time, and that ends for good when it closes or falls silent. The
// driver would reconnect on its own and leave some statements neither answered nor refused; here each statement settles.
import type postgres from "postgres";
import { OpsFailure } from "../failure.ts";
import { errorCode } from "./database_failure.ts";
import type { Sql, Transaction } from "./handles.ts";

export interface TransactionOptions {
  readonly isolation?: "read committed" | "repeatable read";
  /** Runs everything and then rolls it back: a rehearsal on the real data. */
  readonly rollBack?: boolean;
  /** Another deadline than the database's for each statement: for work that may take long, or wait long. */
  readonly answerWithinMs?: number;
}

/** What both the client and a transaction's handle are to the guard. */
type Handle = postgres.ISql<Record<string, never>>;

/** Must be closed, unless it is lost. */
export class Lane {
  readonly #client: Sql;
  readonly #usuallyWithinMs: number;
  #answerWithinMs: number;
  readonly #waiting = new Set<(reason: OpsFailure) => void>();
  #lost: OpsFailure | undefined;
  #ended = Promise.resolve();

  /** @param open makes a client of one connection that calls back when that connection has closed */
  constructor(open: (onclose: () => void) => Sql, answerWithinMs: number) {
    this.#usuallyWithinMs = answerWithinMs;
    this.#answerWithinMs = answerWithinMs;
    this.#client = open(() => this.#lose("the connection to PostgreSQL closed"));
  }

  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  /** Statements that were sent and are not answered yet. */
  get unanswered(): number {
    return this.#waiting.size;
  }

  /** For statements outside of transactions. */
  get sql(): Sql {
    return this.#guarded(this.#client as unknown as Handle) as unknown as Sql;
  }

  async close(): Promise<void> {
    await this.#client.end({ timeout: 5 });
  }

  /** See TransactionLanes.run. Three waits: for BEGIN, for the work (as long as it takes), for COMMIT or ROLLBACK. */
  async transaction<T>(work: (tx: Transaction) => Promise<T>, options: TransactionOptions): Promise<T> {
    this.#answerWithinMs = options.answerWithinMs ?? this.#usuallyWithinMs;
    const [begun, worked] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let result: { value: T } | undefined;
    let inside = false;
    const mode = `isolation level ${options.isolation ?? "read committed"}`;
    const transaction = this.#client.begin(mode, async (raw) => {
      inside = true;
      begun.resolve();
      try {
        result = { value: await this.#carry(work, raw) };
      } finally {
        worked.resolve();
      }
      if (options.rollBack) throw new RollBack();
    });
    try {
      await this.#answered(Promise.race([begun.promise, transaction]));
      await Promise.race([worked.promise, transaction]);
      await this.#answered(transaction);
    } catch (error) {
      if (!(error instanceof RollBack)) throw inside && !(error instanceof OpsFailure) ? (this.#lost ?? error) : error;
    }
    if (result === undefined) throw this.#lost ?? new Error("a transaction ended without its work");
    return result.value;
  }

  /**
   * Hands a failure on only when the client has ended: the driver answers it with a ROLLBACK, and one that it writes
   * between the close and the end goes to a socket that is null (an uncaught TypeError in 3.4.9).
   */
  async #carry<T>(work: (tx: Transaction) => Promise<T>, raw: postgres.TransactionSql): Promise<T> {
    const block = { ended: false };
    try {
      const value = await work(this.#guarded(raw as unknown as Handle, block) as unknown as Transaction);
      this.#refuseIfLost();
      return value;
    } catch (error) {
      await this.#ended;
      throw error;
    } finally {
      block.ended = true;
    }
  }

  /** A handle that refuses statements once the connection is lost or its block over, and whose statements settle. */
  #guarded(raw: Handle, block = { ended: false }): Handle {
    const refuse = () => {
      this.#refuseIfLost();
      // It would run outside of any transaction, or inside of somebody else's.
      if (block.ended) throw new Error("A statement came after the end of its transaction: something was not awaited");
    };
    const statement = (made: unknown) => (made instanceof Promise ? this.#settling(made) : made);
    const savepoint = (...given: unknown[]) => {
      const work = given.pop() as (tx: Transaction) => Promise<unknown>;
      const inner = (tx: postgres.TransactionSql) => this.#carry(work, tx);
      return this.#answered((raw as unknown as postgres.TransactionSql).savepoint(...(given as []), inner), null);
    };
    return new Proxy(raw, {
      apply: (target, self, args) => {
        refuse();
        return statement(Reflect.apply(target as unknown as (...given: unknown[]) => unknown, self, args));
      },
      get: (target, name) => {
        refuse();
        if (name === "savepoint" && "savepoint" in target) return savepoint;
        const value: unknown = Reflect.get(target, name);
        return name === "unsafe" || name === "file"
          ? (...given: unknown[]) => statement((value as (...given: unknown[]) => unknown)(...given))
          : value;
      },
    });
  }

  /** The driver sends a statement when its `then` is called for the first time: from there on an answer is due. */
  #settling<T>(made: Promise<T>): Promise<T> {
    const send = made.then.bind(made);
    let answer: Promise<T> | undefined;
    return Object.assign(made, {
      // biome-ignore lint/suspicious/noThenProperty: it is the driver's own promise, which had one
      then: (...handlers: Parameters<typeof send>) => {
        answer ??= this.#answered(new Promise<T>((resolve, reject) => void send(resolve, reject)));
        return answer.then(...handlers);
      },
    });
  }

  /** Settles as `statement` does; rejects when the lane is lost before, or (unless null) when no answer comes in time. */
  #answered<T>(statement: Promise<T>, withinMs: number | null = this.#answerWithinMs): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const silence = () => fail(this.#lose(`no answer from PostgreSQL for ${this.#answerWithinMs / 1000} s`));
    const timer = withinMs === null ? undefined : setTimeout(silence, withinMs);
    const settled = () => {
      clearTimeout(timer);
      this.#waiting.delete(fail);
    };
    const fail = (reason: unknown) => {
      settled();
      reject(reason);
    };
    this.#waiting.add(fail);
    statement.then(
      (value) => {
        settled();
        resolve(value);
      },
      (error) => {
        if (isConnectionError(error)) this.#lose("the connection to PostgreSQL closed", error);
        fail(error);
      },
    );
    return promise;
  }

  /** Ends the client before it can reconnect. What the driver does not refuse by then, it would leave open for ever. */
  #lose(observed: string, cause?: unknown): OpsFailure {
    if (this.#lost) return this.#lost;
    const lost = new OpsFailure("Could not go on with the State Hub database", {
      observed,
      hint: "Run the same command again: what was not committed is done then",
      cause,
    });
    this.#lost = lost;
    this.#ended = this.#client
      .end({ timeout: 0 })
      .catch(() => {})
      .then(() => {
        for (const fail of this.#waiting) fail(lost);
      });
    return lost;
  }

  #refuseIfLost(): void {
    if (this.#lost) throw this.#lost;
  }
}

class RollBack extends Error {}

// The driver's own codes, and Node's for sockets. No SQLSTATE looks like them.
function isConnectionError(error: unknown): boolean {
  return /^(CONNECT|E[A-Z])/.test(errorCode(error));
}
