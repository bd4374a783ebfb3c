select format('%s %s by %s', i.type, i.identity, l.provider) as object, json_build_object('label', l.label)::text as state
from pg_seclabel l, pg_identify_object(l.classoid, l.objoid, l.objsubid) i
