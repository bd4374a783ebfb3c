// What a hub without NATS_URL does with events: it marks them, so that a hub that gets a NATS_URL later does not tell of
// everything that happened in between, and so that `events replay` can find them.
import type { OutboxDatabase } from "./outbox_database.ts";
import { suppressNext } from "./outbox_rows.ts";

const BATCH = 5_000;

/** @param onSuppressed told after each commit @throws what the database throws */
export async function suppressWaiting(
  database: OutboxDatabase,
  signal: AbortSignal,
  onSuppressed: (events: number) => void,
): Promise<void> {
  for (let done = BATCH; done === BATCH && !signal.aborted; ) {
    done = await suppressNext(database.sql, BATCH);
    if (done > 0) onSuppressed(done);
  }
}
