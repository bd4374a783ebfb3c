-- Whatever has other privileges than its kind has by default: NULL and the same spelled out are one. The owner goes as
-- "(owner)", so that a changed owner shows once. Of the server's own objects only what was changed after initdb.
with listed as (
  select case c.relkind when 'S' then 'sequence' else 'relation' end as kind, 'pg_class'::regclass as catalog, c.oid, 0 as part,
         c.relacl as acl, c.relowner as owner,
         acldefault(case c.relkind when 'S' then 's'::"char" else 'r' end, c.relowner) as usual, n.nspname as schema
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relacl is not null and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
  union all
  select 'column', 'pg_class', a.attrelid, a.attnum, a.attacl, c.relowner, acldefault('c', c.relowner), n.nspname
  from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
  where a.attacl is not null and not a.attisdropped
  union all
  select 'function', 'pg_proc', p.oid, 0, p.proacl, p.proowner, acldefault('f', p.proowner), n.nspname
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace where p.proacl is not null
  union all
  select 'schema', 'pg_namespace', n.oid, 0, n.nspacl, n.nspowner, acldefault('n', n.nspowner), n.nspname
  from pg_namespace n where n.nspacl is not null and n.nspname !~ '^pg_(toast|temp)'
  union all
  select 'type', 'pg_type', t.oid, 0, t.typacl, t.typowner, acldefault('T', t.typowner), n.nspname
  from pg_type t join pg_namespace n on n.oid = t.typnamespace where t.typacl is not null
  union all
  select 'language', 'pg_language', oid, 0, lanacl, lanowner, acldefault('l', lanowner), ''
  from pg_language where lanacl is not null
  union all
  select 'foreign-data wrapper', 'pg_foreign_data_wrapper', oid, 0, fdwacl, fdwowner, acldefault('F', fdwowner), ''
  from pg_foreign_data_wrapper where fdwacl is not null
  union all
  select 'foreign server', 'pg_foreign_server', oid, 0, srvacl, srvowner, acldefault('S', srvowner), ''
  from pg_foreign_server where srvacl is not null
), judged as (
  select l.*, case when l.schema in ('pg_catalog', 'information_schema') then coalesce(i.initprivs, l.usual)
                   else l.usual end as base
  from listed l
  left join pg_init_privs i on i.classoid = l.catalog and i.objoid = l.oid and i.objsubid = l.part
  where l.schema !~ '^pg_temp_'
)
select format('%s %s', j.kind, (pg_identify_object(j.catalog, j.oid, j.part)).identity) as object,
       json_build_object('privileges', coalesce(x.held, '{}'))::text as state
from judged j
cross join lateral (
  select array_agg(line order by line collate "C") as held from (
    select format('%s: %s%s', case e.grantee when 0 then 'PUBLIC' when j.owner then '(owner)'
                                          else quote_ident(pg_get_userbyid(e.grantee)) end,
                  string_agg(e.privilege_type || case when e.is_grantable then '*' else '' end, ', '
                             order by e.privilege_type),
                  case when e.grantor <> j.owner then ' by ' || quote_ident(pg_get_userbyid(e.grantor)) else '' end) as line
    from aclexplode(j.acl) e group by e.grantee, e.grantor) lines
) x
where exists (select from (select * from aclexplode(j.acl) except select * from aclexplode(j.base)) more)
   or exists (select from (select * from aclexplode(j.base) except select * from aclexplode(j.acl)) fewer)
