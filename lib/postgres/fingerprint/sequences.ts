// Sequences whole: a value read from max(id) or from owned sequences alone lets the first insert after a restore collide.
// They are outside of every snapshot: what is read is what is so now.
import type { Query } from "../../query.ts";
import type { SequenceState } from "./fingerprint_types.ts";
import { ownSavepoint } from "./own_savepoint.ts";
import { readFailure } from "./read_failure.ts";

type Definition = Omit<SequenceState, "lastValue" | "isCalled">;

const DEFINITIONS = `
  select c.oid::bigint as oid, format('%I.%I', n.nspname, c.relname) as name, s.seqincrement::text as increment,
    s.seqmin::text as minimum, s.seqmax::text as maximum, s.seqstart::text as start, s.seqcache::text as cache,
    s.seqcycle as cycle, format_type(s.seqtypid, null) as type,
    (select format('%I.%I.%I', tn.nspname, t.relname, a.attname)
      from pg_catalog.pg_depend d join pg_catalog.pg_class t on t.oid = d.refobjid
        join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace
        join pg_catalog.pg_attribute a on a.attrelid = t.oid and a.attnum = d.refobjsubid
      where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.refobjsubid > 0
        and d.refclassid = 'pg_catalog.pg_class'::regclass and d.deptype in ('a', 'i') limit 1) as "ownedBy"
  from pg_catalog.pg_sequence s join pg_catalog.pg_class c on c.oid = s.seqrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.relpersistence <> 't' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  order by format('%I.%I', n.nspname, c.relname) collate "C"`;

const AT_ONCE = 150;

/** All of them, owned or not, by name. @throws OpsFailure (automation) when one cannot be read */
export async function readSequences(query: Query): Promise<SequenceState[]> {
  const definitions = await query<Definition & { oid: string }>(DEFINITIONS);
  const states: SequenceState[] = [];
  for (let at = 0; at < definitions.length; at += AT_ONCE) {
    states.push(...(await readStates(query, definitions.slice(at, at + AT_ONCE))));
  }
  return states;
}

async function readStates(query: Query, some: readonly (Definition & { oid: string })[]): Promise<SequenceState[]> {
  const one = ({ name }: Definition, index: number) =>
    `select ${index} as at, last_value::text as "lastValue", is_called as "isCalled" from ${name}`;
  const read = () => query<{ at: number; lastValue: string; isCalled: boolean }>(some.map(one).join(" union all "));
  try {
    const rows = await ownSavepoint(query, read);
    const values = new Map(rows.map(({ at, ...value }) => [at, value]));
    return some.map(({ oid: _, ...definition }, index) => ({ ...definition, ...requireValue(values.get(index)) }));
  } catch (error) {
    throw await readFailure(error, { names: some.map(({ name }) => name), oids: some.map(({ oid }) => oid), query });
  }
}

function requireValue<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("a sequence gave no row");
  return value;
}
