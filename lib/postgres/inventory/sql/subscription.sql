-- Never subconninfo, which may hold a password.
select quote_ident(s.subname) as object,
       json_strip_nulls(json_build_object(
         'owner', pg_get_userbyid(s.subowner),
         'enabled', s.subenabled,
         'slot', s.subslotname,
         'publications', s.subpublications))::text as state
from pg_subscription s
where s.subdbid = (select oid from pg_database where datname = current_database())
