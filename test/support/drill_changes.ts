// What can be wrong with a restored copy, one thing each. `_ID` ends the names of roles, which are one run's own.
export interface Change {
  /** In the quick suite: one of each way to compare. */
  readonly quick?: true;
  readonly change: string;
  readonly back: string;
  /** What a reason says. */
  readonly says: string | RegExp;
}

const LO = "decode('00ff5c0a', 'hex')";
export const CHANGES: Readonly<Record<string, Change>> = {
  "one row is changed": {
    quick: true,
    change: "update val.counted set n = 4 where id = 7",
    back: "update val.counted set n = 3 where id = 7",
    says: /^table val\.counted differs in bucket \d+$/m,
  },
  "one row is missing": {
    quick: true,
    change: "delete from val.counted where id = 8",
    back: "insert into val.counted values (8, 'w8', 3)",
    says: /^table val\.counted differs in bucket \d+$/m,
  },
  "a row of a table without key is doubled": {
    quick: true,
    change: "insert into val.numbers select * from val.numbers where f = 0 limit 1",
    back: "delete from val.numbers where ctid = (select max(ctid) from val.numbers)",
    says: /^table val\.numbers differs in bucket \d+$/m,
  },
  "two equal rows are one": {
    change: "delete from only val.child where ctid = (select max(ctid) from only val.child)",
    back: "insert into val.child select * from only val.child",
    says: /^table val\.child differs in bucket \d+$/m,
  },
  "a json has another space in it": {
    change: `update val.texts set j = '{"a":1,"a":2}' where t = ''`,
    back: `update val.texts set j = '{"a" :1,  "a":2}' where t = ''`,
    says: /^table val\.texts differs in buckets \d+, \d+$/m,
  },
  "two rows have changed places": {
    change: "update val.counted set n = 3, word = case id when 1 then 'w2' else 'w1' end where id in (1, 2)",
    back: "update val.counted set word = 'w' || id where id in (1, 2)",
    says: /^table val\.counted differs in buckets? /m,
  },
  "an int is a bigint with the same rows": {
    quick: true,
    change: "alter table val.counted alter n type bigint",
    back: "alter table val.counted alter n type int",
    says: /^table val\.counted differs in buckets [\s\S]*table val\.counted: n bigint.*, wanted n integer/m,
  },
  "a varchar is a text with the same rows": {
    change: "alter table val.counted alter word type text",
    back: "alter table val.counted alter word type varchar(9)",
    says: /^table val\.counted differs in buckets [\s\S]*table val\.counted: word text.*, wanted word character varying\(9\)/m,
  },
  "a sequence is one off": {
    quick: true,
    change: "select setval('val.called', 42)",
    back: "select setval('val.called', 41)",
    says: "sequence val.called: lastValue 42, wanted lastValue 41",
  },
  "a sequence was called": {
    quick: true,
    change: "select setval('val.uncalled', 41, true)",
    back: "select setval('val.uncalled', 41, false)",
    says: "sequence val.uncalled: isCalled true, wanted isCalled false",
  },
  "a sequence was never set": {
    change: "alter sequence val.off_by_none restart 42",
    back: "alter sequence val.off_by_none restart 41",
    says: "sequence val.off_by_none: lastValue 42",
  },
  "a privilege is one more": {
    quick: true,
    change: "grant delete on acl_table to reader_ID",
    back: "revoke delete on acl_table from reader_ID",
    says: "relation public.acl_table",
  },
  "a default privilege is one more": {
    change: "alter default privileges for role app_ID in schema public grant insert on tables to reader_ID",
    back: "alter default privileges for role app_ID in schema public revoke insert on tables from reader_ID",
    says: "default privileges of app_ID for tables in schema public",
  },
  "an index is dropped": {
    quick: true,
    change: "drop index val.counted_word",
    back: "create index counted_word on val.counted (word)",
    says: "index val.counted_word: missing",
  },
  "a function's body is another": {
    quick: true,
    change: "create or replace function val.one() returns int language sql as 'select 2'",
    back: "create or replace function val.one() returns int language sql as 'select 1'",
    says: /^function val\.one\(\): definition \w+, not the same from line \d+ on, wanted definition/m,
  },
  "a default is another": {
    change: "alter table val.counted alter n set default 4",
    back: "alter table val.counted alter n set default 3",
    says: /^table val\.counted: \S.*, wanted (?!definition)/m,
  },
  "a materialized view is not populated": {
    quick: true,
    change: "refresh materialized view val.stale with no data",
    back: "refresh materialized view val.stale",
    says: "materialized view val.stale: populated: false, wanted populated: true",
  },
  "a materialized view is populated that was not": {
    change: "refresh materialized view odd.stale",
    back: "refresh materialized view odd.stale with no data",
    says: "materialized view odd.stale: populated: true",
  },
  "a table's owner is another": {
    quick: true,
    change: "alter table odd.nothing owner to app_ID",
    back: "alter table odd.nothing owner to state_hub",
    says: "table odd.nothing: owner: app_ID",
  },
  "a byte of a large object is another": {
    quick: true,
    change: "select lo_put(4711, 0, 'F')",
    back: "select lo_put(4711, 0, 'f')",
    says: "large object 4711: digest",
  },
  "a large object is missing": {
    change: "select lo_unlink(4712)",
    back: `select lo_from_bytea(4712, ${LO})`,
    says: "large object 4712: none, wanted one",
  },
  "a role's setting is another": {
    quick: true,
    change: "alter role app_ID set statement_timeout to '6min'",
    back: "alter role app_ID set statement_timeout to '5min'",
    says: "setting statement_timeout of role app_ID",
  },
  "a role may do more": {
    change: "alter role app_ID createdb",
    back: "alter role app_ID nocreatedb",
    says: "role app_ID",
  },
  "row security is off": {
    change: "alter table guarded disable row level security",
    back: "alter table guarded enable row level security",
    says: "table public.guarded: row security",
  },
  "a row is in a table that only a child should have": {
    change: "with moved as (delete from only odd.parent returning *) insert into odd.child (n) select n from moved",
    back: "with moved as (delete from only odd.child where m is null returning n) insert into odd.parent select n from moved",
    says: /^table odd\.child differs[\s\S]*^table odd\.parent differs/m,
  },
  "a table goes by another name": {
    change: "alter table val.dropped rename to renamed",
    back: "alter table val.renamed rename to dropped",
    says: /^table val\.dropped differs[\s\S]*^table val\.renamed differs/m,
  },
};
