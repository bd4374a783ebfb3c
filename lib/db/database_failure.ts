// Turns what PostgreSQL or the driver threw into a failure that an operator can act on: what, against what, what next.
import { describeFailure, OpsFailure } from "../failure.ts";
import { printableUrl, type Secret, scrubText } from "../secret.ts";

// SQLSTATE codes: PostgreSQL documentation, appendix A; the others are Node's and the driver's own.
const REMEDIES: Readonly<Record<string, string>> = {
  ECONNREFUSED: "No server answers there: start it, or correct DATABASE_URL",
  ENOTFOUND: "The host name does not resolve: correct DATABASE_URL",
  CONNECT_TIMEOUT: "The server does not answer in time: check host, port and firewall",
  ECONNRESET: "The server closed the connection: look at its log, then run again",
  CONNECTION_CLOSED: "The server closed the connection: look at its log, then run again",
  CONNECTION_ENDED: "The server closed the connection: look at its log, then run again",
  CONNECTION_DESTROYED: "The server closed the connection: look at its log, then run again",
  "28P01": "The password is wrong: correct DATABASE_URL, or use DATABASE_URL_FILE",
  "28000": "The server refuses this role: see its pg_hba.conf",
  "3D000": "The database does not exist: createdb it, or correct DATABASE_URL",
  "25006": "The server is read-only (a standby?): point DATABASE_URL at the primary",
  "53100": "The server's disk is full: free space there, then run again; nothing was half done",
  "53300": "The server has no free connection: end idle ones, or raise max_connections, then run again",
  "57P01": "The server ended the connection: run again when it is back",
  "57P03": "The server is starting or stopping: run again in a moment",
  "55P03":
    "Somebody holds a lock: select pid, query, pg_blocking_pids(pid) from pg_stat_activity; end that session, then run again",
  "57014": "The server gave the statement up: look for what slows it down, then run again; nothing was half done",
  "42501": "The role may not do this: grant it, or use the owner's role",
};

/** The SQLSTATE or system code of an error, or the empty string. */
export function errorCode(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "";
}

/** @returns an OpsFailure of kind automation; an OpsFailure given in comes back as it is */
export function databaseFailure(couldNot: string, error: unknown, url?: Secret): OpsFailure {
  if (error instanceof OpsFailure) return error;
  const code = errorCode(error);
  const hint = REMEDIES[code];
  return new OpsFailure(couldNot, {
    observed: scrubText(`${describeFailure(error) || "no answer"}${code ? ` [${code}]` : ""}`),
    ...(url === undefined ? {} : { where: printableUrl(url.reveal()) }),
    ...(hint === undefined ? {} : { hint }),
  });
}

/** No answer, but the end of the connection: the driver's own codes, and Node's for sockets. No SQLSTATE looks like them. */
export function isConnectionError(error: unknown): boolean {
  return /^(CONNECT|E[A-Z])/.test(errorCode(error));
}
