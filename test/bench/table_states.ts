// Which rows a run wrote, told by PostgreSQL's own row versions: every insert, update and delete changes a table's sum
// of (xmin, ctid). Statistics would do too, but the server reports them late.
import type { Sql } from "../../lib/db/handles.ts";

export type TableStates = ReadonlyMap<string, string>;

export async function tableStates(sql: Sql): Promise<TableStates> {
  const tables = await sql<{ name: string }[]>`
    select format('%I.%I', nspname, relname) as name from pg_class c join pg_namespace n on n.oid = relnamespace
    where relkind = 'r' and nspname in ('public', 'activity') order by 1`;
  const states = new Map<string, string>();
  for (const { name } of tables) {
    // A name of the catalog's own, quoted by it.
    const [row] = await sql.unsafe<{ rows: string; versions: string }[]>(
      `select count(*) as rows, coalesce(sum(hashtextextended(xmin::text || ctid::text, 0)), 0) as versions from ${name}`,
    );
    states.set(name, `${row?.rows} rows, ${row?.versions}`);
  }
  return states;
}

/** Tables with a row more, less or other than before. */
export function changedTables(before: TableStates, after: TableStates): string[] {
  return [...after].filter(([name, state]) => before.get(name) !== state).map(([name]) => name);
}
