// The summary as /state/summary answers it, for whoever compares two databases without asking two hubs: it may be computed
// inside of a snapshot, where no hub looks.
import type { Reader } from "../db/handles.ts";
import { OpsFailure } from "../failure.ts";
import { readSummary } from "./routes/summary_rows.ts";

/**
 * @param sql of a session in UTC, as every connection of a hub is: times are written in the session's zone
 * @param asOf ISO 8601; what `?as_of=` is to be for the same bytes
 * @returns the body of the answer, to the byte
 * @throws OpsFailure for a session of another zone; the driver's error, which ends a transaction, for a schema that this
 * toolkit does not know
 */
export async function summaryAt(sql: Reader, asOf: string): Promise<string> {
  const [session] = await sql<{ zone: string }[]>`select current_setting('TimeZone') as zone`;
  if (session?.zone === "UTC") return readSummary(sql, asOf);
  throw new OpsFailure("Could not compute the hub's summary", {
    observed: `the session's TimeZone is ${session?.zone}`,
    expected: "UTC, or the same moments are other bytes",
  });
}
