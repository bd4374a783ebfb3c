// Which databases may be restored into for real: new ones, and never the one that the rows come from.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { givenTarget } from "../../../lib/drill/given_target.ts";
import { type ServerIdentity, serverIdentity } from "../../../lib/drill/live_source.ts";
import { openSession } from "../../../lib/drill/one_session.ts";
import type { OpsFailure } from "../../../lib/failure.ts";
import { Secret } from "../../../lib/secret.ts";
import { type FreshDatabase, freshDatabase } from "../../support/postgres_server.ts";

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
])("givenTarget() refuses a database that holds %s, and names it", async (_name, statement, named) => {
  const used = await freshDatabase();
  const session = await openSession(new Secret(used.url));
  for (const each of statement.split("; ")) await session.query(each);
  await session.close();
  const observed = await refusal(used.url);
  expect(observed).toContain("it is not empty");
  expect(observed).toContain(named);
  await used.drop();
});
