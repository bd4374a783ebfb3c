-- The roles that this database refers to, and those that these are members of or have as members. Predefined roles are
-- in it, but not whoever else is a member of them, nor who has no more than something temporary there. (10: the role of
-- initdb, which pg_shdepend leaves out.)
with recursive this as (
  select oid, datdba from pg_database where datname = current_database()
), temporary(classid, objid) as (
  select 'pg_class'::regclass::oid, oid from pg_class where relpersistence = 't'
  union select 'pg_type'::regclass::oid, t.oid from pg_type t join pg_namespace n on n.oid = typnamespace where nspname ~ '^pg_temp_'
  union select 'pg_proc'::regclass::oid, p.oid from pg_proc p join pg_namespace n on n.oid = pronamespace where nspname ~ '^pg_temp_'
), referred(oid) as (
  select refobjid from pg_shdepend, this
  where refclassid = 'pg_authid'::regclass
    and ((dbid = this.oid and (classid, objid) not in (select classid, objid from temporary))
      or (dbid = 0 and classid = 'pg_database'::regclass and objid = this.oid))
  union select datdba from this
  union select setrole from pg_db_role_setting, this where setdatabase = this.oid and setrole <> 0
  union select subowner from pg_subscription, this where subdbid = this.oid
  union select 10
), up(oid) as (
  select oid from referred
  union select roleid from pg_auth_members join up on member = up.oid
), down(oid) as (
  select referred.oid from referred join pg_roles on pg_roles.oid = referred.oid where rolname !~ '^pg_'
  union select member from pg_auth_members join down on roleid = down.oid
)
select oid::int8::text as oid from up union select oid::int8::text from down
