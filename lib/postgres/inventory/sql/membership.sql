-- Without the grantor: servers before 16 keep none that means anything. Several grants of one membership count as one.
select format('%s in %s', quote_ident(pg_get_userbyid(member)), quote_ident(pg_get_userbyid(roleid))) as object,
       json_strip_nulls(json_build_object(
         'member', pg_get_userbyid(member),
         'role', pg_get_userbyid(roleid),
         'admin', nullif(bool_or(admin_option), false),
         'inherit', bool_or((to_jsonb(m) ->> 'inherit_option')::boolean),
         'set', bool_or((to_jsonb(m) ->> 'set_option')::boolean)))::text as state
from pg_auth_members m
where m.roleid = any ($1::text::oid[]) and m.member = any ($1::text::oid[])
group by member, roleid
