// The only door to PostgreSQL. One client for reading, and a transaction function that cannot run half a
// transaction outside of it (see transaction.ts). Loads the driver only when a connection is wanted.
import postgres from "postgres";
import type { Secret } from "../secret.ts";
import { databaseFailure } from "./database_failure.ts";
import { databaseNamedBy } from "./database_named_by.ts";
import type { Sql, Transaction, TransactionOptions } from "./handles.ts";
import { Interruption } from "./interruption.ts";
import { Lane } from "./lane.ts";
import { Listener } from "./listener.ts";
import { type Holder, holderName } from "./lock_holder.ts";
import { oneSocket } from "./one_socket.ts";
import { refusedByPooler, requireServerItself } from "./pooler.ts";
import { ReaderLanes } from "./reader_lanes.ts";
import { type Pace, SessionLocks } from "./session_locks.ts";
import { TransactionLanes } from "./transaction.ts";

export interface ConnectOptions {
  readonly url: Secret;
  /** Seen in pg_stat_activity, so that a person can tell whose connection it is. */
  readonly applicationName: string;
  /** `read-only` makes the server refuse every write of this handle. */
  readonly access: "read-only" | "read-write";
  /** How long a statement may go unanswered; 75 s unless given. */
  readonly answerWithinMs?: number;
  /** Connections for statements outside of transactions; 1 unless given. */
  readonly readers?: number;
  /** Transactions at once. */
  readonly writers?: number;
  /** Aborted: a statement that waits for a second longer is given up with its transaction, here and in the server. */
  readonly signal?: AbortSignal;
}

/** More would only queue in the server: work on two cores is bound by the processor, not by waiting. */
const WRITERS = 4;

// The server gives up before we do, because it can say why: a statement that takes too long, a lock that somebody holds.
// Only a server that is silent beyond that is left. A transaction that stopped half-way (a frozen process, a lost host)
// must not keep its locks for ever. Milliseconds; each can be set in the URL as well: postgres://...?lock_timeout=60000.
const SERVER_GIVES_UP = {
  statement_timeout: 60_000,
  lock_timeout: 20_000,
  idle_in_transaction_session_timeout: 600_000,
};
const ANSWER_WITHIN_MS = 75_000;

// How the server finds out that a client is gone, with the locks of its rows and of its session: a killed one within a
// second, also in the middle of a statement; a lost host or a cut line after 25 to 35 s without a sign of life.
export const NOTICES_LOST_CLIENT = {
  client_connection_check_interval: 1_000,
  tcp_keepalives_idle: 10,
  tcp_keepalives_interval: 5,
  tcp_keepalives_count: 3,
  tcp_user_timeout: 30_000,
};

// Shorter than the proofs of SessionLocks wait: a statement that waits for a row must not look like a silent server.
const LOCKS_GIVE_UP = { statement_timeout: 10_000, lock_timeout: 5_000 };

/** Must be closed: an open client keeps the process alive. */
export class Database {
  readonly #options: ConnectOptions;
  readonly #answerWithinMs: number;
  readonly #lanes: TransactionLanes;
  readonly #readers: ReaderLanes;

  constructor(options: ConnectOptions) {
    const { url, applicationName } = options;
    const connection = { application_name: applicationName, ...SERVER_GIVES_UP, ...settingsOfAll(options) };
    this.#options = options;
    const open = (onclose: () => void) => clientOf(url.reveal(), connection, { onclose });
    this.#answerWithinMs = options.answerWithinMs ?? ANSWER_WITHIN_MS;
    const interruption = options.signal ? new Interruption(options.signal, open) : null;
    const lane = () => new Lane(open, this.#answerWithinMs, interruption);
    this.#readers = new ReaderLanes(lane, options.readers ?? 1);
    this.#lanes = new TransactionLanes(lane, options.writers ?? WRITERS);
  }

  /** For statements outside of transactions. Ask for it each time: after a lost connection it is a new one. */
  get sql(): Sql {
    return this.#readers.sql;
  }

  /** How many connections are in use now, and how much waits for one. */
  get use() {
    return { readers: this.#readers.use, writers: this.#lanes.use };
  }

  /** Runs `work` in one transaction: all of it or nothing. See TransactionLanes.run for what it throws. */
  transaction<T>(work: (tx: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T> {
    return this.#lanes.run(work, options);
  }

  /**
   * A connection of its own for locks; it is not closed with this handle.
   * @param holder whom others are told of, see SessionLocks.holderOf
   * @throws OpsFailure (automation) when no connection can be made, or when a pooler answers in the server's place
   */
  async sessionLocks(holder: Holder, pace?: Pace): Promise<SessionLocks> {
    const { url } = this.#options;
    const connection = { application_name: holderName(holder), ...LOCKS_GIVE_UP, ...settingsOfAll(this.#options) };
    const direct = withoutParameters(url.reveal(), Object.keys(connection));
    const locks = new SessionLocks((onclose) => clientOf(direct, connection, { onclose }), pace);
    try {
      await requireServerItself(locks.sql, url);
      return locks;
    } catch (error) {
      await locks.close().catch(() => {});
      throw refusedByPooler(error, url) ?? databaseFailure("Could not connect for the locks of this run", error, url);
    }
  }

  /**
   * Listens on a connection of its own, which is made anew for as long as it takes; it is not closed with this handle.
   * @param onNotice also called whenever a connection was made: what came before may have been missed
   */
  listen(channel: string, onNotice: () => void): Listener {
    const { url, applicationName } = this.#options;
    const connection = { application_name: `${applicationName} listen`, ...settingsOfAll(this.#options) };
    const open = (onclose: () => void) => clientOf(url.reveal(), connection, { onclose, onNotice });
    return new Listener(open, { channel, onNotice, answerWithinMs: this.#answerWithinMs });
  }

  async close(): Promise<void> {
    await Promise.all([this.#readers.close(), this.#lanes.close()]);
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
    const refused = refusedByPooler(error, options.url);
    throw refused ?? databaseFailure("Could not connect to the State Hub database", error, options.url);
  }
}

function settingsOfAll({ access }: ConnectOptions) {
  const readOnly = access === "read-only" ? { default_transaction_read_only: true } : {};
  return { TimeZone: "UTC", ...NOTICES_LOST_CLIENT, ...readOnly };
}

export interface ClientEvents {
  readonly onclose: () => void;
  readonly onNotice?: () => void;
  /** Aborted: a connection that is being made is not. */
  readonly signal?: AbortSignal | undefined;
}

/** A client of one connection, which is made when its first statement is sent, and never made anew. */
export function clientOf(
  url: string,
  connection: Record<string, string | number | boolean>,
  { onclose, onNotice, signal }: ClientEvents,
): Sql {
  // `onnotify` is what the driver's own listen() stands on; its types name neither of the two.
  const options: postgres.Options<Record<string, never>> & { onnotify?: () => void; socket: unknown } = {
    max: 1,
    idle_timeout: 0,
    max_lifetime: null,
    connect_timeout: 10,
    // Types are spelled in the SQL (JSON rows, casts): no catalog query at each connect.
    fetch_types: false,
    onnotice: () => {},
    connection,
    socket: oneSocket(signal),
    onclose,
    ...(onNotice === undefined ? {} : { onnotify: onNotice }),
    ...databaseNamedBy(url),
  };
  return postgres(url, options);
}

/** The driver lets a URL's parameters win over ours: those that the locks depend on are not for the URL to say. */
export function withoutParameters(url: string, names: readonly string[]): string {
  const parsed = new URL(url);
  for (const name of names) parsed.searchParams.delete(name);
  return parsed.href;
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
