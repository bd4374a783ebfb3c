// Several sessions that see one moment of a database, so that a dump and whatever is compared with it later are of the same
// moment although others write. When one of them ends, the moment is gone: going on would compare two different ones.
import { OpsFailure } from "../failure.ts";
import type { Query, QuerySessions } from "../query.ts";
import { printableUrl, type Secret } from "../secret.ts";
import { databaseFailure, errorCode } from "./database_failure.ts";
import type { Reader } from "./handles.ts";
import { SnapshotTransaction } from "./snapshot_transaction.ts";

/** Which database, by how many sessions, and how patient they are. */
export interface SnapshotOptions {
  readonly url: Secret;
  /** Seen in pg_stat_activity. */
  readonly applicationName: string;
  /** Sessions that run() lends; the one that holds the snapshot comes on top, and is idle unless it is asked. */
  readonly sessions: number;
  /** How long a statement waits for a lock that somebody holds. */
  readonly lockWaitMs: number;
  /** Of every session: a search_path among them keeps functions of the database's owner from being called by its readers. */
  readonly settings: Readonly<Record<string, string>>;
  /** Aborted: every session ends at once, statements under way too. */
  readonly signal?: AbortSignal;
}

// What the server says when it ends a session (PostgreSQL, appendix A): 57P01 to 57P05, 25P03 and 25P04, class 08.
const SESSION_ENDED = /^(57P0\d|25P0[34]|08\w{3})$/;

/** Read only, repeatable read. Must be closed. */
export class Snapshot implements QuerySessions {
  /** For `set transaction snapshot` and `pg_dump --snapshot`; usable for as long as this is open. */
  id = "";
  readonly size: number;
  readonly #url: Secret;
  readonly #signal: AbortSignal | undefined;
  readonly #holder: SnapshotTransaction;
  readonly #lent: readonly SnapshotTransaction[];
  readonly #free: SnapshotTransaction[];
  readonly #waiting: ((session: SnapshotTransaction) => void)[] = [];
  readonly #lost = new AbortController();
  /** Aborted when it is lost, closed or aborted: whatever waits here ends with its reason. */
  readonly #over = new AbortController();

  /** Not connected yet: see openSnapshot(). */
  constructor(options: SnapshotOptions) {
    const { url, applicationName, lockWaitMs, settings, signal } = options;
    const onClose = () => this.#lose("a session of it ended: the connection to PostgreSQL closed");
    const common = { url, applicationName, lockWaitMs, onClose };
    this.size = Math.max(1, options.sessions);
    this.#url = url;
    this.#signal = signal;
    this.#holder = new SnapshotTransaction({ ...common, settings });
    this.#lent = Array.from({ length: this.size }, () => new SnapshotTransaction({ ...common, settings }));
    this.#free = [...this.#lent];
    signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** Aborted with an OpsFailure (automation) when a session ended: server restarted, terminated, line cut. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** The holder's handle, in the snapshot. A statement that is refused ends its transaction: use a savepoint. */
  get sql(): Reader {
    this.#over.signal.throwIfAborted();
    return this.#holder.sql;
  }

  /** The same, with the search_path that the application's own statements expect; for what comes last: the holder keeps it. */
  async sqlOfApplication(): Promise<Reader> {
    await this.holder("set local search_path to default");
    return this.sql;
  }

  /** The same session as `sql`. */
  get holder(): Query {
    return (text, parameters) => this.#untilOver(this.#query(this.#holder)(text, parameters));
  }

  /**
   * Waits for a free session. A refused statement throws the driver's error with its SQLSTATE in `code`, and ends the
   * transaction of that session unless `work` goes back to a savepoint.
   * @throws `lost`'s reason at once when it is lost, the signal's when it is aborted
   */
  async run<T>(work: (query: Query) => Promise<T>): Promise<T> {
    const session = await this.#untilOver(this.#lend());
    try {
      return await this.#untilOver(work(this.#query(session)));
    } finally {
      this.#takeBack(session);
    }
  }

  /** Connects: first the holder, then all others at once. */
  async open(): Promise<void> {
    this.#signal?.throwIfAborted();
    this.id = await this.#untilOver(this.#holder.beginAndExport());
    await this.#untilOver(Promise.all(this.#lent.map((session) => session.beginIn(this.id))));
  }

  async close(): Promise<void> {
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#over.abort(new OpsFailure("Could not use the snapshot of the database", { observed: "it was closed" }));
    await Promise.all([this.#holder, ...this.#lent].map((session) => session.close().catch(() => {})));
  }

  readonly #onAbort = () => {
    this.#over.abort(this.#signal?.reason);
    void this.close();
  };

  #query(session: SnapshotTransaction): Query {
    return async (text, parameters = []) => {
      this.#over.signal.throwIfAborted();
      try {
        return [...(await session.sql.unsafe(text, [...parameters]))] as never;
      } catch (error) {
        if (session.isLost || SESSION_ENDED.test(errorCode(error)))
          this.#lose("the server ended a session of it", error);
        this.#over.signal.throwIfAborted();
        throw error;
      }
    };
  }

  async #lend(): Promise<SnapshotTransaction> {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    const { promise, resolve } = Promise.withResolvers<SnapshotTransaction>();
    this.#waiting.push(resolve);
    return promise;
  }

  #takeBack(session: SnapshotTransaction): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(session);
    else next(session);
  }

  /** Settles as `work` does, or rejects when this is over. */
  async #untilOver<T>(work: Promise<T>): Promise<T> {
    const { signal } = this.#over;
    // It may be refused as well, when nobody asks for it any more.
    work.catch(() => {});
    signal.throwIfAborted();
    const { promise, reject } = Promise.withResolvers<never>();
    const end = () => reject(signal.reason);
    signal.addEventListener("abort", end, { once: true });
    try {
      return await Promise.race([work, promise]);
    } finally {
      signal.removeEventListener("abort", end);
    }
  }

  #lose(observed: string, cause?: unknown): void {
    if (this.#over.signal.aborted) return;
    const lost = new OpsFailure("Could not keep the snapshot of the database", {
      observed,
      where: printableUrl(this.#url.reveal()),
      hint: "The server's log says why the session ended; run the same command again: it takes another snapshot",
      ...(cause === undefined ? {} : { cause }),
    });
    this.#over.abort(lost);
    this.#lost.abort(lost);
    void this.close();
  }
}

/**
 * Also of a copy, or of a hot standby.
 * @throws OpsFailure (automation): no connection, too few of them left, a pooler; the signal's reason when aborted
 */
export async function openSnapshot(options: SnapshotOptions): Promise<Snapshot> {
  const snapshot = new Snapshot(options);
  try {
    await snapshot.open();
    return snapshot;
  } catch (error) {
    await snapshot.close();
    options.signal?.throwIfAborted();
    throw refusal(snapshot.lost.aborted ? ((snapshot.lost.reason as OpsFailure).cause ?? error) : error, options.url);
  }
}

function refusal(error: unknown, url: Secret): OpsFailure {
  const couldNot = "Could not take a snapshot of the database";
  if (!(error instanceof OpsFailure) || !error.observed?.startsWith("a pooler: ")) {
    return databaseFailure(couldNot, error, url);
  }
  return new OpsFailure(couldNot, {
    observed: error.observed,
    expected: "the PostgreSQL server itself: a snapshot lives in a session of its own",
    where: printableUrl(url.reveal()),
    hint: "Point DATABASE_URL at the server's own host and port",
  });
}
