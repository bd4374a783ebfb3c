// What the events need of the database, so that this door need not open that one. lib/db's Database fits.
import type { Statement } from "./statement.ts";

export interface OutboxDatabase {
  /** For statements outside of transactions. Asked for each time: after a lost connection it may be another. */
  readonly sql: Statement;
  transaction<T>(work: (tx: Statement) => Promise<T>): Promise<T>;
  /** Calls back for each notice of the channel, and after each (re)connect: what came before was missed. */
  listen(channel: string, onNotice: () => void): { close(): Promise<void> };
}
