-- Which server, and who made it: 10 is the role that initdb makes, whatever its name.
select current_setting('server_version') as version,
       current_setting('server_version_num')::int as number,
       current_database()::text as database,
       (select rolname::text from pg_roles where oid = 10) as bootstrap
