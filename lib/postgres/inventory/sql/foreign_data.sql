-- Names of options, never their values: a password is one of them.
select 'wrapper ' || quote_ident(fdwname) as object,
       json_strip_nulls(json_build_object(
         'owner', pg_get_userbyid(fdwowner),
         'options', (select array_agg(split_part(o, '=', 1) order by o) from unnest(fdwoptions) o)))::text as state
from pg_foreign_data_wrapper
union all
select 'server ' || quote_ident(s.srvname), json_strip_nulls(json_build_object(
         'owner', pg_get_userbyid(s.srvowner), 'wrapper', quote_ident(w.fdwname), 'type', s.srvtype, 'version', s.srvversion,
         'options', (select array_agg(split_part(o, '=', 1) order by o) from unnest(s.srvoptions) o)))::text
from pg_foreign_server s join pg_foreign_data_wrapper w on w.oid = s.srvfdw
union all
select format('user mapping of %s for server %I', case umuser when 0 then 'PUBLIC' else quote_ident(usename) end, srvname), '{}'
from pg_user_mappings
