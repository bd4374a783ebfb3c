select quote_ident(t.spcname) as object, json_build_object('relations', count(*))::text as state
from pg_class c join pg_tablespace t on t.oid = c.reltablespace
where c.oid >= 16384 and c.relpersistence <> 't' and t.spcname not in ('pg_default', 'pg_global')
group by t.spcname
