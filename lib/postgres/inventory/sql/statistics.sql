select format('%I.%I', n.nspname, s.stxname) as object,
       json_strip_nulls(json_build_object(
         'owner', pg_get_userbyid(s.stxowner),
         'table', c.relname,
         'kinds', s.stxkind,
         'target', nullif(s.stxstattarget, -1)))::text as state
from pg_statistic_ext s
join pg_namespace n on n.oid = s.stxnamespace and n.nspname !~ '^pg_temp_'
join pg_class c on c.oid = s.stxrelid
