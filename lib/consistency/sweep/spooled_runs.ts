// A sweep that cannot reach its database says so all the same: its report waits in a file, and the next sweep that gets
// through writes it. Otherwise an outage would leave no trace where everybody looks for it.
import type { Database } from "../../db/connect.ts";
import { describeFailure } from "../../failure.ts";
import type { RemoteOptions } from "../check_options.ts";
import { type ActivityRecorder, type KeptRun, storeRun, type UnreportedRun } from "../record_run.ts";
import type { Report } from "../report.ts";
import { drainSpool } from "./drain_spool.ts";
import { spoolRun } from "./spool.ts";
import { type HubInstance, instanceKey, waitsForInstances } from "./spool_folder.ts";

/**
 * Leaves the rows of a run that failed, or a file until they can be written.
 * @returns what a person should know about it; never throws: the failure itself is told anyway
 */
export async function recordFailedRun(
  database: Database | undefined,
  report: Report,
  { home, hubKey }: RemoteOptions,
  activity: ActivityRecorder,
): Promise<string | null> {
  try {
    if (database === undefined) throw new Error("there is no database");
    await database.transaction((tx) => storeRun(tx, { report }, activity));
    return null;
  } catch {
    if (hubKey === null) return null;
    return spoolRun(home, hubKey, { report, at: report.finished_at }).then(
      (path) => `the run is kept in ${path} until the database is back`,
      describeFailure,
    );
  }
}

export interface KeepOptions {
  /** null: there is none. */
  readonly database: Database | null;
  readonly home: string;
  /** Which hub it was for; null where that cannot be told, and the run is then not kept. */
  readonly hubKey: string | null;
  readonly activity: ActivityRecorder;
}

/**
 * Leaves the row of a run without a report, or a file until it can be written.
 * @returns what a person should know about it; never throws
 */
export async function keepUnreported(
  unreported: UnreportedRun,
  { database, home, hubKey, activity }: KeepOptions,
): Promise<string | null> {
  try {
    if (database === null) throw new Error("there is no database");
    await database.transaction((tx) => storeRun(tx, { unreported }, activity));
    return null;
  } catch {
    if (hubKey === null) return "the run is not kept: this home has never met that hub";
    return spoolRun(home, hubKey, { unreported }).then(
      (path) => `the run is kept in ${path} until the database is back`,
      describeFailure,
    );
  }
}

/** Writes what waits, oldest first. @returns what could not be, in words */
export async function storeSpooledRuns(
  database: Database,
  { home, hubKey }: RemoteOptions,
  activity: ActivityRecorder,
): Promise<readonly string[]> {
  if (hubKey === null) return [];
  const write = (record: KeptRun) => database.transaction((tx) => storeRun(tx, record, activity));
  const told = await drainSpool(home, hubKey, write);
  const key = await keyOfInstance(database, home);
  return key === null ? told : [...told, ...(await drainSpool(home, key, write))];
}

/** null where nothing waits for any instance: it is asked for then alone. */
async function keyOfInstance({ sql }: Database, home: string): Promise<string | null> {
  if (!waitsForInstances(home)) return null;
  const [row] = await sql<HubInstance[]>`
    select instance_id, (select system_identifier::text from pg_control_system()) as system_identifier from hub_instance`;
  return row === undefined ? null : instanceKey(row);
}
