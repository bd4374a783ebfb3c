// The hub's own routes over a database that must stay as it is, such as a restored copy: its server refuses every write of
// these connections. Whoever wants to know whether a copy can be worked with asks it what a client would ask.
import { type Database, openDatabase } from "../db/connect.ts";
import { requireSchema } from "../db/migrate.ts";
import { OpsFailure } from "../failure.ts";
import { Secret } from "../secret.ts";
import { within } from "../within.ts";
import type { LogRecord } from "./http/log_request.ts";
import { databaseReadOnly } from "./http/problem_of.ts";
import type { RunHost } from "./runs/run_host.ts";
import { readRun } from "./runs/run_rows.ts";
import { serve } from "./serve.ts";

/** A hub that answers until it is stopped. */
export interface ReadOnlyHub {
  /** On this machine alone, at a port that was free. */
  readonly url: string;
  stop(): Promise<void>;
}

const ANSWER_WITHIN_MS = 20_000;
/** A connection that does not end by then is left to its server, which is about to be stopped itself. */
const CLOSE_WITHIN_MS = 2_000;

/**
 * No relay, no upkeep, no lock, no mark on runs that the copy holds: nothing but answers.
 * @param options.url parameters in it cannot make its connections write
 * @throws OpsFailure (automation) when it cannot be reached, holds no hub, or one of another schema than this toolkit's
 */
export async function serveReadOnly(options: {
  readonly url: Secret;
  readonly log: (record: LogRecord) => void;
}): Promise<ReadOnlyHub> {
  const database = await openDatabase({
    url: withoutAccess(options.url),
    applicationName: "state_hub read-only",
    access: "read-only",
    answerWithinMs: ANSWER_WITHIN_MS,
  });
  const close = () => within(database.close(), CLOSE_WITHIN_MS, undefined);
  try {
    await requireReadOnly(database);
    await requireSchema(database.sql);
    const hub = { database, readsOnly: true, runs: runsAsTheyStand(database), registerRepo: refused };
    const server = serve({ hub, host: "127.0.0.1", port: 0, token: null, allowedHosts: [], log: options.log });
    const stop = () => server.stop().finally(close);
    return { url: server.url, stop };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The driver lets a URL's parameters win over its settings. */
function withoutAccess(url: Secret): Secret {
  const parsed = new URL(url.reveal());
  for (const name of ["default_transaction_read_only", "transaction_read_only", "options"])
    parsed.searchParams.delete(name);
  return new Secret(parsed.href);
}

/** Both kinds of connection that routes use. */
async function requireReadOnly(database: Database): Promise<void> {
  const ask = "select current_setting('transaction_read_only') as is";
  const rows = [
    ...(await database.sql.unsafe<{ is: string }[]>(ask)),
    ...(await database.transaction((tx) => tx.unsafe<{ is: string }[]>(ask))),
  ];
  if (rows.length === 2 && rows.every((row) => row.is === "on")) return;
  throw new OpsFailure("Could not serve the hub read-only", {
    observed: "its connections may write",
    expected: "default_transaction_read_only = on",
  });
}

/** A run that was under way at the snapshot goes on nowhere: it is told as its row has it. */
function runsAsTheyStand(database: Database): RunHost {
  return {
    sources: ["api"],
    maxSeconds: 1,
    begin: refused,
    find: (runId) => readRun(database.sql, runId),
    ended: async (run) => run,
    stop: async () => {},
  };
}

async function refused(): Promise<never> {
  throw databaseReadOnly();
}
