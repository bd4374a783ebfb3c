// The sequences that belong to tables (serial and identity columns). pg_dump adds their values to a dump of such a table;
// a second value from another moment would then overwrite the one that the rest of the backup has.
import type { Query } from "../../query.ts";
import { partsOfName } from "./table_pattern.ts";

// deptype: a = OWNED BY, i = identity ("pg_depend" in the documentation).
const OWNED = `
  select distinct pg_catalog.format('%I.%I', sn.nspname, s.relname) as name
    from pg_catalog.pg_depend d
    join pg_catalog.pg_class s on s.oid = d.objid and s.relkind = 'S'
    join pg_catalog.pg_namespace sn on sn.oid = s.relnamespace
    join pg_catalog.pg_class t on t.oid = d.refobjid
    join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace
    join pg_catalog.json_array_elements($1::text::json) wanted
      on wanted ->> 0 = tn.nspname and wanted ->> 1 = t.relname
   where d.classid = 'pg_catalog.pg_class'::regclass and d.refclassid = 'pg_catalog.pg_class'::regclass
     and d.deptype in ('a', 'i')
   order by 1`;

/** @param tables names as SQL has them @returns names of the same form */
export async function ownedSequences(query: Query, tables: readonly string[]): Promise<string[]> {
  const rows = await query<{ name: string }>(OWNED, [JSON.stringify(tables.map(partsOfName))]);
  return rows.map(({ name }) => name);
}
