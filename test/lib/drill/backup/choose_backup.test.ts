// Which backup a drill takes of a store that several machines and databases share, and what it says of one that it did not make.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chooseBackup } from "../../../../lib/drill/backup/choose_backup.ts";
import { listCommand } from "../../../../lib/drill/commands/list_command.ts";
import type { SealedFacts } from "../../../../lib/drill/store/backup_writer.ts";
import { manifestText, sealManifest } from "../../../../lib/drill/store/manifest.ts";
import { openStore } from "../../../../lib/drill/store/open_store.ts";
import type { OpsFailure } from "../../../../lib/failure.ts";
import { plainView } from "../../../support/plain_view.ts";
import { makeBackup, type StoreScene, storeScene } from "../store/store_scene.ts";

let scene: StoreScene;
beforeAll(async () => {
  scene = await storeScene("folder");
});
afterAll(() => scene.end());

const HUB = { database: "state_hub", instance_id: "hub-1" };
const day = (number: number) => `2026-11-${String(number).padStart(2, "0")}T12:00:00.000Z`;

/** One backup a day, from the first of the month on. */
async function storeOf(...all: readonly Partial<SealedFacts>[]) {
  const { store, folder, target } = await scene.open();
  const made = [];
  for (const [index, facts] of all.entries())
    made.push(await makeBackup({ store, scene, at: day(index + 1), bytes: 100, facts }));
  const ids = made.map(({ id }) => id);
  const choose = (database: string | null = null, at: Date | null = null, home = scene.home) =>
    chooseBackup({ store, at, database, home });
  const where = { store: target, home: scene.home, env: {}, signal: new AbortController().signal };
  const list = async (database: string | null = null) => {
    const { render, next, document } = await listCommand(where, database);
    return {
      text: render(await plainView()),
      next,
      document: document as { readonly backups: readonly { id: string }[] },
    };
  };
  return { store, folder, ids, choose, list };
}

async function failureOf(promise: Promise<unknown>): Promise<OpsFailure> {
  return promise.then(
    () => Promise.reject(new Error("it did not fail")),
    (error: OpsFailure) => error,
  );
}

test("a store of one database needs no name, also after the hub was restored into another cluster and renamed", async () => {
  const { choose, list, ids } = await storeOf(HUB, { ...HUB, database: "hub", system_identifier: "8" });
  const { manifest, wrong, remarks } = await choose();
  expect([manifest?.id, wrong, remarks]).toEqual([`${ids[1]}`, [], []]);
  const { text, next } = await list();
  expect(text).not.toContain("database");
  expect(next).not.toContain("--database");
});

test("a store of several databases asks which, names them, and gives the newest of the one that is named", async () => {
  const { choose, list, ids } = await storeOf(HUB, { database: "billing" }, HUB, { database: "billing" });
  const failure = await failureOf(choose());
  expect(failure).toMatchObject({
    message: "Could not choose a backup",
    observed: "the store holds those of billing, state_hub",
    hint: expect.stringContaining("--database billing"),
  });
  expect((await choose("state_hub")).manifest?.id).toBe(`${ids[2]}`);
  expect((await choose("billing")).manifest?.id).toBe(`${ids[3]}`);
  const { text, next, document } = await list("state_hub");
  expect(text).toMatch(/backup +database +age/);
  expect(document.backups.map(({ id }) => id)).toEqual([`${ids[2]}`, `${ids[0]}`]);
  expect(next).toContain("--database state_hub");
  expect((await list()).document.backups).toHaveLength(4);
});

test("two databases of one name are told apart by the hub or the server", async () => {
  const { choose, ids } = await storeOf(
    { database: "app", system_identifier: "8" },
    { database: "app", instance_id: "x" },
  );
  expect((await failureOf(choose())).observed).toBe("the store holds those of app@8, app@x");
  expect((await failureOf(choose("app"))).observed).toBe("the store holds those of app@8, app@x");
  expect((await choose("app@8")).manifest?.id).toBe(`${ids[0]}`);
});

test("a name that the store does not hold is not found, and list says which there are", async () => {
  const { choose, list } = await storeOf(HUB);
  expect(await failureOf(choose("billing"))).toMatchObject({ observed: "no complete one of billing" });
  expect(await failureOf(list("billing"))).toMatchObject({ expected: "state_hub" });
});

test("of a named database the newest that is gone is missed, although another's newer one is there", async () => {
  const { choose, folder, ids } = await storeOf(HUB, HUB, { database: "billing" });
  rmSync(join(folder, `${ids[1]}`), { recursive: true });
  const { manifest, wrong } = await choose("state_hub");
  expect([manifest, wrong]).toEqual([null, [expect.stringContaining(`${ids[1]} is gone`)]]);
  expect((await choose("billing")).wrong).toEqual([]);
  expect((await choose("billing")).remarks).toEqual([expect.stringContaining(`${ids[1]} is gone`)]);
});

test("one of the same second whose manifest was given an earlier moment does not hand its place to the other", async () => {
  const { store, folder } = await scene.open();
  const at = (ms: string) => makeBackup({ store, scene, at: `2026-11-21T12:00:00.${ms}Z`, bytes: 100, facts: HUB });
  await at("100");
  const newer = await at("900");
  const { schema_version: _, digest: __, ...body } = newer;
  const earlier = sealManifest({ ...body, created_at: "2026-11-21T12:00:00.000Z" });
  writeFileSync(join(folder, newer.id, "manifest.json"), manifestText(earlier));
  const { manifest, wrong } = await chooseBackup({ store, at: null, database: null, home: scene.home });
  expect([manifest, wrong]).toEqual([null, [expect.stringContaining("edited and sealed again")]]);
});

test("a newest one with a spoilt manifest hides itself behind no older one of its database", async () => {
  const { choose, folder, ids } = await storeOf({ database: "billing" }, HUB, HUB);
  writeFileSync(join(folder, `${ids[2]}`, "manifest.json"), "{");
  expect((await choose("state_hub")).wrong.join()).toContain("it is no JSON");
  expect((await choose("billing")).manifest?.id).toBe(`${ids[0]}`);
});

test("a backup that a machine which makes some did not make is remarked upon, and nothing is said where none are made", async () => {
  const { store, choose } = await storeOf(HUB);
  const elsewhere = { ...scene, home: join(scene.scratch, "elsewhere") };
  const { id } = await makeBackup({ store, scene: elsewhere, at: day(9), bytes: 100, facts: HUB });
  expect((await choose()).remarks).toEqual([expect.stringContaining(`did not make ${id}: who did?`)]);
  expect((await choose(null, null, join(scene.scratch, "nowhere"))).remarks).toEqual([]);
});

test("a moment that is still to come is remarked upon", async () => {
  const { choose, ids } = await storeOf(HUB);
  const { manifest, remarks } = await choose(null, new Date(Date.now() + 3_600_000));
  expect([manifest?.id, remarks]).toEqual([`${ids[0]}`, [expect.stringContaining("is still to come")]]);
  expect((await choose(null, new Date())).remarks).toEqual([]);
});

test("a folder that no backup made yet has backup as its next command", async () => {
  const folder = join(scene.scratch, "not yet");
  const failure = await failureOf(openStore(folder, { ...scene.options, make: false }));
  expect(failure.hint).toBe(`scripts/backup_restore_drill.ts backup --store '${folder}'`);
});
