// Which hub a database holds, and whether it holds one at all. It may be asked of any database, also in the middle of a
// snapshot that others use: a statement that fails there would end their transaction too.
import type { Reader } from "../db/handles.ts";
import { OpsFailure } from "../failure.ts";

/** Which hub a database holds, and in which cluster it says to be. */
export interface HubIdentity {
  /** Lives in the database: a copy has the same one. */
  readonly instance_id: string;
  /** Of the PostgreSQL cluster: a copy elsewhere has another one. */
  readonly system_identifier: string;
}

/**
 * @param sql its search_path must lead where a hub's own connection's does
 * @returns null: the database holds no State Hub
 * @throws OpsFailure for a hub that cannot say which it is, and for a session that would not see it
 */
export async function identityOf(sql: Reader): Promise<HubIdentity | null> {
  const sight = await sightOf(sql);
  if (sight === "none") return null;
  if (sight === "hidden")
    throw new OpsFailure("Could not see which State Hub this is", {
      observed: "public.hub_instance is there, and this session's search_path does not lead to it",
      expected: "a search_path with public in it",
    });
  const [identity] = await sql<HubIdentity[]>`
    select instance_id, (select system_identifier::text from pg_control_system()) as system_identifier
    from hub_instance`;
  if (identity !== undefined) return { ...identity };
  throw new OpsFailure("Could not see which State Hub this is", {
    observed: "its table hub_instance is empty",
    expected: "one row, which the migration makes",
  });
}

/** From the catalog alone. Somebody else's table of that name has other columns, or no migrations of ours beside it. */
async function sightOf(sql: Reader): Promise<"seen" | "hidden" | "none"> {
  const [found] = await sql<{ seen: boolean; hidden: boolean }[]>`
    select to_regclass('schema_migrations') is not null and exists (
        select from pg_catalog.pg_attribute
        where attrelid = to_regclass('hub_instance') and attname = 'instance_id' and atttypid = 'uuid'::regtype
      ) as seen,
      to_regclass('hub_instance') is null and to_regclass('public.hub_instance') is not null
        and to_regclass('public.schema_migrations') is not null as hidden`;
  if (found?.seen) return "seen";
  return found?.hidden ? "hidden" : "none";
}
