// The only door to PostgreSQL. One client for reading, and a transaction function that cannot run half a
// transaction outside of it (see transaction.ts). Loads the driver only when a connection is wanted.
import postgres from "postgres";
import type { Secret } from "../secret.ts";
import { databaseFailure } from "./database_failure.ts";
import type { Sql, Transaction } from "./handles.ts";
import { Lane, type TransactionOptions } from "./lane.ts";
import { TransactionLanes } from "./transaction.ts";

export interface ConnectOptions {
  readonly url: Secret;
  /** Seen in pg_stat_activity, so that a person can tell whose connection it is. */
  readonly applicationName: string;
  /** `read-only` makes the server refuse every write of this handle. */
  readonly access: "read-only" | "read-write";
  /** How long a statement may go unanswered; 75 s unless given. */
  readonly answerWithinMs?: number;
}

// The server gives up before we do, because it can say why: a statement that takes too long, a lock that somebody holds.
// Only a server that is silent beyond that is left. A transaction that stopped half-way (a frozen process, a lost host)
// must not keep its locks for ever. Milliseconds; each can be set in the URL as well: postgres://...?lock_timeout=60000.
const SERVER_GIVES_UP = {
  statement_timeout: 60_000,
  lock_timeout: 20_000,
  idle_in_transaction_session_timeout: 600_000,
};
const ANSWER_WITHIN_MS = 75_000;

/** Must be closed: an open client keeps the process alive. */
export class Database {
  readonly #open: (onclose: () => void) => Sql;
  readonly #answerWithinMs: number;
  readonly #lanes: TransactionLanes;
  #reader: Lane;

  constructor(options: ConnectOptions) {
    const connection = {
      application_name: options.applicationName,
      TimeZone: "UTC",
      ...SERVER_GIVES_UP,
      ...(options.access === "read-only" ? { default_transaction_read_only: true } : {}),
    };
    this.#open = (onclose) =>
      postgres(options.url.reveal(), {
        max: 1,
        idle_timeout: 0,
        max_lifetime: null,
        connect_timeout: 10,
        // Types are spelled in the SQL (JSON rows, casts): no catalog query at each connect.
        fetch_types: false,
        onnotice: () => {},
        connection,
        onclose,
      });
    this.#answerWithinMs = options.answerWithinMs ?? ANSWER_WITHIN_MS;
    this.#reader = new Lane(this.#open, this.#answerWithinMs);
    this.#lanes = new TransactionLanes(this.#open, this.#answerWithinMs);
  }

  /** For statements outside of transactions. Ask for it each time: after a lost connection it is a new one. */
  get sql(): Sql {
    if (this.#reader.isLost) this.#reader = new Lane(this.#open, this.#answerWithinMs);
    return this.#reader.sql;
  }

  /** Runs `work` in one transaction: all of it or nothing. See TransactionLanes.run for what it throws. */
  transaction<T>(work: (tx: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T> {
    return this.#lanes.run(work, options);
  }

  async close(): Promise<void> {
    await Promise.all([this.#reader.close(), this.#lanes.close()]);
  }
}

/**
 * Opens a handle and proves it with one round trip.
 * @throws OpsFailure (automation) that names the server (never its password) and what to try
 */
export async function openDatabase(options: ConnectOptions): Promise<Database> {
  const database = new Database(options);
  try {
    await database.sql`select 1`;
    return database;
  } catch (error) {
    await database.close().catch(() => {});
    throw databaseFailure("Could not connect to the State Hub database", error, options.url);
  }
}

/** Where a server keeps its data: how the embedded server is told from another one on the same port. */
export async function serverDataDirectory(url: Secret): Promise<{ dataDirectory: string }> {
  const database = await openDatabase({ url, applicationName: "state-hub-probe", access: "read-only" });
  try {
    const [row] = await database.sql<
      { data_directory: string }[]
    >`select current_setting('data_directory') as data_directory`;
    return { dataDirectory: row?.data_directory ?? "" };
  } finally {
    await database.close();
  }
}
