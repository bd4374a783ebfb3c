-- How many comments each catalog has; their texts stand in the definitions. What an extension made comes with it.
select c.classoid::regclass::text as object, json_build_object('comments', count(*))::text as state
from pg_description c
where c.objoid >= 16384
  and not exists (select from pg_class r where c.classoid = 'pg_class'::regclass and r.oid = c.objoid and r.relpersistence = 't')
  and not exists (select from pg_depend d
                  where d.classid = c.classoid and d.objid = c.objoid and d.deptype = 'e')
group by c.classoid
