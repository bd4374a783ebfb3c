-- Those of an extension come with its version.
select quote_ident(l.lanname) as object,
       json_build_object('owner', pg_get_userbyid(l.lanowner), 'trusted', l.lanpltrusted)::text as state
from pg_language l
where l.lanispl
  and not exists (select from pg_depend d
                  where d.classid = 'pg_language'::regclass and d.objid = l.oid and d.deptype = 'e')
