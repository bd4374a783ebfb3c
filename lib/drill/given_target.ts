// A database that somebody named, to be restored into for real. It must be empty, take writes, and not be the one that the rows
// come from: a restore adds to what is there, and takes nothing of it away.
import { OpsFailure } from "../failure.ts";
import type { Query } from "../query.ts";
import { printableUrl, type Secret } from "../secret.ts";
import type { CopyTarget } from "./copy_target.ts";
import { type ServerIdentity, serverIdentity } from "./live_source.ts";
import { openSession } from "./one_session.ts";

/** What a user made, by kind and name; what belongs to an extension or to the server is not counted. */
const OBJECTS = `
  with ours as (
    select oid from pg_catalog.pg_namespace
    where nspname not in ('pg_catalog', 'information_schema', 'pg_toast') and nspname !~ '^pg_(toast_)?temp_')
  select what from (
    select 'relation ' || oid::regclass::text as what from pg_catalog.pg_class where relnamespace in (select oid from ours)
    union all
    select 'function ' || oid::regprocedure::text from pg_catalog.pg_proc where pronamespace in (select oid from ours)
      and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_proc'::regclass
        and d.objid = pg_proc.oid and d.deptype = 'e')
    union all
    select 'type ' || oid::regtype::text from pg_catalog.pg_type where typnamespace in (select oid from ours)
      and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_type'::regclass
        and d.objid = pg_type.oid and d.deptype = 'e')
    union all
    select 'schema ' || nspname from pg_catalog.pg_namespace where oid in (select oid from ours) and nspname <> 'public'
    union all
    select 'large object ' || oid::text from pg_catalog.pg_largeobject_metadata
    union all
    select 'publication ' || pubname from pg_catalog.pg_publication
  ) found order by what limit 3`;

/** @throws OpsFailure (automation) when the database is not fit to be restored into; nothing was changed in it */
export async function givenTarget(url: Secret, source: ServerIdentity): Promise<Omit<CopyTarget, "scratch">> {
  const server = await serverIdentity(url, "the database to restore into");
  refuseLive(server, source, url);
  const session = await openSession(url);
  try {
    await requireEmpty(session.query, url);
    return { kind: "given", url, server, query: session.query, close: session.close };
  } catch (error) {
    await session.close();
    throw error;
  }
}

function refuseLive(target: ServerIdentity, source: ServerIdentity, url: Secret): void {
  const where = printableUrl(url.reveal());
  const same = target.system_identifier === source.system_identifier && target.database_oid === source.database_oid;
  if (same)
    throw new OpsFailure("Could not restore into this database", {
      observed: "it is the one that the rows come from, perhaps under another address",
      expected: "another database, new and empty",
      where,
      hint: "createdb --template=template0 NEW_DATABASE",
    });
  if (target.standby)
    throw new OpsFailure("Could not restore into this database", {
      observed: "its server is a standby: it takes no writes",
      expected: "the address of the primary",
      where,
    });
}

async function requireEmpty(query: Query, url: Secret): Promise<void> {
  const found = await query<{ what: string }>(OBJECTS);
  if (found.length === 0) return;
  throw new OpsFailure("Could not restore into this database", {
    observed: `it is not empty: ${found.map(({ what }) => what).join(", ")}${found.length === 3 ? " ..." : ""}`,
    expected: "a new database",
    where: printableUrl(url.reveal()),
    hint: "createdb --template=template0 NEW_DATABASE",
  });
}
