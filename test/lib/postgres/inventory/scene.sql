-- One object for each thing that a test changes in a copy; the part after the last "_" of a role's name is the test's own.
create role app__ID_;
create role reader__ID_ nologin;
create role "Odd ""one""__ID_" login createdb connection limit 7 valid until '2030-05-06 07:08:09+02';
create role staff__ID_ nologin noinherit;
create role onlooker__ID_;
-- Known to the database as a group of its owner alone, as somebody's member alone, by a setting alone.
create role above__ID_;
create role member__ID_;
create role tuned__ID_;
comment on role app__ID_ is 'owns it all';
grant staff__ID_ to app__ID_ with admin option;
grant reader__ID_ to staff__ID_;
grant pg_read_all_data to reader__ID_;
grant reader__ID_ to onlooker__ID_;
grant onlooker__ID_ to member__ID_;
grant above__ID_ to app__ID_;
alter role app__ID_ set search_path to "$user", 'Mixed Case', public;
alter role app__ID_ set statement_timeout to '5min';

create extension hstore;
create extension postgres_fdw;
create schema "Mixed Case" authorization app__ID_;
create schema changed_schema;
grant usage on schema changed_schema to reader__ID_;
set search_path to public;

create type mood as enum ('sad', 'ok', 'happy');
create type changed_type as enum ('a');
create domain short_text as varchar(20) check (value in ('a', 'b'));
create type pair as (a int, b text);
create collation german (provider = icu, locale = 'de');
create function twice(int) returns int language sql immutable as 'select $1 * 2';
create function twice(text) returns text language sql immutable as $$ select $1 || $1 $$;
create function tricky() returns text language plpgsql as $body$
begin
  return '
--
-- Name: not_a_table; Type: TABLE; Schema: public; Owner: nobody
--

SET default_tablespace = '''';
  text that counts';
end
$body$;
create function changed_function() returns int language sql as 'select 1';
create function touched() returns trigger language plpgsql as 'begin return new; end';
create function event_fired() returns event_trigger language plpgsql as 'begin end';
create function allowed() returns int language sql as 'select 1';

create table plain (id bigint generated always as identity primary key, code varchar(10), note text);
comment on table plain is 'a comment';
create table acl_table (id int, secret text);
grant select on acl_table to reader__ID_;
grant update (secret) on acl_table to reader__ID_ with grant option;
-- Granted, and thereby spelled out, but what it would be anyway.
create table spelled_out (id int);
grant all on spelled_out to current_user;
create table acl_of_column (id int, a text);
create table indexed (id int, name text, body text);
create index dropped_index on indexed (id);
create index opclass_index on indexed (name);
create index collated_index on indexed (name collate "C");
create index invalid_index on indexed (body);
create index expression_index on indexed (lower(name), (id + 1)) where id > 3;
create table triggered (id int);
create trigger disabled_trigger before insert on triggered for each row execute function touched();
create table defaults (a int default 1, b int not null, c numeric(10, 2), d int generated always as identity,
                       e int generated always as (1 + 1) stored, f int check (f > 0), g text);
create table referred (id int primary key);
create table referring (id int constraint referring_fk references referred on delete cascade);
create table referring_too (id int constraint referring_too_fk references referred);
create table guarded (id int, owner name);
alter table guarded enable row level security;
create policy own_rows on guarded for select to reader__ID_ using (owner = current_user);
create table unguarded (id int);
alter table unguarded enable row level security;
alter table unguarded force row level security;
create table varchar_check (code varchar(3) constraint code_known check (code in ('a', 'b')), amount numeric);
create view over_varchar as select code, code in ('a', 'b') as known, amount::int as whole from varchar_check where code not in ('x', 'y');
create view with_names (first, second) as select code, amount from varchar_check;
create view changed_view as select 1 as one;
create table ruled (id int);
create rule quiet_rule as on insert to ruled do also notify ruled;
create table parted (id int, at date) partition by range (at);
create table parted_old partition of parted for values from ('2020-01-01') to ('2021-01-01');
create table parted_new partition of parted for values from ('2021-01-01') to ('2022-01-01');
create table parent (id int);
create table child (extra text) inherits (parent);
alter table child owner to "Odd ""one""__ID_";
create table stored_otherwise (a text, b text);
alter table stored_otherwise alter a set statistics 77;
create statistics both_columns (dependencies) on a, b from stored_otherwise;
create sequence owned_sequence;
create table owner_of_sequence (id int default nextval('owned_sequence'), other int);
alter sequence owned_sequence owned by owner_of_sequence.id;
create table owned_by_app (id int);
alter table owned_by_app owner to app__ID_;
create table logged (id int);
create unlogged table scratch (id int);
create table "Mixed Case"."Odd ""name""" (id int);
create table replicated (id int primary key);
create index plain_code on plain (code);

create materialized view filled as select count(*) as n from plain;
create materialized view empty as select count(*) as n from plain with no data;

create foreign data wrapper nothing;
create server elsewhere foreign data wrapper postgres_fdw options (host 'h', dbname 'd');
create user mapping for current_user server elsewhere options (user 'u', password 'very secret');
create foreign table far (id int) server elsewhere options (table_name 't');
create publication some_tables for table replicated;
create subscription from_elsewhere connection 'host=nowhere password=very_secret' publication p with (connect = false);
create event trigger watches on ddl_command_start execute function event_fired();
alter event trigger watches disable;
create cast (mood as int) with inout;
alter default privileges for role app__ID_ in schema public grant select on tables to reader__ID_;
alter default privileges for role app__ID_ revoke execute on functions from public;
grant execute on function pg_catalog.pg_read_file(text) to reader__ID_;
grant usage on type changed_type to reader__ID_;
select lo_create(900001), lo_create(900002);
alter large object 900001 owner to app__ID_;
grant select on large object 900002 to reader__ID_;
comment on large object 900002 is 'an attachment';
