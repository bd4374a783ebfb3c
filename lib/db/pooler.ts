// Tells a pooler from a server. A pooler lends its connections out: a session lock that is taken through one stays with a
// connection that somebody else uses next, and the death of its holder is noticed by the pooler alone, not by the server.
import { OpsFailure } from "../failure.ts";
import { printableUrl, type Secret } from "../secret.ts";
import { errorCode } from "./database_failure.ts";
import type { Sql } from "./handles.ts";

// "protocol violation" (PostgreSQL, appendix A). PgBouncer refuses with it what it does not know; a server never does.
const PROTOCOL_VIOLATION = "08P01";

/**
 * The server names its process twice: when a connection is made (BackendKeyData) and when it is asked. A pooler makes the
 * first one up, because it must answer before it knows which of its connections it will lend.
 * @param sql a client of one connection
 * @throws OpsFailure (automation) when the two differ
 */
export async function requireServerItself(sql: Sql, url: Secret): Promise<void> {
  const answer = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`;
  const [told, asked] = [answer.state.pid, answer[0]?.pid];
  if (told !== asked) throw poolerFailure(`a pooler: the connection is process ${told}, but ${asked} answers`, url);
}

/** The failure for a pooler that refused what a server takes; null for any other error. */
export function refusedByPooler(error: unknown, url: Secret): OpsFailure | null {
  const message = error instanceof Error ? error.message : "";
  if (errorCode(error) !== PROTOCOL_VIOLATION || !/unsupported startup parameter/.test(message)) return null;
  return poolerFailure(`a pooler: ${message}`, url, error);
}

function poolerFailure(observed: string, url: Secret, cause?: unknown): OpsFailure {
  return new OpsFailure("Could not use this connection to the State Hub database", {
    observed,
    expected: "the PostgreSQL server itself: a lock must end with the run that holds it",
    where: printableUrl(url.reveal()),
    hint: "Point DATABASE_URL at the server's own host and port; a pooler's session mode does not help either",
    cause,
  });
}
