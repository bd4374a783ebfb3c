-- Only those that do not fire in the usual way ("O"). Those that enforce a foreign key have a number for a name, so they
-- go by the constraint's name and their function's. pg_dump carries no state of these.
select format('%s on %I.%I', quote_ident(coalesce(k.conname, g.tgname)) 
                             || case when g.tgisinternal then ' ' || p.proname else '' end,
              n.nspname, c.relname) as object,
       json_strip_nulls(json_build_object(
         'fires', case g.tgenabled when 'D' then 'never' when 'R' then 'on a replica' when 'A' then 'always' end,
         'internal', nullif(g.tgisinternal, false)))::text as state
from pg_trigger g
join pg_class c on c.oid = g.tgrelid
join pg_namespace n on n.oid = c.relnamespace
join pg_proc p on p.oid = g.tgfoid
left join pg_constraint k on k.oid = g.tgconstraint and g.tgisinternal
where g.tgenabled <> 'O' and n.nspname !~ '^pg_temp_'
