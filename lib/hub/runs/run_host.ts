// Runs that were asked for over HTTP: their state is in the database, so that whoever asks again, also another hub, finds
// the same run. This hub only does the work.
import type { Database } from "../../db/connect.ts";
import { databaseFailure } from "../../db/database_failure.ts";
import { within } from "../../within.ts";
import type { LogRecord } from "../http/log_request.ts";
import { beginRuns } from "./begin_runs.ts";
import { idUsedProblem, stoppingProblem } from "./run_problems.ts";
import { interruptRun, markAbandoned, type Run, type RunOrder, readRun } from "./run_rows.ts";
import type { RunWork } from "./run_work.ts";
import { type RunsInFlight, runsInFlight } from "./runs_in_flight.ts";
import { ServerLock } from "./server_lock.ts";
import { runWatch } from "./watch_runs.ts";

export interface RunHost {
  /** Who may be named as having asked for a run. */
  readonly sources: readonly string[];
  /** Seconds: of a sweep unless given, and of each sync. */
  readonly maxSeconds: number;
  /**
   * Begins a run, or finds the one of that id; it goes on whatever becomes of the client.
   * @throws Problem 503 when none can be begun now, 422 for an id that is another run's
   */
  begin(order: RunOrder): Promise<Run>;
  /** null: there is no such run. */
  find(runId: string): Promise<Run | null>;
  /** Waits for a run's end. @throws Problem 503 when this hub stops meanwhile, and the run is another hub's */
  ended(run: Run): Promise<Run>;
  /** No new run is begun; those in flight end by themselves, or are recorded as interrupted when `withinMs` is over. */
  stop(withinMs: number): Promise<void>;
}

export interface RunHostOptions {
  readonly database: Database;
  readonly work: RunWork;
  /** This machine's name. */
  readonly host: string;
  readonly log: (record: LogRecord) => void;
}

/** How long the answer waits for the row to say what the run came to: who asks again right away should find it. */
const WRITTEN_WITHIN_MS = 2_000;
/** Of the time to stop: runs come to their end by themselves, then by being told to. */
const BY_THEMSELVES = 0.2;
const BEING_TOLD = 0.4;

/** @throws OpsFailure (automation) when the database cannot be asked */
export async function openRunHost(options: RunHostOptions): Promise<RunHost> {
  const { database, work, host, log } = options;
  const flights = runsInFlight(options);
  const lock = await ServerLock.take(database, host, () => flights.reclaim());
  const stopping = new AbortController();
  const isAtWork = (runId: string) => flights.of(runId) !== null || gate.knows(runId);
  const find = async (runId: string): Promise<Run | null> => {
    const run = await readRun(database.sql, runId);
    if (run?.status !== "running") return run;
    if (run.server === lock.name) return isAtWork(runId) ? run : endOfNobodys(database, runId, isAtWork);
    return (await markAbandoned(database.sql, runId))[0] ?? run;
  };
  const watch = runWatch(find, stopping.signal);
  const gate = beginRuns({ database, lock, flights, stopping: stopping.signal });
  const abandoned = await markAbandoned(database.sql, null).catch(async (error) => {
    await lock.close();
    throw databaseFailure("Could not look for runs of hubs that are gone", error);
  });
  for (const { run_id } of abandoned) log({ level: "warning", event: "run_interrupted", run_id });
  return {
    sources: work.sources,
    maxSeconds: work.maxSeconds,
    find,
    begin: async (order) => {
      gate.requireKnown(order.run_id);
      const run = (await find(order.run_id)) ?? (await gate.begin(order)) ?? (await find(order.run_id));
      if (run === null || !isSameOrder(run, order)) throw idUsedProblem(order.run_id);
      return run;
    },
    ended: async (run) => {
      const own = await ownEnd(run, flights);
      if (own !== null) return own;
      const watched = await watch(run.run_id).catch((error: unknown) => {
        throw stopping.signal.aborted ? stoppingProblem(run.run_id) : error;
      });
      return watched ?? run;
    },
    stop: async (withinMs) => {
      stopping.abort(stoppingProblem(null));
      await endAll(gate.settled(), flights, withinMs);
      await lock.close();
    },
  };
}

/** @param begun resolves when those that were just being begun are in flight, or are not */
async function endAll(begun: Promise<unknown>, flights: RunsInFlight, withinMs: number): Promise<void> {
  const until = performance.now() + withinMs;
  await within(begun, withinMs * BY_THEMSELVES, undefined);
  await flights.settle(withinMs * BY_THEMSELVES);
  flights.abortAll();
  await flights.settle(withinMs * BEING_TOLD);
  flights.giveUpAll();
  await flights.settle(until - performance.now());
  flights.close();
}

/**
 * A run of this hub's that it is not at. Its end was written between two looks; or the row was: by a server that went on
 * with the statement when this hub had already given the run up. Who waits for that one would wait for ever.
 */
async function endOfNobodys({ sql }: Database, runId: string, isAtWork: (runId: string) => boolean) {
  const run = await readRun(sql, runId);
  if (run?.status !== "running" || isAtWork(runId)) return run;
  await interruptRun(sql, runId, "it was never begun", 0);
  return readRun(sql, runId);
}

function isSameOrder(run: Run, order: RunOrder): boolean {
  return (["mode", "slug", "source", "max_seconds"] as const).every((name) => run[name] === order[name]);
}

async function ownEnd(run: Run, flights: RunsInFlight): Promise<Run | null> {
  const flight = flights.of(run.run_id);
  if (flight === null) return null;
  const end = await flight.ended;
  await within(flight.written, WRITTEN_WITHIN_MS, undefined);
  const finished_at = new Date().toISOString();
  return "result" in end
    ? { ...run, status: "finished", finished_at, result: end.result }
    : { ...run, status: "interrupted", finished_at, problem: end.problem };
}
