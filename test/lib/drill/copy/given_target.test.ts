// Which databases may be restored into for real: new ones, and never the one that the rows come from.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { givenTarget } from "../../../../lib/drill/copy/given_target.ts";
import { makeReady } from "../../../../lib/drill/copy/make_ready.ts";
import { openSession } from "../../../../lib/drill/copy/one_session.ts";
import { type ServerIdentity, serverIdentity } from "../../../../lib/drill/source/live_source.ts";
import type { OpsFailure } from "../../../../lib/failure.ts";
import { readInventory } from "../../../../lib/postgres/inventory/read_inventory.ts";
import { Secret } from "../../../../lib/secret.ts";
import { type FreshDatabase, freshDatabase } from "../../../support/postgres_server.ts";

let source: FreshDatabase;
let identity: ServerIdentity;
beforeAll(async () => {
  source = await freshDatabase();
  identity = await serverIdentity(new Secret(source.url));
});
afterAll(() => source.drop());

async function refusal(url: string, from = identity): Promise<string> {
  const target = givenTarget(new Secret(url), from);
  const failure = await target.then(
    ({ close }) => close().then(() => null),
    (error: OpsFailure) => error,
  );
  return failure === null ? "" : `${failure.observed}`;
}

const fail = () => Promise.reject(new Error("not asked for"));

async function query<Row extends object>(url: string, statement: string): Promise<Row[]> {
  const session = await openSession(new Secret(url));
  try {
    return await session.query<Row>(statement);
  } finally {
    await session.close();
  }
}

test("givenTarget() takes an empty database, also beside the source", async () => {
  const empty = await freshDatabase();
  expect(await refusal(empty.url)).toBe("");
  await empty.drop();
});

test("givenTarget() refuses the source itself, also under another address", async () => {
  const other = new URL(source.url);
  other.hostname = other.hostname === "127.0.0.1" ? "localhost" : "127.0.0.1";
  expect(await refusal(source.url)).toContain("it is the one that the rows come from");
  expect(await refusal(other.href)).toContain("it is the one that the rows come from");
});

test.each([
  ["a table", "create table public.t (n int)", "relation t"],
  ["a view in another schema", "create schema s; create view s.v as select 1", "relation s.v"],
  ["a function", "create function f() returns int language sql as 'select 1'", "function f()"],
  ["a type", "create type mood as enum ('fine')", "type mood"],
  ["an empty schema", "create schema s", "schema s"],
  ["a large object", "select lo_create(4711)", "large object 4711"],
  ["a composite type", "create type pair as (a int, b int)", "type pair"],
  ["a cast", "create cast (int4 as uuid) with inout", "cast integer as uuid"],
  [
    "an event trigger",
    "create function f() returns event_trigger language plpgsql as 'begin end'; create event trigger watch on sql_drop execute function f()",
    "event trigger watch",
  ],
  ["a foreign server", "create foreign data wrapper w; create server far foreign data wrapper w", "foreign server far"],
  ["a publication", "create publication news", "publication news"],
  [
    "an operator",
    "create operator public.@# (leftarg = int, rightarg = int, function = int4pl)",
    "operator @#(integer,integer)",
  ],
  [
    "a subscription",
    "create subscription from_far connection 'host=none' publication p with (connect = false, slot_name = none)",
    "subscription from_far",
  ],
])("givenTarget() refuses a database that holds %s, and names it", async (_name, statement, named) => {
  const used = await freshDatabase();
  for (const each of statement.split("; ")) await query(used.url, each);
  const observed = await refusal(used.url);
  await query(used.url, "drop subscription if exists from_far");
  expect(observed).toContain("it is not empty");
  expect(observed).toContain(named);
  await used.drop();
});

test("givenTarget() takes a database in which an operator made extensions, with their tables, types and casts", async () => {
  const made = await freshDatabase();
  for (const name of ["pg_stat_statements", "hstore", "citext", "postgres_fdw", "lo"])
    await query(made.url, `create extension ${name}`);
  expect(await refusal(made.url)).toBe("");
  await made.drop();
});

test("givenTarget() says what a run that was cut off wrote on the database, and how to make it anew", async () => {
  const half = await freshDatabase();
  await query(half.url, `comment on database ${half.name} is 'what it is for'`);
  const session = await openSession(new Secret(half.url));
  const url = new Secret(half.url);
  const [server, inventory] = [await serverIdentity(url), await readInventory(session.query)];
  const target = { kind: "given", url, server, query: session.query, scratch: fail, close: session.close } as const;
  const { finish } = await makeReady(target, { inventory });
  const failure = await givenTarget(url, identity).catch((error: OpsFailure) => error as OpsFailure);
  expect(Bun.inspect(failure)).not.toContain(new URL(half.url).password);
  expect(failure).toMatchObject({
    observed: expect.stringMatching(/being restored by backup_restore_drill on .+, not whole/),
    hint: expect.stringMatching(
      new RegExp(
        `^dropdb '?--maintenance-db=.*/postgres'? ${half.name} && createdb .* --template=template0 .* ${half.name}$`,
      ),
    ),
  });
  await finish();
  expect(await refusal(half.url)).toBe("");
  const comment =
    "select shobj_description(oid, 'pg_database') as is from pg_database where datname = current_database()";
  expect(await session.query(comment)).toEqual([{ is: "what it is for" }]);
  await session.close();
  await half.drop();
});
