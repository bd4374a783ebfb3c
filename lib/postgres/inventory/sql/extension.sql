select quote_ident(e.extname) as object,
       json_build_object('version', e.extversion, 'schema', quote_ident(n.nspname))::text as state
from pg_extension e join pg_namespace n on n.oid = e.extnamespace
