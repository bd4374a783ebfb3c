// The runs that this hub is at: begun, done, and their end written down. A client that leaves takes none of them with it,
// and a hub that is stopped leaves none without a word.
import type { Database } from "../../db/connect.ts";
import { describeFailure, OpsFailure } from "../../failure.ts";
import { scrubText } from "../../secret.ts";
import { within } from "../../within.ts";
import type { LogRecord } from "../http/log_request.ts";
import { keepTrying } from "./keep_trying.ts";
import { finishRun, interruptRun, type Run, resumeRun } from "./run_rows.ts";
import type { KeptResult, RunWork } from "./run_work.ts";

export type RunEnd = { readonly result: KeptResult } | { readonly problem: string };

interface InFlight {
  readonly ended: Promise<RunEnd>;
  /** Resolves when the row says so too, or nobody goes on trying. */
  readonly written: Promise<void>;
  readonly abort: () => void;
  /** Does not wait for the work any longer. */
  readonly giveUp: () => void;
}

export interface RunsInFlight {
  readonly size: number;
  begin(run: Run): void;
  /** null: no run of this hub. */
  of(runId: string): InFlight | null;
  /** After this hub was without its lock: others may have taken its runs for dead. */
  reclaim(): void;
  /** Resolves when all have ended and are written down, or the time is over. */
  settle(withinMs: number): Promise<void>;
  abortAll(): void;
  giveUpAll(): void;
  /** Nothing is tried any longer. */
  close(): void;
}

export interface FlightOptions {
  readonly database: Database;
  readonly work: RunWork;
  readonly log: (record: LogRecord) => void;
}

const STOPPED = "its hub was stopped";

export function runsInFlight(options: FlightOptions): RunsInFlight {
  const { database, log } = options;
  const flights = new Map<string, InFlight>();
  const closed = new AbortController();
  const all = () => Promise.allSettled([...flights.values()].map(({ written }) => written));
  return {
    get size() {
      return flights.size;
    },
    begin: (run) => {
      log({ level: "info", event: "run_began", run_id: run.run_id, mode: run.mode, source: run.source });
      const flight = takeOff(run, options, closed.signal);
      flights.set(run.run_id, flight);
      void flight.written.then(() => flights.delete(run.run_id));
    },
    of: (runId) => flights.get(runId) ?? null,
    reclaim: () => {
      for (const [runId] of flights) void resumeRun(database.sql, runId).catch(() => {});
    },
    settle: async (withinMs) => void (await within(all(), Math.max(0, withinMs), undefined)),
    abortAll: () => {
      for (const { abort } of flights.values()) abort();
    },
    giveUpAll: () => {
      for (const { giveUp } of flights.values()) giveUp();
    },
    close: () => closed.abort(),
  };
}

function takeOff(run: Run, { database, work, log }: FlightOptions, closed: AbortSignal): InFlight {
  const abort = new AbortController();
  const { promise: givenUp, resolve: giveUp } = Promise.withResolvers<RunEnd>();
  const ended = Promise.race([done(run, work, abort.signal, log), givenUp]);
  const written = ended.then(async (end) => {
    const endedAt = performance.now();
    const state = "result" in end ? "finished" : "interrupted";
    const exitCode = "result" in end ? end.result.document.exit_code : null;
    log({ level: "info", event: "run_ended", run_id: run.run_id, state, exit_code: exitCode });
    await writeEnd(run.run_id, end, database, { endedAt, closed, log });
  });
  return {
    ended,
    written,
    abort: () => abort.abort(new OpsFailure("Stopped with its hub")),
    giveUp: () => giveUp({ problem: `${STOPPED}, and did not end in time` }),
  };
}

async function done(run: Run, work: RunWork, signal: AbortSignal, log: FlightOptions["log"]): Promise<RunEnd> {
  const { run_id: runId, slug, source, max_seconds: maxSeconds } = run;
  try {
    const terms = { runId, source, signal };
    return { result: slug === null ? await work.sweep({ ...terms, maxSeconds }) : await work.sync({ ...terms, slug }) };
  } catch (error) {
    if (signal.aborted) return { problem: STOPPED };
    const problem = scrubText(describeFailure(error));
    log({ level: "error", event: "run_failed", run_id: runId, error: problem });
    return { problem };
  }
}

interface Writing {
  /** By performance.now(). */
  readonly endedAt: number;
  readonly closed: AbortSignal;
  readonly log: FlightOptions["log"];
}

/** Never throws: there is nobody left to tell. */
async function writeEnd(runId: string, end: RunEnd, database: Database, { endedAt, closed, log }: Writing) {
  const ago = () => performance.now() - endedAt;
  const told = { run_id: runId, level: "warning", event: "run_waits_to_be_stored" } as const;
  const trying = { signal: closed, onTrouble: (error: string) => log({ ...told, error }) };
  const interrupt = (problem: string) => () => interruptRun(database.sql, runId, problem, ago());
  const write = "result" in end ? () => finishRun(database.sql, runId, end.result, ago()) : interrupt(end.problem);
  try {
    await keepTrying(write, trying);
  } catch (error) {
    const why = scrubText(describeFailure(error));
    log({ level: "error", event: "run_not_stored", run_id: runId, error: why });
    await keepTrying(interrupt("its result could not be stored"), trying).catch(() => {});
  }
}
