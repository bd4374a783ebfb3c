// Which tables a fingerprint reads, and how: decided by the catalog alone, and alike on a source and its restored copy.
import { OpsFailure } from "../../failure.ts";
import type { Query } from "../../query.ts";

export interface ListedTable {
  readonly oid: string;
  /** Schema and name, quoted where SQL needs it. */
  readonly name: string;
  /** Its rows have physical addresses that can be read by range. */
  readonly ranges: boolean;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly key: readonly string[] | null;
  readonly bytes: number;
  readonly pages: number;
}

/**
 * What follows `from`. Partitioned parents (p) hold no rows; leaves and inheritance parents are r. Materialised views (m)
 * and foreign tables (f) are for the inventory. Temporary tables are of one session. pg_toast is read with its table.
 */
export const USER_TABLES = `
  pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.relkind = 'r' and c.relpersistence <> 't' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`;

// Columns by name: a restored child of an inheritance tree may have them in another order, since its parent's come first.
// Key: the primary one, else that of the fewest columns; by column names, since index names and ids may differ.
const LISTED = `
  select c.oid::bigint as oid, format('%I.%I', n.nspname, c.relname) as name,
    exists (select from pg_catalog.pg_am am where am.oid = c.relam and am.amname = 'heap')
      and current_setting('server_version_num')::int >= 140000 as ranges,
    has_schema_privilege(n.oid, 'USAGE') and coalesce(has_table_privilege(c.oid, 'SELECT'), true) as readable,
    row_security_active(c.oid) as filtered,
    coalesce((select json_agg(json_build_object('name', quote_ident(a.attname),
        'type', format_type(a.atttypid, a.atttypmod)) order by a.attname collate "C")
      from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped), '[]') as columns,
    (select json_agg(k.column) from (select * from (
        select i.indexrelid, i.indisprimary, i.indnkeyatts, at.place, quote_ident(a.attname) as column,
          first_value(i.indexrelid) over (order by i.indisprimary desc, i.indnkeyatts,
            (select string_agg(b.attname, ',' order by array_position(i.indkey::int2[], b.attnum))
              from pg_catalog.pg_attribute b where b.attrelid = i.indrelid and b.attnum = any(i.indkey)) collate "C",
            i.indexrelid) as chosen
        from pg_catalog.pg_index i
          cross join lateral unnest(i.indkey::int2[]) with ordinality at(attnum, place)
          join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = at.attnum
        where i.indrelid = c.oid and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null
          and at.place <= i.indnkeyatts
          and not exists (select from unnest(i.indkey::int2[]) with ordinality u(attnum, place)
            join pg_catalog.pg_attribute b on b.attrelid = i.indrelid and b.attnum = u.attnum
            where u.place <= i.indnkeyatts and not b.attnotnull)) one
      where indexrelid = chosen order by place) k) as key
  from ${USER_TABLES} order by format('%I.%I', n.nspname, c.relname) collate "C"`;

// Waits for a lock that somebody holds on the table, as reading it would.
const SIZES = `
  select c.oid::bigint as oid, pg_relation_size(c.oid)::text as heap,
    coalesce(pg_relation_size(nullif(c.reltoastrelid, 0)), 0)::text as toast,
    current_setting('block_size') as block
  from ${USER_TABLES}`;

interface ListedRow extends Omit<ListedTable, "bytes" | "pages"> {
  readonly readable: boolean;
  readonly filtered: boolean;
}

interface SizeRow {
  readonly oid: string;
  readonly heap: string | null;
  readonly toast: string;
  readonly block: string;
}

/**
 * All user tables, by name, with what they measure now: two round trips for any number of them.
 * @throws OpsFailure (automation) when the role may not read one, or not all rows of it; the driver's error for a lock
 */
export async function listTables(query: Query): Promise<ListedTable[]> {
  const rows = await query<ListedRow>(LISTED);
  refuse(rows, ({ readable }) => !readable, "no right to read", "Grant SELECT on it (and USAGE on its schema), or use");
  refuse(rows, ({ filtered }) => filtered, "a policy hides rows of", "Give the role BYPASSRLS, or use");
  const sizes = new Map((await query<SizeRow>(SIZES)).map((size) => [size.oid, size]));
  return rows.map(({ readable: _, filtered: __, ...table }) => ({ ...table, ...measured(sizes.get(table.oid)) }));
}

function measured(size: SizeRow | undefined): { bytes: number; pages: number } {
  const heap = Number(size?.heap ?? 0);
  return { bytes: heap + Number(size?.toast ?? 0), pages: heap / Number(size?.block ?? 1) };
}

function refuse(rows: readonly ListedRow[], wrong: (row: ListedRow) => boolean, problem: string, remedy: string): void {
  const names = rows.filter(wrong).map(({ name }) => name);
  if (names.length === 0) return;
  const more = names.length > 5 ? ` and ${names.length - 5} more` : "";
  throw new OpsFailure("Could not fingerprint the database", {
    observed: `${problem} ${names.slice(0, 5).join(", ")}${more}`,
    expected: "a role that reads every row of every table",
    hint: `${remedy} the role that owns the database`,
  });
}
