// A State Hub of its own for a test: a migrated database on the run's shared server, and the main job run on it in
// process, as the script runs it.

import { sweepRecorder } from "../../lib/activity/activity_run.ts";
import { checkFleet } from "../../lib/consistency/check_fleet.ts";
import type { CheckOptions } from "../../lib/consistency/check_options.ts";
import type { FleetResult } from "../../lib/consistency/run_ledger.ts";
import { type Database, openDatabase } from "../../lib/db/connect.ts";
import { migrate } from "../../lib/db/migrate.ts";
import { Secret } from "../../lib/secret.ts";
import { type FreshDatabase, freshDatabase } from "./postgres_server.ts";

export interface TestHub {
  readonly url: string;
  /** For looking at rows and for playing the hub's side. */
  readonly database: Database;
  /** One run of the main job; `scope` as the script would give it. */
  check(scope: CheckOptions["scope"], options?: Partial<CheckOptions>): Promise<FleetResult>;
  close(): Promise<void>;
}

const MIGRATED = {
  name: "state_hub",
  fill: (url: string) => withDatabase(url, async (database) => void (await migrate(database))),
};

export async function freshHub(): Promise<TestHub> {
  const made = await freshDatabase(MIGRATED);
  const database = await connect(made);
  return {
    url: made.url,
    database,
    check: (scope, options = {}) => checkFleet({ ...DEFAULTS, connect: () => connect(made), scope, ...options }),
    close: async () => {
      await database.close();
      await made.drop();
    },
  };
}

export const TEST_HOST = "test-host";

const DEFAULTS = {
  host: TEST_HOST,
  source: "manual" as const,
  dryRun: false,
  full: false,
  strict: true,
  maxSeconds: null,
  remotes: null,
  activity: sweepRecorder,
  signal: new AbortController().signal,
  progress: () => {},
};

function connect({ url }: Pick<FreshDatabase, "url">): Promise<Database> {
  return openDatabase({ url: new Secret(url), applicationName: "state-hub-test", access: "read-write" });
}

async function withDatabase(url: string, work: (database: Database) => Promise<void>): Promise<void> {
  const database = await connect({ url });
  try {
    await work(database);
  } finally {
    await database.close();
  }
}
