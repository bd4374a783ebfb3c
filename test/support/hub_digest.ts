// What a hub's database holds, as one digest a table: whether anything was written, wherever it was.
import type { Sql } from "../../lib/db/handles.ts";

/** By table, such as `public.tasks`. */
export type HubDigest = Readonly<Record<string, string>>;

export async function digestOf(sql: Sql): Promise<HubDigest> {
  const tables = await sql<{ name: string; schema: string }[]>`
    select relname as name, nspname as schema from pg_class join pg_namespace n on n.oid = relnamespace
    where relkind = 'r' and nspname in ('public', 'activity') order by 2, 1`;
  const digests: Record<string, string> = {};
  for (const { schema, name } of tables) {
    const [row] = await sql<{ digest: string }[]>`
      select count(*) || ' ' || md5(coalesce(string_agg(t::text, '|' order by t::text), '')) as digest from ${sql(schema)}.${sql(name)} t`;
    digests[`${schema}.${name}`] = row?.digest ?? "";
  }
  return digests;
}

/** The tables that differ, in order. */
export function changedTables(before: HubDigest, after: HubDigest): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((name) => before[name] !== after[name])
    .sort();
}
