select format('%s for %s, granted by %s', a.privilege_type,
              case a.grantee when 0 then 'PUBLIC' else quote_ident(pg_get_userbyid(a.grantee)) end,
              quote_ident(pg_get_userbyid(a.grantor))) as object,
       json_strip_nulls(json_build_object(
         'privilege', a.privilege_type,
         'grantee', case when a.grantee <> 0 then pg_get_userbyid(a.grantee) end,
         'grantor', pg_get_userbyid(a.grantor),
         'with_grant_option', nullif(a.is_grantable, false)))::text as state
from pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
where d.datname = current_database()
