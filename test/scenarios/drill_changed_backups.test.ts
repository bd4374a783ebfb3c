// What was done to a store between the backup and the drill: every byte, part and manifest that is not what it was is found before
// anything is restored, and named. Through the capability, into an empty database that must stay empty; the script's own words at the end.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openSession } from "../../lib/drill/copy/one_session.ts";
import type { Manifest } from "../../lib/drill/store/manifest.ts";
import { Secret } from "../../lib/secret.ts";
import { homeWithSshConfig, sshEnvironment } from "../lib/ssh/ssh_scene.ts";
import { asIn, type BackupScene, backupScene, type DrillOfStore } from "../support/drill_backups.ts";
import { ageKey, type DrillHome, drillHome } from "../support/drill_process.ts";
import {
  fileOf,
  LATER,
  newest,
  partOf,
  resealed,
  rewriteManifest,
  STORE_CHANGES,
  type Stored,
} from "../support/drill_store_changes.ts";
import { type FreshDatabase, freshDatabase } from "../support/postgres_server.ts";
import { seededChoices } from "../support/seeded_choices.ts";
import { startSshd } from "../support/sshd.ts";

const WATCHDOG_MS = 60_000;
const SEED = 20_261_121;
const FLIPS = 20;

let scene: BackupScene;
let source: FreshDatabase;
let typed: DrillHome;
let stores: { readonly plain: Stored; readonly encrypted: Stored };
let wrongKey: string;

beforeAll(async () => {
  [scene, source, typed] = [backupScene(), await freshDatabase(), drillHome()];
  const session = await openSession(new Secret(source.url));
  await session.query("create table things (id serial primary key, word text)");
  await session.query("insert into things (word) select md5(g::text) from generate_series(1, 200) g");
  const [right, wrong] = [await ageKey(typed.path, "right.txt"), await ageKey(typed.path, "wrong.txt")];
  wrongKey = wrong.identity;
  const [plain, encrypted] = [join(typed.path, "plain"), join(typed.path, "encrypted")];
  const take = () =>
    Promise.all([scene.take(source.url, plain), scene.take(source.url, encrypted, [right.recipient])] as const);
  const older = await take();
  await session.query("update things set word = 'later' where id = 7");
  const newer = await take();
  await session.close();
  stores = {
    plain: kept({ folder: plain, older: older[0], newer: newer[0], identity: null }),
    encrypted: kept({ folder: encrypted, older: older[1], newer: newer[1], identity: right.identity }),
  };
}, WATCHDOG_MS);
afterAll(async () => {
  scene.remove();
  typed.remove();
  await source.drop();
}, WATCHDOG_MS);

function kept(store: Omit<Stored, "original">): Stored {
  const original = `${store.folder}.original`;
  cpSync(store.folder, original, { recursive: true });
  return { ...store, original };
}

/** The verdict on the store after `change`; nothing may have been restored or left, and the store is as before again. */
async function verdictAfter(store: Stored, change: (store: Stored) => void, asked: Partial<DrillOfStore> = {}) {
  change(store);
  try {
    const { report, left } = await scene.drill({ store: store.folder, identity: store.identity, ...asked });
    return { verdict: report.verdict, said: report.reasons.join("\n"), left, remarks: report.remarks.join("\n") };
  } finally {
    asIn(store.original, store.folder);
  }
}

describe.each(["plain", "encrypted"] as const)("a store of %s backups", (kind) => {
  test(
    "passes as it is, and with an extra file and an unfinished newer folder, which are not read",
    async () => {
      const found = await verdictAfter(stores[kind], (store) => {
        writeFileSync(fileOf(store, store.newer, "data-002.dump"), "nobody's");
        mkdirSync(join(store.folder, "29990101T000000Z-later-00000000"));
        writeFileSync(join(store.folder, "29990101T000000Z-later-00000000/data-001.dump"), "half");
      });
      expect(found).toMatchObject({ verdict: "passed", said: "" });
      expect(found.remarks).toContain("29990101T000000Z-later-00000000 is newer and has no manifest");
      expect(found.remarks).toContain("data-002.dump is no part of the backup, and was not read");
    },
    WATCHDOG_MS,
  );

  test(
    `is failed for any one byte that is another, in ${FLIPS} places, and the part is named`,
    async () => {
      const store = stores[kind];
      const choices = seededChoices(SEED);
      const names = [...store.newer.parts.map(({ name }) => name), "manifest.json"];
      for (let flip = 0; flip < FLIPS; flip++) {
        const name = names[flip % names.length] ?? "";
        const bytes = readFileSync(fileOf(store, store.newer, name));
        const at = choices.below(bytes.length);
        bytes[at] = (bytes[at] ?? 0) ^ (1 << choices.below(8));
        const found = await verdictAfter(store, () => writeFileSync(fileOf(store, store.newer, name), bytes));
        expect({ ...found, flipped: `${name} at ${at}` }).toMatchObject({ verdict: "failed", left: [] });
        expect(found.said).toContain(`${store.newer.id}`);
        expect(found.said).toContain(name);
      }
    },
    WATCHDOG_MS,
  );

  test.each(STORE_CHANGES)(
    "is failed, and says where, when %s",
    async (_name, change, said) => {
      const store = stores[kind];
      const found = await verdictAfter(store, change);
      expect(found).toMatchObject({ verdict: "failed", left: [] });
      expect(found.said).toMatch(said(store));
      expect(found.said).toMatch(new RegExp(`${store.newer.id}|${LATER}`));
    },
    WATCHDOG_MS,
  );
});

test(
  "on a machine that did not make the backup, an edited and sealed manifest disagrees with what the backup holds",
  async () => {
    const { created_at } = stores.encrypted.newer;
    for (const edit of [
      { rows: "201" },
      { system_identifier: "7" },
      // Later in its second: an earlier time could make the other backup of that second the newest one.
      { created_at: `${created_at.slice(0, 20)}${created_at.endsWith(".999Z") ? "998Z" : "999Z"}` },
      { schema_digest: "a".repeat(64) },
      { facts_digest: "a".repeat(64) },
    ]) {
      const change = (store: Stored) => rewriteManifest(store, (manifest) => resealed({ ...manifest, ...edit }));
      const database = "system_identifier" in edit ? `${source.name}@7` : null;
      const found = await verdictAfter(stores.encrypted, change, { home: scene.otherHome, database });
      expect({ ...found, edit }).toMatchObject({ verdict: "failed", left: [] });
      expect(found.said).toMatch(new RegExp(`what the manifest was sealed with: ${Object.keys(edit)}$`));
    }
  },
  WATCHDOG_MS,
);

test(
  "a backup cannot be made an older one, behind which another is drilled",
  async () => {
    const change = (store: Stored) =>
      rewriteManifest(store, (manifest) => resealed({ ...manifest, created_at: "2020-01-01T00:00:00.000Z" }));
    const found = await verdictAfter(stores.encrypted, change, { home: scene.otherHome });
    expect(found).toMatchObject({ verdict: "failed", left: [] });
    expect(found.said).toContain("its time is not that of its name");
  },
  WATCHDOG_MS,
);

test(
  "on a machine that did not make the backup, rows of the older one behind a right manifest are found when they are restored",
  async () => {
    const data = partOf(stores.plain, "data");
    const old = stores.plain.older.parts.find(({ name }) => name === data);
    const { verdict, said } = await verdictAfter(
      stores.plain,
      (store) => {
        cpSync(fileOf(store, store.older, data), newest(store, "data"));
        rewriteManifest(store, (manifest) => {
          const parts = manifest.parts.map((part) => (part.name === data && old !== undefined ? old : part));
          return resealed({ ...manifest, parts, bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0) });
        });
      },
      { home: scene.otherHome },
    );
    expect(verdict).toBe("failed");
    expect(said).toMatch(/^table public\.things differs in bucket \d+$/);
  },
  WATCHDOG_MS,
);

test(
  "a wrong key, no key and a key that others can read verify nothing, and restore nothing",
  async () => {
    const store = stores.encrypted;
    const open = join(typed.path, "open.txt");
    cpSync(store.identity ?? "", open);
    chmodSync(open, 0o644);
    for (const [identity, why] of [
      [wrongKey, "none of the keys in"],
      [null, "no --identity"],
      [open, "others can read it"],
      [join(typed.path, "nowhere.txt"), "it is not there"],
    ] as const) {
      const found = await verdictAfter(store, () => {}, { identity });
      expect(found).toMatchObject({ verdict: "could_not_verify", left: [] });
      expect(found.said).toContain(why);
    }
  },
  WATCHDOG_MS,
);

test(
  "the same is found in a store on another host, and the script says it with its exit code",
  async () => {
    const sshd = await startSshd();
    const home = homeWithSshConfig(typed.path, sshd.sshConfig);
    const store = sshd.urlOf(stores.plain.folder).replace(/^ssh:/, "sftp:");
    const asked = { store, home, env: sshEnvironment() };
    const data = partOf(stores.plain, "data");
    const flip = (name: string) => (it: Stored) => {
      const file = fileOf(it, it.newer, name);
      const bytes = readFileSync(file);
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 4;
      writeFileSync(file, bytes);
    };
    expect(await verdictAfter(stores.plain, () => {}, asked)).toMatchObject({ verdict: "passed" });
    for (const [change, said] of [
      [flip(data), `${data} has another SHA-256`],
      [(it: Stored) => writeFileSync(newest(it, "data"), ""), `${data} has 0 bytes`],
      [flip("manifest.json"), "manifest.json: "],
    ] as const) {
      const found = await verdictAfter(stores.plain, change, asked);
      expect(found).toMatchObject({ verdict: "failed", left: [] });
      expect(found.said).toContain(said);
    }
    flip("manifest.json")(stores.plain);
    const env = { STATE_HUB_HOME: home, DATABASE_URL: "postgres://nobody@127.0.0.1:1/gone" };
    const { code, out } = await typed.type(["--from-store", store], env);
    asIn(stores.plain.original, stores.plain.folder);
    expect(code).toBe(1);
    expect(out).toContain(`${stores.plain.newer.id}/manifest.json`);
    await sshd.stop();
  },
  WATCHDOG_MS,
);

test(
  "an edited and sealed manifest that would make a second database of one is not taken for the backup of either",
  async () => {
    const edited = (edit: Partial<Manifest>, home: string) =>
      verdictAfter(stores.plain, (store) => rewriteManifest(store, (manifest) => resealed({ ...manifest, ...edit })), {
        home,
      });
    expect(await edited({ database: "another" }, scene.otherHome)).toMatchObject({
      verdict: "failed",
      said: expect.stringContaining("its database is not that of its name"),
    });
    expect(await edited({ system_identifier: "7" }, scene.otherHome)).toMatchObject({
      verdict: "could_not_verify",
      said: expect.stringContaining(`the store holds those of ${source.name}@7`),
    });
    expect(await edited({ system_identifier: "7" }, scene.home)).toMatchObject({
      verdict: "failed",
      said: expect.stringContaining("it was edited and sealed again"),
    });
  },
  WATCHDOG_MS,
);
