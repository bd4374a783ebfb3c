import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { environmentForPrograms } from "../../../../lib/config.ts";
import { globalsStatements, operatorsShare } from "../../../../lib/postgres/globals/globals_statements.ts";
import { quoteName } from "../../../../lib/postgres/globals/quote.ts";
import { compareInventories } from "../../../../lib/postgres/inventory/compare_inventories.ts";
import { type Inventory, listed } from "../../../../lib/postgres/inventory/inventory_types.ts";
import { readInventory } from "../../../../lib/postgres/inventory/read_inventory.ts";
import { startEmbedded } from "../../../../lib/postgres/start_embedded.ts";
import { probe, removeHome, temporaryHome } from "../../../support/embedded_home.ts";
import { freshDatabase } from "../../../support/postgres_server.ts";
import { dump, execute, makeScene, openRoom, program, withQuery } from "../inventory/copied_database.ts";

const room = openRoom();
const home = temporaryHome();
let source: Inventory;
let archive: string;
/** Of a server that knows none of the source's roles. */
let elsewhere: string;

beforeAll(async () => {
  const [{ url }, server] = await Promise.all([
    freshDatabase(),
    startEmbedded({ home, env: environmentForPrograms(), connect: probe }),
  ]);
  elsewhere = server.url.reveal();
  await makeScene(url, room);
  source = await withQuery(url, readInventory);
  archive = await dump(url, join(room.folder, "archive"));
}, 60_000);

afterAll(async () => {
  await removeHome(home);
  await room.remove();
});

/** Restores the source on the other server, and takes all that away again. */
async function restoreElsewhere(cluster: "ours" | "given", prepare: string) {
  const name = `Copy_${randomBytes(3).toString("hex")}`;
  const at = new URL(elsewhere);
  at.pathname = `/${name}`;
  const url = at.toString();
  return withQuery(elsewhere, async (query) => {
    await query(`create database ${quoteName(name)} template template0`);
    await query(prepare);
    const roles = await query<{ rolname: string }>("select rolname from pg_roles");
    const options = { existingRoles: roles.map(({ rolname }) => rolname), cluster, database: name };
    for (const statement of globalsStatements(source, { ...options, when: "before-restore" })) await query(statement);
    await program(url, "pg_restore", ["--exit-on-error", `--dbname=${name}`, archive]);
    for (const statement of globalsStatements(source, { ...options, when: "after-restore" })) await query(statement);
    const actual = await withQuery(url, readInventory);
    await execute(url, "alter subscription from_elsewhere set (slot_name = none); drop subscription from_elsewhere");
    await query(`drop database ${quoteName(name)}`);
    for (const role of Object.keys(listed(actual, "role"))) {
      if (role !== actual.bootstrap) await query(`drop role ${quoteName(role)}`);
    }
    return { held: compareInventories(source, actual, options), actual, options };
  });
}

describe("globalsStatements()", () => {
  test("brings roles, memberships, settings and the database's privileges back in a server of our own", async () => {
    const { held, actual } = await restoreElsewhere("ours", "select 1");
    expect(held.differences).toEqual([]);
    expect(Object.keys(listed(actual, "role"))).toHaveLength(9);
    expect(listed(actual, "setting")).toHaveProperty(`search_path of role app_${room.id}`);
  }, 60_000);

  test("makes roles without LOGIN in a given server, says who needs more, and leaves its own roles alone", async () => {
    const [app, odd] = [`app_${room.id}`, `Odd "one"_${room.id}`];
    const { held, actual, options } = await restoreElsewhere("given", `create role ${app} superuser`);
    expect(held.differences).toEqual([]);
    expect(listed(actual, "role")[app]).toEqual({ superuser: true });
    expect(listed(actual, "role")[odd]).not.toHaveProperty("login");
    expect(operatorsShare(source, options)).toEqual([`ALTER ROLE ${quoteName(odd)} LOGIN`]);
    expect(held.remarks.join("\n")).toContain(`Role ${odd} was made without`);
    expect(held.notCompared.map(({ what }) => what)).toEqual(
      expect.arrayContaining([`Role ${app} was there before`, `Setting statement_timeout of role ${app}`]),
    );
  }, 60_000);

  test("makes nothing twice: existing roles are not created, predefined ones never", () => {
    const all = globalsStatements(source, { existingRoles: [`app_${room.id}`], cluster: "ours", database: "d" });
    const created = all.filter((each) => each.startsWith("CREATE ROLE"));
    expect(created.some((each) => each.includes(`"app_${room.id}"`))).toBe(false);
    expect(created.some((each) => each.includes('"pg_'))).toBe(false);
    expect(all).toContain(`GRANT "pg_read_all_data" TO "reader_${room.id}"`);
  });

  test("carries no password and asks for none", () => {
    const all = globalsStatements(source, { existingRoles: [], cluster: "ours", database: "d" });
    expect(all.join("\n")).not.toMatch(/PASSWORD|SCRAM|md5/i);
  });
});
