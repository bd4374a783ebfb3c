// A database as anybody may have one: every kind of object and of value that a dump could lose, round, reorder or refuse. What is
// true of a tidy database of ours says little of theirs.
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import postgres from "postgres";
import { EVERY_KIND } from "./every_kind.ts";
import { type FreshDatabase, freshDatabase } from "./postgres_server.ts";

export interface AnyDatabase extends Omit<FreshDatabase, "drop"> {
  /** The last part of its roles' names, which are the whole server's: `app_ID`, `reader_ID` ... */
  readonly id: string;
}

/** Values whose text or order a careless copy changes; two rows in each table are alike. */
const VALUES = `
  create schema val;
  create table val.numbers (n numeric, m numeric(20, 5), f float8, r real, b bigint, money money);
  insert into val.numbers values ('NaN', 1.0, 'NaN', '-0', -9223372036854775808, '12.34'), (1.0, 1, '-0', 'Infinity', 0, '-0.5'),
    (1.00, 1.00001, '0', 1e-45, 1, null), ('Infinity', null, '-Infinity', 3.4e38, 2, null), (1e-200, null, 1e-308, 0.1, 3, null),
    (1.00, 1.00001, '0', 1e-45, 1, null);
  create table val.texts (t text, c char(8), v varchar(5) check (v in ('a', 'b')), y bytea, j json, jb jsonb, x xml, u uuid);
  insert into val.texts values ('', '', 'a', '', '{"a" :1,  "a":2}', '{"b": 1, "a": 1.0}', '<a  b="1"/>', '00000000-0000-0000-0000-000000000001'),
    (E'tab\\tline\\nback\\\\slash', 'x  ', 'b', '\\x00ff5c0a', ' [1 , 2]', 'null', null, null), (null, null, null, null, null, null, null, null),
    (E'\\\\N', 'N', null, '\\x5c4e', '"\\\\u0041"', '"ä"', null, null), ('äöü 😀 \\.', 'ä', null, null, '1e400', '1e400', null, null),
    (null, null, null, null, null, null, null, null);
  create table val.times (t timestamptz, p timestamp, d date, i interval, z timetz);
  insert into val.times values ('infinity', '-infinity', '4713-01-01 BC', '1 year -2 days 03:04:05.000006', '23:59:60+01'),
    ('2024-03-31 02:30:00+01', '0044-03-15 BC', 'infinity', '-00:00:00.000001', '00:00+15:59'), (null, null, null, '24 h', null);
  create type val.both as (a int, b text);
  create table val.nested (a int[], m text[][], lower int[], r int4range, ts tstzrange, mr int4multirange, c val.both, cs val.both[]);
  insert into val.nested values ('{}', '{{"a,b",NULL},{"\\"",""}}', '[0:1]={1,2}', 'empty', '[2024-01-01,)', '{[1,2],[5,9)}', '(1,"a ""b""")',
    array[row(1, null)::val.both]), (null, null, '{NULL,1}', '(,)', null, '{}', null, null);
  create table val.others (p point, poly polygon, net inet, mac macaddr, bits bit varying, tsv tsvector, q tsquery, l pg_lsn, o oid, reg regclass);
  insert into val.others values ('(1,-0)', '((0,0),(1,1),(1,0))', '10.0.0.1/8', '08:00:2b:01:02:03', '101', 'a:1A b', 'a & !b', '16/B374D848', 7, 'val.texts');
  create table val.long (id int primary key, t text, packed text);
  alter table val.long alter t set storage external;
  insert into val.long select n, string_agg(md5(n * 1000 + i || ''), ''), repeat('a', n * 9000) from generate_series(1, 6) n, generate_series(1, 300) i group by n;
  create table val.wide_key ("Second" int, "First" text, rest int, primary key ("First", "Second"));
  insert into val.wide_key select n, 'k' || n % 7, n from generate_series(1, 500) n;
  create table val.dropped (gone int, kept int, gone_too text, late int default 7); insert into val.dropped values (1, 2, 'x');
  alter table val.dropped drop gone, drop gone_too, add added timestamptz default '2024-01-01 00:00+00';
  create table val.parent (id int, word text); create table val.child (id2 int, word text) inherits (val.parent);
  create table val.second_parent (more int); alter table val.child add more int; alter table val.child inherit val.second_parent;
  insert into val.parent values (1, 'p'); insert into val.child values (2, 'c', 3, 4), (2, 'c', 3, 4);
  create materialized view val.stale as select count(*) as n from val.wide_key; delete from val.wide_key where rest > 400;
  create sequence val.off_by_none start 41; create sequence val.called; select setval('val.called', 41); create sequence val.uncalled;
  select setval('val.uncalled', 41, false);
  create function val.one() returns int language sql as 'select 1';
  create table val.counted (id serial primary key, word varchar(9), n int default 3); create index counted_word on val.counted (word);
  insert into val.counted (word) select 'w' || n % 50 from generate_series(1, 300) n;
`;

const SCENES = ["scene.sql", "scene_settings.sql", "scene_more.sql"].map((name) =>
  readFileSync(join(import.meta.dir, "../lib/postgres/inventory", name), "utf8"),
);

/** On the run's server, and gone with it: its roles are that server's, and its subscription would refuse a drop. */
export async function anyDatabase(): Promise<AnyDatabase> {
  const [made, id] = [await freshDatabase(), randomBytes(4).toString("hex")];
  const sql = postgres(made.url, { max: 1, onnotice: () => {} });
  try {
    for (const scene of SCENES) await sql.unsafe(scene.replaceAll("_ID_", id)).simple();
    await sql.unsafe(EVERY_KIND.replace("create extension hstore;", "")).simple();
    await sql.unsafe(VALUES).simple();
  } finally {
    await sql.end({ timeout: 5 });
  }
  return { url: made.url, name: made.name, id };
}
