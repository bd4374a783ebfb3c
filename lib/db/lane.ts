// A connection that is used by one transaction at a time, and that ends for good when it closes or falls silent. The
// driver would reconnect on its own and leave some statements neither answered nor refused; here each statement settles.
import type postgres from "postgres";
import { OpsFailure } from "../failure.ts";
import { isConnectionError } from "./database_failure.ts";
import { guardedHandle, type Handle } from "./guarded_handle.ts";
import type { Sql, Transaction, TransactionOptions } from "./handles.ts";
import type { Interruption } from "./interruption.ts";

/** A statement on its way: the driver notes which process of the server answers it. */
interface Sent {
  readonly state?: { readonly pid: number | null } | null;
}

/** Must be closed, unless it is lost. */
export class Lane {
  readonly #client: Sql;
  readonly #usuallyWithinMs: number;
  #answerWithinMs: number;
  readonly #waiting = new Set<(reason: OpsFailure) => void>();
  readonly #interruption: Interruption | null;
  #lost: OpsFailure | undefined;
  #interrupted = false;
  #latest: Sent | undefined;
  #ended = Promise.resolve();

  /**
   * @param open makes a client of one connection that calls back when that connection has closed
   * @param interruption ends what waits when the run is told to stop; a COMMIT under way is waited for all the same
   */
  constructor(open: (onclose: () => void) => Sql, answerWithinMs: number, interruption: Interruption | null = null) {
    this.#interruption = interruption;
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
      await this.#answered(transaction, this.#answerWithinMs, null);
    } catch (error) {
      await this.#ended;
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
      return this.#answered((raw as unknown as postgres.TransactionSql).savepoint(...(given as []), inner), null, null);
    };
    return guardedHandle(raw, { refuse, statement, savepoint });
  }

  /** The driver sends a statement when its `then` is called for the first time: from there on an answer is due. */
  #settling<T>(made: Promise<T>): Promise<T> {
    const send = made.then.bind(made);
    let answer: Promise<T> | undefined;
    return Object.assign(made, {
      // biome-ignore lint/suspicious/noThenProperty: it is the driver's own promise, which had one
      then: (...handlers: Parameters<typeof send>) => {
        this.#latest = made as Promise<T> & Sent;
        answer ??= this.#answered(new Promise<T>((resolve, reject) => void send(resolve, reject)));
        return answer.then(...handlers);
      },
    });
  }

  /** Settles as `statement` does; rejects when the lane is lost before, or (unless null) when no answer comes in time. */
  #answered<T>(
    statement: Promise<T>,
    withinMs: number | null = this.#answerWithinMs,
    interruption: Interruption | null = this.#interruption,
  ): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const silence = () => fail(this.#lose(`no answer from PostgreSQL for ${this.#answerWithinMs / 1000} s`));
    const timer = withinMs === null ? undefined : setTimeout(silence, withinMs);
    const forget = interruption?.watch((why) => this.#interrupt(why));
    const settled = () => {
      clearTimeout(timer);
      forget?.();
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
        if (this.#interrupted) void this.#ended.then(() => fail(this.#lost));
        else fail(error);
      },
    );
    return promise;
  }

  /** The connection is of no use any more; why, the first one says. */
  #lose(observed: string, cause?: unknown): OpsFailure {
    const hint = "Run the same command again: what was not committed is done then";
    return (
      this.#lost ?? this.#end(new OpsFailure("Could not go on with the State Hub database", { observed, hint, cause }))
    );
  }

  /** Nothing of a transaction goes on: its next statement is refused, and the server forgets what it has done. */
  #interrupt(why: OpsFailure): void {
    if (this.#lost) return;
    this.#interrupted = true;
    const pid = this.#latest?.state?.pid;
    this.#end(why, pid ? this.#interruption?.endBackend(pid) : undefined);
  }

  /** Ends the client before it can reconnect. What the driver does not refuse by then, it would leave open for ever. */
  #end(lost: OpsFailure, onServer?: Promise<void>): OpsFailure {
    this.#lost = lost;
    this.#ended = Promise.all([this.#client.end({ timeout: 0 }).catch(() => {}), onServer]).then(() => {
      for (const fail of this.#waiting) fail(lost);
    });
    return lost;
  }

  #refuseIfLost(): void {
    if (this.#lost) throw this.#lost;
  }
}

class RollBack extends Error {}
