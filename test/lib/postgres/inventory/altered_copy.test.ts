import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { compareDefinitions } from "../../../../lib/postgres/definitions/compare_definitions.ts";
import { readDefinitions } from "../../../../lib/postgres/definitions/read_definitions.ts";
import {
  type ComparedInventories,
  compareInventories,
} from "../../../../lib/postgres/inventory/compare_inventories.ts";
import type { Inventory } from "../../../../lib/postgres/inventory/inventory_types.ts";
import { readInventory } from "../../../../lib/postgres/inventory/read_inventory.ts";
import { freshDatabase } from "../../../support/postgres_server.ts";
import { changesIn } from "./changes.ts";
import {
  definitionsFile,
  dump,
  execute,
  makeScene,
  openRoom,
  restored,
  sceneText,
  withQuery,
} from "./copied_database.ts";

type Difference = ComparedInventories["differences"][number];

const room = openRoom();
const changes = changesIn(sceneText("changes.sql", room));
let source: string;
let expected: Inventory;
let unchanged: { held: ComparedInventories; definitions: Difference[]; settled: number };
let found: Difference[];

beforeAll(async () => {
  source = (await freshDatabase()).url;
  await makeScene(source, room);
  await execute(source, sceneText("scene_more.sql", room));
  expected = await withQuery(source, readInventory);
  const archive = await dump(source, join(room.folder, "archive"));
  const copy = await restored(archive);
  await execute(copy, sceneText("scene_settings.sql", room));
  unchanged = await compare(copy, archive);
  await execute(copy, changes.map(({ sql }) => sql).join(";\n"));
  const { held, definitions } = await compare(copy, archive);
  found = [...definitions, ...held.differences];
}, 60_000);

afterAll(() => room.remove());

async function compare(copy: string, archive: string) {
  const held = compareInventories(expected, await withQuery(copy, readInventory), { cluster: "ours" });
  let settled = 0;
  const definitionsOf = async (url: string, name: string) =>
    readDefinitions(await definitionsFile(url, join(room.folder, name)));
  const definitions = await compareDefinitions(
    await definitionsOf(source, "source.sql"),
    await definitionsOf(copy, "copy.sql"),
    async () => {
      settled++;
      return definitionsOf(await restored(archive, ["--section=pre-data", "--section=post-data"]), "settled.sql");
    },
  );
  return { held, definitions, settled };
}

test("a restored copy has no difference, also where PostgreSQL writes its expressions in another way", () => {
  expect(unchanged.definitions).toEqual([]);
  expect(unchanged.held.differences).toEqual([]);
  // The varchar checks and the views over them: without them this test proves nothing.
  expect(unchanged.settled).toBe(1);
});

test("matviews and foreign tables are named as not compared, with the reason", () => {
  expect(unchanged.held.notCompared.map(({ what }) => what)).toEqual([
    "materialized view public.empty",
    "foreign table public.far",
    "materialized view public.filled",
    "materialized view public.more_filled",
  ]);
  expect(unchanged.held.notCompared[0]).toMatchObject({ reason: expect.stringContaining("REFRESH"), may_pass: true });
  expect(unchanged.held.notCompared.every(({ may_pass }) => may_pass)).toBe(true);
});

for (const { what, named } of changes) {
  test(`${what} is found, and its object is named`, () => {
    const names = found.map(({ kind, object }) => `${kind} ${object}`);
    expect(names).toEqual(expect.arrayContaining([...named]));
  });
}

test("nothing is named that was not changed", () => {
  expect(changes.length).toBeGreaterThan(45);
  const changed = new Set(changes.flatMap(({ named }) => named));
  const names = found.map(({ kind, object }) => `${kind} ${object}`);
  expect(names.filter((name) => !changed.has(name))).toEqual([]);
});

test("a difference is told in the words of both sides", () => {
  expect(found).toContainEqual({
    kind: "table",
    object: "public.logged",
    expected: "persistence: -",
    actual: "persistence: unlogged",
  });
  expect(found).toContainEqual({
    kind: "index",
    object: "public.dropped_index",
    expected: "table: indexed",
    actual: "missing",
  });
});

test("no password stands in an inventory", () => {
  expect(JSON.stringify(expected)).not.toMatch(/very.secret|SCRAM|md5/);
});
