// The live database as a drill sees it before it takes anything: what runs there, how large it is, and whose it is.
import { type Database, openDatabase } from "../../db/connect.ts";
import { databaseFailure } from "../../db/database_failure.ts";
import { OpsFailure } from "../../failure.ts";
import { type ClientPrograms, findClientPrograms } from "../../postgres/client/client_programs.ts";
import { APPLICATION_NAME } from "../../postgres/client/libpq_environment.ts";
import type { Secret } from "../../secret.ts";
import { shellQuoted } from "../../shell_quoted.ts";

/** Which server and database this is, whatever address led to it. */
export interface ServerIdentity {
  /** "15.18" */
  readonly version: string;
  readonly major: number;
  readonly database: string;
  readonly database_oid: string;
  readonly system_identifier: string;
  /** The role that made the cluster: it owns what no other role made. */
  readonly superuser: string;
  readonly bytes: number;
  readonly standby: boolean;
}

/** The live database, and the programs that fit it. */
export interface LiveSource {
  readonly url: Secret;
  readonly server: ServerIdentity;
  readonly programs: ClientPrograms;
}

const IDENTITY = `
  select current_setting('server_version') as version,
    current_setting('server_version_num')::int / 10000 as major,
    current_database() as database,
    (select oid::text from pg_catalog.pg_database where datname = current_database()) as database_oid,
    (select system_identifier::text from pg_catalog.pg_control_system()) as system_identifier,
    (select rolname from pg_catalog.pg_roles where oid = 10) as superuser,
    pg_catalog.pg_database_size(current_database())::text as bytes,
    pg_catalog.pg_is_in_recovery() as standby`;

/**
 * @param called for a failure: the live database, which DATABASE_URL names, unless given
 * @throws OpsFailure (automation): nobody answers, or the role may not ask
 */
export async function serverIdentity(url: Secret, called?: string): Promise<ServerIdentity> {
  const database = await opened(url, called);
  try {
    const [row] = await database.sql.unsafe<(Omit<ServerIdentity, "bytes"> & { readonly bytes: string })[]>(IDENTITY);
    if (row === undefined) throw new OpsFailure("Could not ask the server who it is");
    // "15.18 (Debian 15.18-1)" is the packager's word after the number.
    return { ...row, version: row.version.split(" ")[0] ?? row.version, bytes: Number(row.bytes) };
  } catch (error) {
    throw databaseFailure("Could not ask the server who it is", error, url);
  } finally {
    await database.close();
  }
}

async function opened(url: Secret, called: string | undefined): Promise<Database> {
  try {
    return await openDatabase({ url, applicationName: APPLICATION_NAME, access: "read-only" });
  } catch (error) {
    if (!(error instanceof OpsFailure)) throw error;
    const { observed, where } = error;
    throw new OpsFailure(`Could not connect to ${called ?? "the live database"}`, {
      ...(observed === undefined ? {} : { observed }),
      ...(where === undefined ? {} : { where }),
      hint:
        called === undefined && error.hint !== undefined
          ? error.hint
          : `psql ${shellQuoted(where ?? "")} -c 'select 1'`,
    });
  }
}

/** @throws OpsFailure (automation) as well when no pg_dump of its version or a newer one is installed */
export async function openLiveSource(url: Secret, env: Record<string, string>): Promise<LiveSource> {
  const server = await serverIdentity(url);
  return { url, server, programs: await findClientPrograms({ serverMajor: server.major, env }) };
}
