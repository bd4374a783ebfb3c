// A sweep that cannot reach its database says so all the same: its report waits in a file, and the next sweep that gets
// through writes it. Otherwise an outage would leave no trace where everybody looks for it.
import type { Database } from "../../db/connect.ts";
import { describeFailure } from "../../failure.ts";
import type { RemoteOptions } from "../check_fleet.ts";
import { type ActivityRecorder, storeRun } from "../record_run.ts";
import type { Report } from "../report.ts";
import { drainSpool } from "./drain_spool.ts";
import { spoolRun } from "./spool.ts";

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

/** Writes what waits, oldest first. @returns what could not be, in words */
export async function storeSpooledRuns(
  database: Database,
  { home, hubKey }: RemoteOptions,
  activity: ActivityRecorder,
): Promise<readonly string[]> {
  if (hubKey === null) return [];
  return drainSpool(home, hubKey, (record) => database.transaction((tx) => storeRun(tx, record, activity)));
}
