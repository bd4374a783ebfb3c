// Runs that could not be written down because the database was away wait in the home until a later run writes them
// (drain_spool.ts). Without it an outage leaves no trace of the sweeps that fell into it.
import { join } from "node:path";
import { OpsFailure } from "../../failure.ts";
import { writeWhole } from "../../whole_file.ts";
import type { KeptRun } from "../record_run.ts";
import { nextName, openSpoolFolder, spooledFiles, spoolFolder } from "./spool_folder.ts";

/** More than ten days of quarters of an hour. */
export const SPOOL_LIMIT = 1_000;

/**
 * Keeps a run until the database is back; the same run again replaces its file.
 * @returns the file
 * @throws OpsFailure (automation): it could not be written, or SPOOL_LIMIT runs wait already: those stay, this one is lost
 */
export async function spoolRun(home: string, hubKey: string, record: KeptRun): Promise<string> {
  const folder = spoolFolder(home, hubKey);
  const { run_id } = "unreported" in record ? record.unreported : record.report;
  try {
    openSpoolFolder(home, folder);
    const files = spooledFiles(folder);
    const known = files.find((file) => file.endsWith(`-${run_id}.json`));
    if (known === undefined && files.length >= SPOOL_LIMIT) throw full(files.length);
    const path = join(folder, known ?? nextName(files, run_id));
    writeWhole(path, JSON.stringify(record));
    return path;
  } catch (cause) {
    const hint = cause instanceof OpsFailure && cause.hint !== undefined ? { hint: cause.hint } : {};
    throw new OpsFailure("Could not keep the run until the database is back", { where: folder, cause, ...hint });
  }
}

function full(waiting: number): OpsFailure {
  return new OpsFailure("Could not keep one more run", {
    observed: `${waiting} wait already`,
    expected: `fewer than ${SPOOL_LIMIT}`,
    hint: "Bring the database back: the next sweep records them all",
  });
}
