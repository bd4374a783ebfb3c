-- Only what is unusual: a statistics target, a storage other than the type's, a compression, options, identity, generated.
-- Types, defaults and NOT NULL stand in the definitions.
select format('%I.%I.%I', n.nspname, c.relname, a.attname) as object,
       json_strip_nulls(json_build_object(
         'statistics', nullif(a.attstattarget, -1),
         'storage', case when a.attstorage <> t.typstorage then a.attstorage end,
         'compression', case when c.relkind not in ('i', 'I') then nullif(a.attcompression, '') end, -- from 14
         'options', a.attoptions,
         'foreign_options', (select array_agg(split_part(o, '=', 1) order by o) from unnest(a.attfdwoptions) o),
         'identity', case a.attidentity when 'a' then 'always' when 'd' then 'by default' end,
         'generated', case a.attgenerated when 's' then 'stored' when 'v' then 'virtual' end))::text as state
from pg_attribute a
join pg_class c on c.oid = a.attrelid
join pg_namespace n on n.oid = c.relnamespace
join pg_type t on t.oid = a.atttypid
where c.relkind in ('r', 'p', 'v', 'm', 'f', 'i', 'I')
  and a.attnum > 0 and not a.attisdropped
  and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and (coalesce(a.attstattarget, -1) <> -1
       or (a.attstorage <> t.typstorage and c.relkind in ('r', 'p', 'm', 'f'))
       or (a.attcompression <> '' and c.relkind not in ('i', 'I')) -- from 14
       or a.attoptions is not null
       or a.attfdwoptions is not null
       or a.attidentity <> ''
       or a.attgenerated <> '')
