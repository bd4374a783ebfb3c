-- Those of an extension come with its version.
select (pg_identify_object('pg_proc'::regclass, p.oid, 0)).identity as object,
       json_strip_nulls(json_build_object(
         'owner', pg_get_userbyid(p.proowner),
         'kind', case p.prokind when 'f' then null when 'p' then 'procedure' when 'a' then 'aggregate' else 'window' end,
         'language', l.lanname,
         'security_definer', nullif(p.prosecdef, false),
         'settings', p.proconfig))::text as state
from pg_proc p
join pg_language l on l.oid = p.prolang
join pg_namespace n on n.oid = p.pronamespace
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and not exists (select from pg_depend d
                  where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
