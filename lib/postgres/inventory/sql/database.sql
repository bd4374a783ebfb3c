-- Through to_jsonb, because the columns for locales have other names, and are fewer, in older servers.
select 'database' as object, json_strip_nulls(json_build_object(
  'owner', pg_get_userbyid(d.datdba),
  'encoding', pg_encoding_to_char(d.encoding),
  'provider', coalesce(to_jsonb(d) ->> 'datlocprovider', 'c'),
  'collate', d.datcollate,
  'ctype', d.datctype,
  'locale', coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale'),
  'rules', to_jsonb(d) ->> 'daticurules',
  'collation_version', to_jsonb(d) ->> 'datcollversion',
  'connection_limit', nullif(d.datconnlimit, -1),
  'allows_connections', nullif(d.datallowconn, true),
  'template', nullif(d.datistemplate, false),
  'comment', shobj_description(d.oid, 'pg_database')))::text as state
from pg_database d where d.datname = current_database()
