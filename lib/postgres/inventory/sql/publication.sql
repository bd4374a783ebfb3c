select quote_ident(p.pubname) as object,
       json_strip_nulls(json_build_object(
         'owner', pg_get_userbyid(p.pubowner),
         'all_tables', nullif(p.puballtables, false),
         'publishes', concat_ws(', ', case when p.pubinsert then 'insert' end, case when p.pubupdate then 'update' end,
                                case when p.pubdelete then 'delete' end, case when p.pubtruncate then 'truncate' end),
         'via_root', nullif(p.pubviaroot, false),
         'tables', (select array_agg(format('%I.%I', n.nspname, c.relname)::text order by n.nspname, c.relname)
                    from pg_publication_rel r join pg_class c on c.oid = r.prrelid
                    join pg_namespace n on n.oid = c.relnamespace where r.prpubid = p.oid)))::text as state
from pg_publication p
