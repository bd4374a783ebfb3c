import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Inventory } from "../../../../lib/postgres/inventory/inventory_types.ts";
import { listed } from "../../../../lib/postgres/inventory/inventory_types.ts";
import { readInventory } from "../../../../lib/postgres/inventory/read_inventory.ts";
import { freshDatabase } from "../../../support/postgres_server.ts";
import { execute, makeScene, openRoom, sceneText, withQuery } from "./copied_database.ts";

const room = openRoom();
let url: string;
let inventory: Inventory;

beforeAll(async () => {
  url = (await freshDatabase()).url;
  await makeScene(url, room);
  await execute(url, sceneText("scene_more.sql", room));
  inventory = await withQuery(url, readInventory);
}, 60_000);

afterAll(() => room.remove());

test("readInventory() tells a role that may do nothing the same as a superuser", async () => {
  await execute(url, `create role nobody_${room.id} login password 'a'`);
  const at = new URL(url);
  [at.username, at.password] = [`nobody_${room.id}`, "a"];
  expect(await withQuery(at.toString(), readInventory)).toEqual(inventory);
});

test("readInventory() works in a read-only transaction and leaves the search_path as it was", async () => {
  await withQuery(url, async (query) => {
    await query(`begin isolation level repeatable read read only; set local search_path to "Mixed Case"`);
    expect(await readInventory(query)).toEqual(inventory);
    expect(await query("show search_path")).toEqual([{ search_path: '"Mixed Case"' }]);
    await query("rollback");
  });
});

test("readInventory() spells types and partition bounds alike whatever search_path a role has", () => {
  expect(listed(inventory, "relation")["public.more_typed"]).toMatchObject({ of_type: "public.pair" });
  expect(listed(inventory, "relation")["public.parted_old"]).toMatchObject({
    kind: "table",
    parents: ["public.parted"],
    partition_bound: "FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')",
  });
});

test("readInventory() takes the roles that the database refers to, their groups and their members, and no others", async () => {
  await execute(url, `create role stranger_${room.id}`);
  const roles = Object.keys(listed(await withQuery(url, readInventory), "role"));
  const named = ["app", "reader", "staff", "onlooker", "member", "tuned", "above"].map((name) => `${name}_${room.id}`);
  expect(roles.toSorted()).toEqual([...named, `Odd "one"_${room.id}`, inventory.bootstrap].sort());
});

test("readInventory() takes privileges that are spelled out but usual for no privileges of their own", () => {
  expect(listed(inventory, "privileges")).not.toHaveProperty(["relation public.spelled_out"]);
  expect(listed(inventory, "privileges")["relation public.acl_table"]).toEqual({
    privileges: ["(owner): DELETE, INSERT, REFERENCES, SELECT, TRIGGER, TRUNCATE, UPDATE", `reader_${room.id}: SELECT`],
  });
});

test("readInventory() names the kind that it could not read", async () => {
  await withQuery(url, async (query) => {
    const failing: typeof query = (text, parameters) =>
      text.includes("from pg_policy") ? Promise.reject(new Error("gone")) : query(text, parameters);
    await expect(readInventory(failing)).rejects.toMatchObject({
      message: "Could not read the inventory",
      where: "policy",
    });
  });
});

test("readInventory() names one changed large object among many without a row for each", async () => {
  const { url: many } = await freshDatabase();
  await execute(many, "select lo_create(i) from generate_series(1, 1500) i; grant select on large object 77 to public");
  expect(listed(await withQuery(many, readInventory), "large object")).toMatchObject({
    "large objects": { count: 1500, most: { owner: inventory.bootstrap } },
    "large object 77": { privileges: ["(owner): SELECT, UPDATE", "PUBLIC: SELECT"] },
  });
  const largeObjects = Object.keys(listed(await withQuery(many, readInventory), "large object"));
  expect(largeObjects).toHaveLength(2);
});

test("readInventory() passes over what somebody's session has for itself alone, and over the role that has no more than that", async () => {
  await execute(url, `create role passing_${room.id}`);
  const temporary = [
    `set role passing_${room.id}; create temp table passing (a int primary key check (a > 0) default 1)`,
    "comment on table passing is 'soon gone'; grant select on passing to public",
    "create function pg_temp.watched() returns trigger language plpgsql as 'begin return new; end'",
    "create trigger watch before insert on passing for each row execute function pg_temp.watched()",
    "alter table passing disable trigger watch; create temp view seen as select * from passing",
  ];
  await withQuery(url, async (query) => {
    for (const text of temporary) for (const statement of text.split(/; (?!end)/)) await query(statement);
    await query("reset role");
    expect(await withQuery(url, readInventory)).toEqual(inventory);
  });
});
