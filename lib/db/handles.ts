// What statements are written to. Types alone, so that whoever only asks need not know who connects.
import type postgres from "postgres";

/** A handle for statements: the driver's tagged template. Values become parameters, never text. */
export type Sql = postgres.Sql;
/** The same inside a transaction. */
export type Transaction = postgres.TransactionSql;
/** Where a read may run: on its own, or inside a transaction. */
export type Reader = Sql | Transaction;

export interface TransactionOptions {
  readonly isolation?: "read committed" | "repeatable read";
  /** Runs everything and then rolls it back: a rehearsal on the real data. */
  readonly rollBack?: boolean;
  /** Another deadline than the database's for each statement: for work that may take long, or wait long. */
  readonly answerWithinMs?: number;
}
