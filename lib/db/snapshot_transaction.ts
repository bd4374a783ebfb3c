// One connection whose only transaction shows one moment of the database for as long as it is open. What the URL, the role or
// the database set for every session (a statement timeout, say) does not hold in it: it would end the snapshot half way.
import type { Secret } from "../secret.ts";
import { clientOf, NOTICES_LOST_CLIENT, withoutParameters } from "./connect.ts";
import type { Sql } from "./handles.ts";
import { Lane } from "./lane.ts";
import { requireServerItself } from "./pooler.ts";

export interface SnapshotTransactionOptions {
  readonly url: Secret;
  readonly applicationName: string;
  readonly lockWaitMs: number;
  /** Settings of this transaction; one that this server does not know is left out. */
  readonly settings: Readonly<Record<string, string>>;
  /** Called once when the connection has closed, whoever closed it. */
  readonly onClose: () => void;
}

// The snapshot's only limits are its user's: the signal, and the wait for a lock. transaction_timeout is of PostgreSQL 17.
const NO_LIMITS = {
  statement_timeout: "0",
  idle_in_transaction_session_timeout: "0",
  idle_session_timeout: "0",
  transaction_timeout: "0",
};
// A server that hangs is noticed then. Far above what one statement of a fingerprint takes (see pieces.ts).
const ANSWER_WITHIN_MS = 30 * 60_000;

// Spelled out, since it runs before search_path is what is wanted.
const SET = `
  select pg_catalog.set_config(s.name, given.value, true)
  from pg_catalog.json_each_text($1::text::json) as given
  join pg_catalog.pg_settings s on pg_catalog.lower(s.name) operator(pg_catalog.=) pg_catalog.lower(given.key)`;

/** Must be closed. */
export class SnapshotTransaction {
  readonly #options: SnapshotTransactionOptions;
  readonly #client: Sql;
  readonly #lane: Lane;
  readonly #closing = new AbortController();

  constructor(options: SnapshotTransactionOptions) {
    const { url, applicationName, onClose } = options;
    let client: Sql | undefined;
    // A timeout of the URL's would hold from the start, before it is set otherwise.
    const direct = withoutParameters(url.reveal(), [...Object.keys(NO_LIMITS), "lock_timeout"]);
    const open = (onclose: () => void) => {
      const closed = () => {
        onclose();
        onClose();
      };
      const { signal } = this.#closing;
      client = clientOf(direct, { application_name: applicationName }, { onclose: closed, signal });
      return client;
    };
    this.#options = options;
    this.#lane = new Lane(open, ANSWER_WITHIN_MS);
    if (client === undefined) throw new Error("a lane did not open its client");
    this.#client = client;
  }

  /** For statements in the transaction. */
  get sql(): Sql {
    return this.#lane.sql;
  }

  get isLost(): boolean {
    return this.#lane.isLost;
  }

  /** Begins, and exports what it sees. @returns the name by which others import it @throws OpsFailure behind a pooler */
  async beginAndExport(): Promise<string> {
    await requireServerItself(this.sql, this.#options.url);
    await this.#begin();
    const [row] = await this.sql.unsafe<{ id: string }[]>("select pg_catalog.pg_export_snapshot() as id");
    await this.#set();
    return row?.id ?? "";
  }

  /** Begins, and sees what the session that exported `id` sees. */
  async beginIn(id: string): Promise<void> {
    await this.#begin();
    // No parameter is taken here; the server made the name: hexadecimal digits and hyphens.
    await this.sql.unsafe(`set transaction snapshot '${id.replace(/[^\w-]/g, "")}'`);
    await this.#set();
  }

  /** A statement under way is not waited for: the server ends it within a second or so. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#client.end({ timeout: this.#lane.unanswered > 0 ? 0 : 1 });
  }

  async #begin(): Promise<void> {
    await this.sql.unsafe("begin transaction isolation level repeatable read, read only");
  }

  /** After the import, which must be the first statement of its transaction. */
  async #set(): Promise<void> {
    const { lockWaitMs, settings } = this.#options;
    const wanted = { ...NOTICES_LOST_CLIENT, ...NO_LIMITS, ...settings, lock_timeout: `${lockWaitMs}ms` };
    await this.sql.unsafe(SET, [JSON.stringify(wanted)]);
  }
}
