select format('%s on %s for %s', a.privilege_type, p.parname, quote_ident(pg_get_userbyid(a.grantee))) as object,
       json_strip_nulls(json_build_object(
         'parameter', p.parname,
         'privilege', a.privilege_type,
         'grantee', pg_get_userbyid(a.grantee),
         'with_grant_option', nullif(a.is_grantable, false)))::text as state
from pg_parameter_acl p, aclexplode(p.paracl) a
where a.grantee = any ($1::text::oid[]) and a.grantee <> 10
