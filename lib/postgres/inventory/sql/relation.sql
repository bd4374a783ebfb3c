-- Tables, partitions, views, matviews, foreign tables, sequences: what is usual (permanent, heap, no row security ...) is
-- left out, so that 10,000 plain tables stay small.
select format('%I.%I', n.nspname, c.relname) as object,
       json_strip_nulls(json_build_object(
         'kind', case c.relkind when 'r' then 'table' when 'p' then 'partitioned table' when 'v' then 'view'
                                when 'm' then 'materialized view' when 'f' then 'foreign table' else 'sequence' end,
         'owner', pg_get_userbyid(c.relowner),
         'persistence', case c.relpersistence when 'u' then 'unlogged' when 't' then 'temporary' end,
         'access_method', nullif(am.amname, 'heap'),
         'partition_key', pg_get_partkeydef(c.oid),
         'partition_bound', pg_get_expr(c.relpartbound, c.oid),
         'parents', p.names,
         'row_security', nullif(c.relrowsecurity, false),
         'row_security_forced', nullif(c.relforcerowsecurity, false),
         'replica_identity', case c.relreplident when 'f' then 'full' when 'i' then 'index'
                                                 when 'n' then case when c.relkind in ('r', 'p') then 'nothing' end end,
         'options', c.reloptions,
         'toast_options', t.reloptions,
         'of_type', case when c.reloftype <> 0 then format_type(c.reloftype, null) end,
         'populated', case when c.relkind = 'm' then c.relispopulated end,
         'owned_by', s.owned_by))::text as state
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
left join pg_am am on am.oid = c.relam
left join pg_class t on t.oid = c.reltoastrelid
left join (select inhrelid, array_agg(format('%I.%I', pn.nspname, pc.relname)::text order by inhseqno) as names
           from pg_inherits join pg_class pc on pc.oid = inhparent join pg_namespace pn on pn.oid = pc.relnamespace
           group by inhrelid) p on p.inhrelid = c.oid
left join (select d.objid, format('%I.%I.%I', sn.nspname, sc.relname, a.attname)
                           || case d.deptype when 'i' then ' (identity)' else '' end as owned_by
           from pg_depend d
           join pg_class sc on sc.oid = d.refobjid join pg_namespace sn on sn.oid = sc.relnamespace
           join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
           where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass
             and d.objsubid = 0 and d.refobjsubid > 0 and d.deptype in ('a', 'i')) s
  on s.objid = c.oid and c.relkind = 'S'
where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
  and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
