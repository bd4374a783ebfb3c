-- Collations of this database's own, and those of the system that its columns and indexes name. `version` is that of the
-- collation when it was made, `provided` what the server's library gives now.
select (pg_identify_object('pg_collation'::regclass, c.oid, 0)).identity as object,
       json_strip_nulls(json_build_object(
         'provider', c.collprovider,
         'owner', case when c.oid >= 16384 then pg_get_userbyid(c.collowner) end,
         'collate', c.collcollate,
         'ctype', c.collctype,
         'locale', coalesce(to_jsonb(c) ->> 'colllocale', to_jsonb(c) ->> 'colliculocale'),
         'rules', to_jsonb(c) ->> 'collicurules',
         'deterministic', nullif(c.collisdeterministic, true),
         'version', c.collversion,
         'provided', pg_collation_actual_version(c.oid)))::text as state
from pg_collation c
where c.oid >= 16384
   or exists (select from pg_depend d where d.refclassid = 'pg_collation'::regclass and d.refobjid = c.oid)
