// How a run begins: with its row first, since what is not written down must not be at work. Where it is not known whether
// the row was written, it is taken out again before the same id may begin: one request would else become two runs, or one
// without a row.
import type { Database } from "../../db/connect.ts";
import { keepTrying } from "./keep_trying.ts";
import { awayProblem, tooManyProblem } from "./run_problems.ts";
import { insertRun, type Run, type RunOrder, withdrawRun } from "./run_rows.ts";
import type { RunsInFlight } from "./runs_in_flight.ts";
import type { ServerLock } from "./server_lock.ts";

// Only one sweep at a time does anything, whoever asks; the others are of single repositories, and each has connections of
// its own to the database.
const AT_ONCE = 4;

export interface BeginOptions {
  readonly database: Database;
  readonly lock: ServerLock;
  readonly flights: RunsInFlight;
  /** Ends beginning, and taking rows out, with its reason. */
  readonly stopping: AbortSignal;
}

/** Lets so many runs begin. */
export function beginRuns({ database, lock, flights, stopping }: BeginOptions) {
  const pending = new Map<string, Promise<Run | null>>();
  const rows = withdrawals(database, lock.name, stopping);
  const insert = async (order: RunOrder): Promise<Run | null> => {
    try {
      const run = await insertRun(database.sql, order, lock.name);
      if (run !== null) flights.begin(run);
      return run;
    } catch (error) {
      // Its answer may be lost and the row there, as if this hub were at it.
      rows.withdraw(order.run_id);
      throw error;
    }
  };
  return {
    requireKnown: rows.requireKnown,
    /** Whether it is just being begun, or taken out again. */
    knows: (runId: string): boolean => pending.has(runId) || rows.has(runId),
    /** Two requests for one id are one. @returns null when the id was taken meanwhile */
    begin: (order: RunOrder): Promise<Run | null> => {
      stopping.throwIfAborted();
      rows.requireKnown(order.run_id);
      const known = pending.get(order.run_id);
      if (known !== undefined) return known;
      if (flights.size + pending.size >= AT_ONCE) throw tooManyProblem(AT_ONCE);
      if (!lock.isHeld) throw awayProblem();
      const inserting = insert(order).finally(() => pending.delete(order.run_id));
      pending.set(order.run_id, inserting);
      return inserting;
    },
    settled: () => Promise.allSettled(pending.values()),
  };
}

/** Rows of which nobody knows whether they were written, and for which nobody works. */
function withdrawals(database: Database, server: string, stopping: AbortSignal) {
  const underWay = new Set<string>();
  return {
    has: (runId: string): boolean => underWay.has(runId),
    /** Goes on until it is out. */
    withdraw: (runId: string): void => {
      underWay.add(runId);
      void keepTrying(() => withdrawRun(database.sql, runId, server), { signal: stopping, onTrouble: () => {} })
        .catch(() => {})
        .finally(() => underWay.delete(runId));
    },
    /** @throws Problem 503 while it is not known whether the run of that id has a row */
    requireKnown: (runId: string): void => {
      if (underWay.has(runId)) throw awayProblem();
    },
  };
}
