-- Only those that do not act in the usual way ("O").
select format('%I on %I.%I', r.rulename, n.nspname, c.relname) as object,
       json_build_object('acts', case r.ev_enabled when 'D' then 'never' when 'R' then 'on a replica' else 'always' end)::text
         as state
from pg_rewrite r
join pg_class c on c.oid = r.ev_class
join pg_namespace n on n.oid = c.relnamespace
where r.ev_enabled <> 'O' and n.nspname !~ '^pg_temp_'
