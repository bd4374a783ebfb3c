-- Compared with what such an entry starts from: the built-in privileges when it is for the whole database, none when it
-- is for one schema.
select format('of %I for %s%s', pg_get_userbyid(d.defaclrole),
              case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions'
                                   when 'T' then 'types' when 'n' then 'schemas' else 'large objects' end,
              coalesce(' in schema ' || quote_ident(n.nspname), '')) as object,
       json_build_object('privileges', coalesce((
         select array_agg(line order by line collate "C") from (
           select format('%s: %s%s', case e.grantee when 0 then 'PUBLIC' when d.defaclrole then '(owner)'
                                                    else quote_ident(pg_get_userbyid(e.grantee)) end,
                         string_agg(e.privilege_type || case when e.is_grantable then '*' else '' end, ', '
                                    order by e.privilege_type),
                         case when e.grantor <> d.defaclrole then ' by ' || quote_ident(pg_get_userbyid(e.grantor)) else '' end)
                    as line
           from aclexplode(d.defaclacl) e group by e.grantee, e.grantor) lines), '{}'))::text as state
from pg_default_acl d left join pg_namespace n on n.oid = d.defaclnamespace
