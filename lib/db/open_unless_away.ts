// Opens a database, and tells one that is not there at the moment from one that cannot be used. A wrong password or a schema
// that is behind stays so until somebody comes: a schedule that took it for an outage would be silent about it for ever.
import { OpsFailure } from "../failure.ts";
import type { Database } from "./connect.ts";

// At the end of what databaseFailure() observed. SQLSTATE classes 08 and 57P, and 53300 (PostgreSQL, appendix A); the others
// are the system's and the driver's own.
const AWAY =
  /\[(08\w{3}|53300|57P0\d|ECONN\w+|E(AI_AGAIN|NOTFOUND|HOSTUNREACH|NETUNREACH|TIMEDOUT|PIPE|NOENT)|CONNECT_TIMEOUT|CONNECTION_\w+)\]$/;
// What a Lane says of its connection.
const LOST = /^(the connection to PostgreSQL closed|no answer from PostgreSQL for)/;

/**
 * @param open as openDatabase()
 * @returns the open handle, or in which words it is away
 * @throws what `open` threw, where that is no outage
 */
export async function openUnlessAway(
  open: () => Promise<Database>,
): Promise<{ readonly database: Database } | { readonly away: string }> {
  try {
    return { database: await open() };
  } catch (error) {
    if (!(error instanceof OpsFailure) || error.kind !== "automation") throw error;
    const observed = error.observed ?? "";
    if (!AWAY.test(observed) && !LOST.test(observed)) throw error;
    return { away: `the database is away: ${observed}` };
  }
}
