// A small database with one of everything that a dump in parts could lose, double or put in the wrong order.

/** Tables with names that a pattern of pg_dump could take for several. */
export const ODD_NAMES = [
  '"a*b"',
  '"a?b"',
  '"a.b"',
  '"a$b"',
  '"a[bc]"',
  '"Ab"',
  '"a""b"',
  '"äb"',
  '"a b"',
  '"a|b"',
  '"a\\b"',
];

/** As ODD_NAMES, with what their patterns would match if they were not quoted. */
const BESIDE = ["axb", "ab", "aab", "a_b", "acb"];

export const EVERY_KIND = `
  create extension hstore;
  create extension pgcrypto with schema public;
  create schema odd; create schema "Second Schema";
  create type odd.state as enum ('open', 'done');
  create domain odd.short as text check (length(value) < 20);
  create function odd.is_even(n int) returns boolean language sql immutable as 'select n % 2 = 0';
  create table odd.even (n int check (odd.is_even(n)), state odd.state default 'open', word odd.short, tags hstore);
  insert into odd.even select n * 2, 'done', 'w' || n, hstore('k', n::text) from generate_series(1, 40) n;
  create table odd.serial (id serial primary key, at timestamptz default now());
  insert into odd.serial (at) select '2024-01-01'::timestamptz + n * interval '1 h' from generate_series(1, 30) n;
  create table odd.identity (id int generated always as identity primary key, n int, twice int generated always as (n * 2) stored);
  insert into odd.identity (n) select n from generate_series(1, 30) n;
  create sequence odd.free start 5 increment 5 maxvalue 1000 cache 10 cycle; select nextval('odd.free'), nextval('odd.free');
  create sequence odd.untouched minvalue 7;
  create table odd.ring_a (id int primary key, b int); create table odd.ring_b (id int primary key, a int);
  insert into odd.ring_a values (1, 1); insert into odd.ring_b values (1, 1);
  alter table odd.ring_a add constraint to_b foreign key (b) references odd.ring_b deferrable;
  alter table odd.ring_b add constraint to_a foreign key (a) references odd.ring_a;
  create table odd.measured (day date not null, value numeric) partition by range (day);
  create table odd.measured_1 partition of odd.measured for values from ('2024-01-01') to ('2024-02-01');
  create table odd.measured_2 partition of odd.measured for values from ('2024-02-01') to ('2024-03-01') partition by hash (value);
  create table odd.measured_2a partition of odd.measured_2 for values with (modulus 2, remainder 0);
  create table odd.measured_2b partition of odd.measured_2 for values with (modulus 2, remainder 1);
  insert into odd.measured select '2024-01-01'::date + n, n / 3.0 from generate_series(0, 50) n;
  create table odd.parent (n int); create table odd.child (m int) inherits (odd.parent);
  insert into odd.parent values (1); insert into odd.child values (2, 3);
  create materialized view odd.fresh as select count(*) from odd.even;
  create materialized view odd.stale as select count(*) from odd.serial with no data;
  create materialized view odd.upon as select * from odd.fresh;
  create index even_n on odd.even (n); create unique index fresh_count on odd.fresh (count);
  create statistics odd.both on n, state from odd.even;
  create table "Second Schema"."Owned Rows" (who text default current_user, n int);
  insert into "Second Schema"."Owned Rows" select 'somebody', n from generate_series(1, 10) n;
  alter table "Second Schema"."Owned Rows" enable row level security;
  create policy own on "Second Schema"."Owned Rows" using (who = current_user);
  create function odd.refuse() returns trigger language plpgsql as 'begin raise exception ''no''; end';
  create trigger no_more before insert on "Second Schema"."Owned Rows" for each row execute function odd.refuse();
  create unlogged table odd.unlogged (n int); insert into odd.unlogged values (1);
  create table odd.nothing ();
  create publication pub for table odd.even; comment on table odd.even is 'it''s';
  select lo_from_bytea(4711, 'first'::bytea), lo_from_bytea(4712, decode('00ff5c0a', 'hex'));
  comment on large object 4711 is 'a large object';
  ${[...ODD_NAMES, ...BESIDE.map((name) => `"${name}"`)].map(oddTable).join("\n")}
`;

/** Each has as many rows as no other, so that a table taken for another shows. */
function oddTable(name: string, index: number): string {
  return `create table odd.${name} (id serial, n int); insert into odd.${name} (n) select n from generate_series(1, ${index + 3}) n;`;
}
