// Work whose locks are let go of when it is done, in a transaction that goes on, and whose refusal does not end that
// transaction. Otherwise a fingerprint would come to hold a lock on every table, and the server's room for locks is limited.
import type { Query } from "../../query.ts";

/** `work` must only read: all that it did is undone. Outside of a transaction it simply runs. */
export async function ownSavepoint<T>(query: Query, work: () => Promise<T>): Promise<T> {
  const inside = await query("savepoint fingerprint").then(() => true, outsideOfTransaction);
  if (!inside) return work();
  try {
    return await work();
  } finally {
    // A connection that is gone says so by `work`'s own failure.
    await query("rollback to savepoint fingerprint").then(
      () => query("release savepoint fingerprint"),
      () => {},
    );
  }
}

// "no_active_sql_transaction" (PostgreSQL, appendix A).
function outsideOfTransaction(error: unknown): false {
  if ((error as { code?: unknown } | null)?.code === "25P01") return false;
  throw error;
}
