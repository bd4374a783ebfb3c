// How a run writes: each repository in a transaction of its own, or, for a dry run, everything in one transaction that is
// rolled back at the end. The same code runs in both, so a dry run cannot promise what the real one would not do.
import type { Database, Reader, Transaction } from "../db/connect.ts";
import { errorCode } from "../db/database_failure.ts";

export interface Writer {
  readonly sql: Reader;
  /** One unit of work; repeated when somebody else changed the same rows meanwhile. */
  write<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  /** How many units may be under way at once. */
  readonly lanes: number;
}

const LANES = 3;
const ATTEMPTS = 6;
// serialization_failure, deadlock_detected, unique_violation: somebody else was first (PostgreSQL, appendix A).
const RACES = new Set(["40001", "40P01", "23505"]);

export async function withWriter<T>(
  database: Database,
  dryRun: boolean,
  body: (writer: Writer) => Promise<T>,
): Promise<T> {
  if (!dryRun) {
    return body({
      sql: database.sql,
      lanes: LANES,
      write: (work) => repeated(() => database.transaction(work, { isolation: "repeatable read" })),
    });
  }
  return database.transaction(
    (tx) => body({ sql: tx, lanes: 1, write: (work) => tx.savepoint(work) as ReturnType<typeof work> }),
    {
      isolation: "repeatable read",
      rollBack: true,
    },
  );
}

async function repeated<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt >= ATTEMPTS || !RACES.has(errorCode(error))) throw error;
    }
  }
}
