select format('%I on %I.%I', p.polname, n.nspname, c.relname) as object,
       json_strip_nulls(json_build_object(
         'command', p.polcmd,
         'restrictive', nullif(not p.polpermissive, false),
         'roles', (select json_agg(name order by name collate "C")
                   from (select case r when 0 then 'PUBLIC' else quote_ident(pg_get_userbyid(r)) end as name
                         from unnest(p.polroles) r) named)))::text as state
from pg_policy p
join pg_class c on c.oid = p.polrelid
join pg_namespace n on n.oid = c.relnamespace and n.nspname !~ '^pg_temp_'
