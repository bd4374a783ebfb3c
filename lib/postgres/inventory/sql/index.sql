select format('%I.%I', n.nspname, c.relname) as object,
       json_strip_nulls(json_build_object(
         'table', quote_ident(t.relname),
         'method', nullif(am.amname, 'btree'),
         'unique', nullif(i.indisunique, false),
         'primary', nullif(i.indisprimary, false),
         'invalid', nullif(not (i.indisvalid and i.indisready), false),
         'clustered', nullif(i.indisclustered, false),
         'replica_identity', nullif(i.indisreplident, false),
         'owner', case when c.relowner <> t.relowner then pg_get_userbyid(c.relowner) end,
         'options', c.reloptions))::text as state
from pg_index i
join pg_class c on c.oid = i.indexrelid
join pg_class t on t.oid = i.indrelid
join pg_namespace n on n.oid = c.relnamespace
join pg_am am on am.oid = c.relam
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
