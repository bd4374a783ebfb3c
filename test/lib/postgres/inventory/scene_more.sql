-- Whatever a dump may print in an unusual way or order: nothing here is changed, and nothing of it may be called different.
create table more_parted (id int, region text, at date default now(), primary key (id, region)) partition by list (region);
create table more_parted_eu partition of more_parted for values in ('de', 'fr') partition by hash (id);
create table more_parted_eu_0 partition of more_parted_eu for values with (modulus 2, remainder 0);
create table more_parted_eu_1 partition of more_parted_eu for values with (modulus 2, remainder 1);
create table more_parted_rest partition of more_parted default;
create index more_parted_at on more_parted (at);
create table more_to_parted (id int, region text, foreign key (id, region) references more_parted on update cascade);
create trigger more_for_each before insert on more_parted for each row execute function touched();
alter table more_parted_rest disable trigger more_for_each;
create table more_a (id int primary key, b int);
create table more_b (id int primary key references more_a, a int references more_a deferrable initially deferred);
alter table more_a add foreign key (b) references more_b;
alter table more_a add constraint more_not_valid check (b > 0) not valid;
create table more_excluded (span int4range, exclude using gist (span with &&));
create constraint trigger more_late after update on more_a deferrable initially deferred for each row execute function touched();
create trigger more_when after update on more_b referencing new table as fresh for each statement when (pg_trigger_depth() < 1) execute function touched();
create trigger more_always before update on more_b for each row execute function touched();
alter table more_b enable always trigger more_always;
create type more_span as range (subtype = float8, subtype_diff = float8mi);
create table more_typed of pair (a with options not null, primary key (a));
create table more_child (id int not null) inherits (parent, acl_table);
create function more_atomic(a int default 1, variadic rest int[] default '{}') returns int language sql begin atomic select a + coalesce(cardinality(rest), 0); end;
create procedure more_procedure(inout a text) language plpgsql as $$ begin a := '$body$' || a; end $$;
create aggregate more_sum (int) (sfunc = int4pl, stype = int, initcond = '0');
create function more_of_table(t more_a) returns int language sql stable as 'select t.b';
create operator === (leftarg = int, rightarg = int, function = int4eq, commutator = ===);
create operator === (leftarg = text, rightarg = text, function = texteq);
create operator family more_family using btree;
create operator class more_class for type int using btree family more_family as operator 1 <, operator 3 =, function 1 btint4cmp(int, int);
create index more_by_class on more_a (b more_class desc nulls last) include (id) with (fillfactor = 70);
create text search configuration more_words (copy = simple);
create collation more_posix from "POSIX";
create view more_grouped as select a.id, a.b, count(*) as n from more_a a join more_b b on b.a = a.id group by a.id;
create view more_checked with (security_barrier, security_invoker) as select * from more_a where b > 1 with cascaded check option;
create recursive view more_steps (n) as values (1) union all select n + 1 from more_steps where n < 5;
create view more_cast as select ('2020-01-01'::date + interval '1 day') as at, '{1,2}'::int[] @> array[1] as has, row(1, 'a')::pair as both,
  case when code like 'a%' then code::short_text else null end as short, code = any (array['a', 'b']) as any_of, amount between 1 and 2 as some
from varchar_check where (code collate "C") >= 'a' and not (code is null or code ~ 'x');
create materialized view more_filled as select * from more_cast;
create unique index more_filled_index on more_filled (at);
create type more_mood as enum ('sad', 'ok');
create table more_defaults (at timestamptz default (now() at time zone 'UTC'), words tsvector generated always as (to_tsvector('simple', 'a')) stored,
  number serial, kind more_mood default 'ok', "select" char(3) default 'a', list text[] default array['a', 'b'], check (("select")::text in ('a', 'b') or kind <> 'sad'));
create statistics more_expression on (lower("select")), kind from more_defaults;
alter statistics more_expression set statistics 50;
create policy more_restrictive on more_a as restrictive for all to public using (b in (1, 2)) with check (b::varchar in ('1', '2'));
create sequence "Mixed Case".more_sequence as smallint increment -2 minvalue -100 start -4 cache 3 cycle;
create domain more_domain as more_span default '[1,2]' constraint more_not_empty check (not isempty(value));
