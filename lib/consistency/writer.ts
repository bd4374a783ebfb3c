// How a run writes: each repository in a transaction of its own, or, for a dry run, everything in one transaction that is
// rolled back at the end. The same code runs in both, so a dry run cannot promise what the real one would not do.
import { againAfterRace, isRace } from "../db/again_after_race.ts";
import type { Database } from "../db/connect.ts";
import type { Reader, Transaction } from "../db/handles.ts";

export interface Writer {
  readonly sql: Reader;
  /** One unit of work; repeated when somebody else changed the same rows meanwhile. */
  write<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  /** How many units may be under way at once. */
  readonly lanes: number;
}

export interface WriterOptions {
  readonly dryRun: boolean;
  /** The first thing that each transaction does; it throws when nothing may be written any more. */
  readonly first: (tx: Transaction) => Promise<void>;
}

const LANES = 3;

/**
 * @param body runs once; for a dry run again from the start, over a newer state of the hub, when it met somebody else's
 * change on the way: it keeps nothing from the time before
 * @throws what `body` threw, a lost race included when all attempts were used up
 */
export async function withWriter<T>(
  database: Database,
  { dryRun, first }: WriterOptions,
  body: (writer: Writer) => Promise<T>,
): Promise<T> {
  if (dryRun) return againAfterRace((isLast) => rehearsed(database, isLast, body), isLostRace);
  const write = <U>(work: (tx: Transaction) => Promise<U>): Promise<U> => {
    // Sent first and not waited for: each moment between the snapshot and the work is one for somebody else's change.
    const guarded = async (tx: Transaction) => {
      const allowed = first(tx);
      allowed.catch(() => {});
      try {
        return await work(tx);
      } finally {
        await allowed;
      }
    };
    return againAfterRace(() => database.transaction(guarded, { isolation: "repeatable read" }));
  };
  return body({ sql: database.sql, lanes: LANES, write });
}

/** One transaction is one state of the hub: a unit that lost a race could be repeated in it for ever. */
function rehearsed<T>(database: Database, isLast: boolean, body: (writer: Writer) => Promise<T>): Promise<T> {
  const attempt = async (tx: Transaction) => {
    const write = async <U>(work: (tx: Transaction) => Promise<U>): Promise<U> => {
      try {
        return (await tx.savepoint(work)) as U;
      } catch (error) {
        throw isRace(error) && !isLast ? new LostRace("somebody changed the same rows", { cause: error }) : error;
      }
    };
    return body({ sql: tx, lanes: 1, write });
  };
  return database.transaction(attempt, { isolation: "repeatable read", rollBack: true });
}

/** Carries no code, so that nobody on its way takes it for one repository's own failure and goes on. */
class LostRace extends Error {}

function isLostRace(error: unknown): boolean {
  return error instanceof LostRace || isRace(error);
}
