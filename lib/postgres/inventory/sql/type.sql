-- Enums with their labels in order, domains, ranges, composite types of their own; not a table's row type, not an array's.
select (pg_identify_object('pg_type'::regclass, t.oid, 0)).identity as object,
       json_strip_nulls(json_build_object(
         'owner', pg_get_userbyid(t.typowner),
         'kind', t.typtype,
         'labels', (select array_agg(e.enumlabel::text order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid)))::text
         as state
from pg_type t
join pg_namespace n on n.oid = t.typnamespace
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and (t.typtype in ('e', 'd', 'r') or (t.typtype = 'b' and t.typelem = 0)
       or (t.typtype = 'c' and exists (select from pg_class c where c.oid = t.typrelid and c.relkind = 'c')))
  and not exists (select from pg_depend d
                  where d.classid = 'pg_type'::regclass and d.objid = t.oid and d.deptype = 'e')
