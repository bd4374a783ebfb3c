// Definitions in the hub's table: what is written, what is left alone, and that nothing is half done.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { compareRows } from "../../../lib/activity/compare_rows.ts";
import { definitionRows, lockDefinitions, writeDefinitions } from "../../../lib/activity/definition_rows.ts";
import { readDefinitions } from "../../../lib/activity/read_definitions.ts";
import { syncDefinitions } from "../../../lib/activity/sync_definitions.ts";
import { waitUntil } from "../../../lib/wait_until.ts";
import { freshHub, type TestHub } from "../../support/hub.ts";
import { definitionText, toolkitWith } from "./definition_folder.ts";

const WATCHDOG_MS = 50_000;
const WATERING = "11111111-1111-4111-8111-111111111111";
const WEEDING = "22222222-2222-4222-8222-222222222222";
const weeding = (changes: Record<string, string> = {}) =>
  definitionText({ id: "garden.weeding", uuid: WEEDING, name: "Weeding", ...changes });
let hub: TestHub;
let toolkit: ReturnType<typeof toolkitWith>;
beforeAll(async () => {
  hub = await freshHub();
}, WATCHDOG_MS);
afterAll(() => hub.close());
beforeEach(async () => {
  await hub.database.sql`delete from activity.activity_definitions`;
  toolkit = toolkitWith({ "watering.md": definitionText(), "weeding.md": weeding() });
});
afterEach(() => toolkit.remove());

const sync = async (dryRun = false) => {
  const synced = await syncDefinitions(hub.database, readDefinitions(toolkit.folder), { dryRun });
  return Object.fromEntries(synced.map(({ name, did }) => [name, did]));
};
const rows = () => definitionRows(hub.database.sql);
const differences = async () => compareRows(readDefinitions(toolkit.folder), await rows());

describe("syncDefinitions()", () => {
  test("adds what the table has not, as jsonb with the schedule where queries look for it", async () => {
    expect(await sync()).toEqual({ Watering: "added", Weeding: "added" });
    const [row] = await hub.database.sql`
      select name, enabled, digest, definition #>> '{trigger,cron}' as cron, definition ? 'file' as has_file
      from activity.activity_definitions where id = ${WATERING}`;
    const [{ digest } = { digest: "" }] = readDefinitions(toolkit.folder).definitions;
    expect({ ...row }).toEqual({ name: "Watering", enabled: true, digest, cron: "*/15 * * * *", has_file: false });
    expect(await differences()).toEqual([]);
  });

  test("changes only what differs, and says nothing was to do the second time", async () => {
    await sync();
    const stamps = () => hub.database.sql`select id, updated_at from activity.activity_definitions order by id`;
    const [watering] = await stamps();
    toolkit.write("weeding.md", weeding({ max_seconds: "200", enabled: "false" }));
    expect(await differences()).toMatchObject([
      { kind: "differs", has: "max_seconds: 300", wants: "max_seconds: 200" },
    ]);
    expect(await sync()).toEqual({ Watering: "same", Weeding: "changed" });
    expect((await stamps())[0]).toEqual(watering as never);
    expect((await rows()).find(({ id }) => id === WEEDING)).toMatchObject({
      enabled: false,
      definition: { max_seconds: 200 },
    });
    expect(await sync()).toEqual({ Watering: "same", Weeding: "same" });
  });

  test("mends a row that somebody changed by hand, in the definition or beside it", async () => {
    await sync();
    await hub.database.sql`
      update activity.activity_definitions set definition = jsonb_set(definition, '{trigger,cron}', '"0 0 * * *"') where id = ${WEEDING}`;
    await hub.database.sql`update activity.activity_definitions set enabled = false where id = ${WATERING}`;
    expect(await differences()).toMatchObject([
      { definition: "garden.watering", has: "column enabled: false", wants: "column enabled: true" },
      { definition: "garden.weeding", has: 'trigger: {"cron":"0 0 * * *"}', wants: 'trigger: {"cron":"*/15 * * * *"}' },
    ]);
    expect(await sync()).toEqual({ Watering: "changed", Weeding: "changed" });
    expect(await differences()).toEqual([]);
  });

  test("disables a row whose file is gone and deletes none", async () => {
    await sync();
    rmSync(join(toolkit.folder, "weeding.md"));
    expect(await differences()).toMatchObject([{ kind: "left_over", has: `${WEEDING}, enabled` }]);
    expect(await sync()).toEqual({ Watering: "same", Weeding: "disabled" });
    expect((await rows()).map(({ name, enabled }) => [name, enabled])).toEqual([
      ["Watering", true],
      ["Weeding", false],
    ]);
    expect(await differences()).toEqual([]);
    expect(await sync()).toEqual({ Watering: "same" });
  });

  test("leaves the row of a broken file alone, and every row without a file as long as one is broken", async () => {
    await sync();
    rmSync(join(toolkit.folder, "watering.md"));
    toolkit.write("weeding.md", weeding({ timezone: "CET" }));
    toolkit.write(
      "new.md",
      definitionText({ id: "garden.new", uuid: "55555555-5555-4555-8555-555555555555", name: "New" }),
    );
    expect(await sync()).toEqual({ New: "added" });
    expect((await rows()).map(({ name, enabled }) => [name, enabled])).toEqual([
      ["New", true],
      ["Watering", true],
      ["Weeding", true],
    ]);
  });

  test("lets two definitions swap their names, and one take the name of a row whose file is gone", async () => {
    await sync();
    toolkit.write("watering.md", definitionText({ name: "Weeding" }));
    toolkit.write("weeding.md", weeding({ name: "Watering" }));
    await sync();
    expect(await differences()).toEqual([]);
    toolkit.write("weeding.md", weeding({ uuid: "66666666-6666-4666-8666-666666666666", name: "Watering" }));
    expect(await sync()).toEqual({ Watering: "disabled", Weeding: "same" });
    expect((await rows()).map(({ id, name, enabled }) => [id, name, enabled])).toEqual([
      ["66666666-6666-4666-8666-666666666666", "Watering", true],
      [WEEDING, `Watering (${WEEDING})`, false],
      [WATERING, "Weeding", true],
    ]);
  });

  test("changes nothing on a dry run, and says what it would", async () => {
    expect(await sync(true)).toEqual({ Watering: "added", Weeding: "added" });
    expect(await rows()).toEqual([]);
  });

  test("refuses a folder without any definition: a wrong one would disable all", async () => {
    await sync();
    for (const file of ["watering.md", "weeding.md"]) rmSync(join(toolkit.folder, file));
    await expect(sync()).rejects.toThrow("Could not find any activity definition");
    expect((await rows()).every(({ enabled }) => enabled)).toBe(true);
  });

  test("waits for another one, and then sees what it wrote", async () => {
    const { definitions } = readDefinitions(toolkit.folder);
    const [held, written] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const other = hub.database.transaction(async (tx) => {
      await lockDefinitions(tx);
      await writeDefinitions(tx, definitions.slice(0, 1));
      written.resolve();
      await held.promise;
    });
    await written.promise;
    const waiting = sync();
    await waitUntil({ forWhat: "the second sync to wait", deadlineMs: 10_000 }, async () => {
      const [row] = await hub.database.sql`
        select from pg_locks where not granted and relation = 'activity.activity_definitions'::regclass`;
      return row ? { found: row } : { seen: "nobody waits for the table" };
    });
    held.resolve();
    await other;
    expect(await waiting).toEqual({ Watering: "same", Weeding: "added" });
  });
});
