select quote_ident(nspname) as object, json_build_object('owner', pg_get_userbyid(nspowner))::text as state
from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'
