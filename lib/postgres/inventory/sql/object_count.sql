-- How many of the kinds that have no list here. 16384: below it are the server's own. Temporary tables are of one session of
-- somebody, and in no dump.
with temporary as (
  select oid from pg_namespace where nspname ~ '^pg_(toast_)?temp_'
), ours as (
  select oid, relkind from pg_class where oid >= 16384 and relnamespace not in (select oid from temporary)
)
select name as object, json_build_object('count', count)::text as state from (
  select 'access methods' as name, count(*) from pg_am where oid >= 16384
  union all select 'casts', count(*) from pg_cast where oid >= 16384
  union all select 'columns', count(*) from pg_attribute a join ours c on c.oid = a.attrelid
    where c.relkind in ('r', 'p', 'v', 'm', 'f', 'c') and a.attnum > 0 and not a.attisdropped
  union all select 'column defaults', count(*) from pg_attrdef where adrelid in (select oid from ours)
  union all select 'constraints', count(*) from pg_constraint
    where oid >= 16384 and connamespace not in (select oid from temporary)
  union all select 'constraints not validated', count(*) from pg_constraint
    where oid >= 16384 and connamespace not in (select oid from temporary) and not convalidated
  union all select 'conversions', count(*) from pg_conversion where oid >= 16384
  union all select 'operators', count(*) from pg_operator where oid >= 16384
  union all select 'operator classes', count(*) from pg_opclass where oid >= 16384
  union all select 'operator families', count(*) from pg_opfamily where oid >= 16384
  union all select 'rules', count(*) from pg_rewrite where ev_class in (select oid from ours)
  union all select 'text search configurations', count(*) from pg_ts_config where oid >= 16384
  union all select 'text search dictionaries', count(*) from pg_ts_dict where oid >= 16384
  union all select 'text search parsers', count(*) from pg_ts_parser where oid >= 16384
  union all select 'text search templates', count(*) from pg_ts_template where oid >= 16384
  union all select 'transforms', count(*) from pg_transform where oid >= 16384
  union all select 'triggers', count(*) from pg_trigger where tgrelid in (select oid from ours) and not tgisinternal
) counted
