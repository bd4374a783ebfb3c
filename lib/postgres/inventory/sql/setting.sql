select format('%s of %s', split_part(c, '=', 1),
              case when s.setrole = 0 then case when s.setdatabase = 0 then 'all roles' else 'the database' end
                   else 'role ' || quote_ident(pg_get_userbyid(s.setrole))
                        || case when s.setdatabase = 0 then '' else ' in this database' end end) as object,
       json_strip_nulls(json_build_object(
         'role', case when s.setrole <> 0 then pg_get_userbyid(s.setrole) end,
         'in_database', nullif(s.setdatabase <> 0, false),
         'name', split_part(c, '=', 1),
         'value', substr(c, strpos(c, '=') + 1)))::text as state
from pg_db_role_setting s, unnest(s.setconfig) c
where (s.setdatabase = 0 or s.setdatabase = (select oid from pg_database where datname = current_database()))
  and (s.setrole = 0 or s.setrole = any ($1::text::oid[]))
