// Into which streams an encrypted backup is split: age and pg_dump each work on one processor a stream, so that one large table
// alone would hold the others up. (pure)

interface TableSize {
  /** `schema.table`, quoted where SQL needs it. */
  readonly name: string;
  readonly bytes: number;
}

export interface PartPlan {
  /** "data-001" */
  readonly name: string;
  readonly selection:
    | { readonly kind: "all-but"; readonly tables: readonly string[] }
    | { readonly kind: "tables"; readonly tables: readonly string[] };
}

/** Below this a part of its own costs more, in connections and files, than it wins. */
const LARGE_BYTES = 256 * 1024 * 1024;

/**
 * The one rule: a table of more than 256 MB, and of more than half of what one job would get of the whole, is a part of its own;
 * all else (the other tables, sequences, large objects) is one part. So there are at most 2 x jobs parts beside it.
 */
export function planParts(tables: readonly TableSize[], jobs: number): PartPlan[] {
  const total = tables.reduce((sum, { bytes }) => sum + bytes, 0);
  const share = Math.max(LARGE_BYTES, total / jobs / 2);
  const large = jobs === 1 ? [] : tables.filter(({ bytes }) => bytes > share).sort((a, b) => b.bytes - a.bytes);
  const apart = large.map(({ name }) => name);
  return [
    ...apart.map((name, index) => ({
      name: partName(index + 2),
      selection: { kind: "tables", tables: [name] } as const,
    })),
    { name: partName(1), selection: { kind: "all-but", tables: apart } as const },
  ];
}

/**
 * Of the tables that pg_dump takes rows of: leaves of partitioned ones too. Those with letters beyond ASCII in their names are not
 * listed, so that they stay in the common part: in a database of another encoding pg_dump would not find them by name.
 */
export const TABLE_SIZES = `
  select pg_catalog.format('%I.%I', n.nspname, c.relname) as name, pg_catalog.pg_table_size(c.oid)::text as bytes
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.relkind = 'r' and c.relpersistence in ('p', 'u')
    and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg\\_toast%'
    and (n.nspname || c.relname) !~ '[^ -~]'
    and not exists (
      select from pg_catalog.pg_depend d
      where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
  order by 1`;

function partName(number: number): string {
  return `data-${String(number).padStart(3, "0")}`;
}
