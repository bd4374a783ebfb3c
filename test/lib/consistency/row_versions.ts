// Whether anything was written at all: each table's row versions in one digest. A rewritten row has another one, even
// when its values are the same.
import type { Sql } from "../../../lib/db/handles.ts";

export interface TableVersion {
  readonly rows: number;
  readonly digest: string | null;
}

/** Every table of the hub, by name, less those named. */
export async function rowVersions(sql: Sql, less: readonly string[] = []): Promise<Record<string, TableVersion>> {
  const tables = await sql<{ schema: string; name: string }[]>`
    select schemaname as schema, tablename as name from pg_tables where schemaname in ('public', 'activity') order by 1, 2`;
  const versions: Record<string, TableVersion> = {};
  for (const { schema, name } of tables.filter((table) => !less.includes(table.name))) {
    const [row] = await sql<TableVersion[]>`
      select count(*)::int as rows, md5(string_agg(ctid::text || ' ' || xmin::text, ',' order by ctid)) as digest
      from ${sql(schema)}.${sql(name)}`;
    if (row) versions[name] = { rows: row.rows, digest: row.digest };
  }
  return versions;
}
