// What to do when the server, or the role, has no connection left: the drill itself can do with fewer of them.
import { OpsFailure } from "../failure.ts";

// SQLSTATE 53300 as databaseFailure() notes it: of max_connections, of a role and of a database (PostgreSQL, appendix A).
const NONE_LEFT = /\[53300\]$/;

/** The same failure; where connections ran out and fewer would have done, its hint says so. All else comes back as it is. */
export function fewerSessions(error: unknown, jobs: number): unknown {
  if (!(error instanceof OpsFailure) || jobs === 1 || !NONE_LEFT.test(error.observed ?? "")) return error;
  const { message, kind, observed, where, cause } = error;
  return new OpsFailure(message, {
    ...{ kind, cause, observed: observed ?? "" },
    ...(where === undefined ? {} : { where }),
    hint: "scripts/backup_restore_drill.ts --jobs 1, with all else as it was; or end idle sessions, or raise the limit of server or role",
  });
}
