-- pg_roles, not pg_authid: no verifier is ever read. Attributes that a role has not are left out.
select r.rolname::text as object,
       json_strip_nulls(json_build_object(
         'superuser', nullif(r.rolsuper, false),
         'no_inherit', nullif(not r.rolinherit, false),
         'create_role', nullif(r.rolcreaterole, false),
         'create_database', nullif(r.rolcreatedb, false),
         'login', nullif(r.rolcanlogin, false),
         'replication', nullif(r.rolreplication, false),
         'bypass_row_security', nullif(r.rolbypassrls, false),
         'connection_limit', nullif(r.rolconnlimit, -1),
         'valid_until', to_json(r.rolvaliduntil at time zone 'UTC'),
         'comment', shobj_description(r.oid, 'pg_authid')))::text as state
from pg_roles r
where r.oid = any ($1::text::oid[]) and r.rolname !~ '^pg_'
