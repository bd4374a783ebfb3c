select quote_ident(e.evtname) as object,
       json_strip_nulls(json_build_object(
         'owner', pg_get_userbyid(e.evtowner),
         'event', e.evtevent,
         'function', (pg_identify_object('pg_proc'::regclass, e.evtfoid, 0)).identity,
         'fires', case e.evtenabled when 'D' then 'never' when 'R' then 'on a replica' when 'A' then 'always' end,
         'tags', e.evttags))::text as state
from pg_event_trigger e
