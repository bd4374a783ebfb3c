-- One row each while they are few. Beyond that, what most have in common (owner, privileges, comment) is one row with a
-- count, and only the others have a row of their own: one that was changed is still named, and a million are no burden.
with each as (
  select m.oid, pg_get_userbyid(m.lomowner) as owner, obj_description(m.oid, 'pg_largeobject') as comment,
         nullif((select array_agg(line order by line collate "C") from (
            select format('%s: %s%s', case e.grantee when 0 then 'PUBLIC' when m.lomowner then '(owner)'
                                                     else quote_ident(pg_get_userbyid(e.grantee)) end,
                          string_agg(e.privilege_type || case when e.is_grantable then '*' else '' end, ', '
                                     order by e.privilege_type),
                          case when e.grantor <> m.lomowner then ' by ' || quote_ident(pg_get_userbyid(e.grantor)) else '' end)
                     as line
            from aclexplode(m.lomacl) e group by e.grantee, e.grantor) lines
          where m.lomacl is not null), '{"(owner): SELECT, UPDATE"}') as privileges
  from pg_largeobject_metadata m
), usual as (
  select owner, comment, privileges, count(*) as count from each group by 1, 2, 3
  order by 4 desc, 1, 2 nulls first, 3 nulls first limit 1
), total as (select count(*) from pg_largeobject_metadata)
select 'large objects' as object, json_strip_nulls(json_build_object(
         'count', total.count,
         'most', case when total.count > 1000 then json_build_object(
           'owner', u.owner, 'comment', u.comment, 'privileges', u.privileges) end))::text
         as state
from total left join usual u on true
union all
select 'large object ' || e.oid, json_strip_nulls(json_build_object(
         'owner', e.owner, 'comment', e.comment, 'privileges', e.privileges))::text
from each e, usual u, total
where total.count <= 1000
   or (e.owner, coalesce(e.comment, ''), coalesce(e.privileges, '{}'))
      is distinct from (u.owner, coalesce(u.comment, ''), coalesce(u.privileges, '{}'))
