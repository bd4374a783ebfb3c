// A backup is there when its manifest is, and never by half; what is listed, proven and drilled is told apart from what was
// edited, cut off or put there from elsewhere. On a folder, and once through on a real sshd.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { newBackupId } from "../../../../lib/drill/store/backup_id.ts";
import { openBackupWriter } from "../../../../lib/drill/store/backup_writer.ts";
import { ledgerPath } from "../../../../lib/drill/store/ledger.ts";
import { backupAt, listBackups } from "../../../../lib/drill/store/list_backups.ts";
import { type Manifest, manifestText, sealManifest } from "../../../../lib/drill/store/manifest.ts";
import { readManifest } from "../../../../lib/drill/store/read_manifest.ts";
import type { Store } from "../../../../lib/drill/store/store.ts";
import { recordVerification } from "../../../../lib/drill/store/verification.ts";
import { checkChain } from "../../../../lib/drill/store/verify_chain.ts";
import { verifyParts } from "../../../../lib/drill/store/verify_parts.ts";
import { FACTS, makeBackup, type StoreScene, storeScene } from "./store_scene.ts";

let scene: StoreScene;
let distant: StoreScene;
beforeAll(async () => {
  [scene, distant] = await Promise.all([storeScene("folder"), storeScene("sftp")]);
});
afterAll(async () => {
  await Promise.all([scene.end(), distant.end()]);
});

const day = (number: number) => `2026-11-${String(number).padStart(2, "0")}T12:00:00.000Z`;

/** A store with backups of the first days of a month, oldest first. */
async function filled(days: number, from = scene): Promise<{ store: Store; folder: string; made: Manifest[] }> {
  const { store, folder } = await from.open();
  const made: Manifest[] = [];
  for (let number = 1; number <= days; number++)
    made.push(await makeBackup({ store, scene: from, at: day(number), bytes: 20_000 }));
  return { store, folder, made };
}

/** As somebody would who can write into the store: the text replaced, and the digest made to fit again. */
function sealAgain(folder: string, made: Manifest, change: Partial<Manifest>): void {
  const { schema_version: _, digest: __, ...body } = { ...made, ...change };
  writeFileSync(join(folder, made.id, "manifest.json"), manifestText(sealManifest(body)));
}

const chain = async (store: Store, from = scene) => checkChain(store, await listBackups(store), from.home);
const told = async (store: Store, from = scene) => (await chain(store, from)).map(({ kind, id }) => `${kind} ${id}`);

describe("openBackupWriter()", () => {
  test.each(["folder", "sftp"])(
    "a sealed backup in a store of kind %s is listed, read back and verified",
    async (kind) => {
      const from = kind === "folder" ? scene : distant;
      const { store, folder, made } = await filled(2, from);
      const [older, newer] = made as [Manifest, Manifest];
      expect(await readManifest(store, newer.id)).toEqual(newer);
      expect([older.previous, newer.previous]).toEqual([null, { id: older.id, digest: older.digest }]);
      const listed = await listBackups(store);
      expect(listed.map(({ id, problem, unfinished }) => ({ id, problem, unfinished }))).toEqual([
        { id: newer.id, problem: null, unfinished: false },
        { id: older.id, problem: null, unfinished: false },
      ]);
      const verified = await verifyParts({ store, manifest: newer, folder: from.scratch });
      expect({ ...verified, files: [...verified.files.keys()] }).toEqual({
        problems: [],
        remarks: [],
        files: ["data-001.dump", "facts.json"],
      });
      expect(await chain(store, from)).toEqual([]);
      expect((statSync(join(folder, newer.id, "manifest.json")).mode & 0o777).toString(8)).toBe("600");
      expect((statSync(ledgerPath(from.home)).mode & 0o777).toString(8)).toBe("600");
      await store.close();
    },
  );

  test("an unfinished backup is none, is shown as unfinished, and goes when it is discarded", async () => {
    const { store, folder } = await scene.open();
    const writer = await openBackupWriter({ store, id: newBackupId(day(1), "Odd Näme"), stateHubHome: scene.home });
    const file = join(scene.scratch, "a part");
    writeFileSync(file, "bytes");
    await writer.putPart({ name: "data-001.dump", selection: "data", file });
    expect((await listBackups(store)).map(({ unfinished, manifest }) => ({ unfinished, manifest }))).toEqual([
      { unfinished: true, manifest: null },
    ]);
    expect(backupAt(await listBackups(store), null)).toBeNull();
    await expect(readManifest(store, writer.id)).rejects.toMatchObject({
      observed: expect.stringContaining("no backup"),
    });
    expect(await writer.discard()).toBeNull();
    expect(readdirSync(folder)).toEqual([]);
  });

  test("seal() refuses when the store holds less than was sent, and discard() leaves a sealed one alone", async () => {
    const { store, folder } = await scene.open();
    const writer = await openBackupWriter({ store, id: newBackupId(day(1), "db"), stateHubHome: scene.home });
    const file = join(scene.scratch, "another");
    writeFileSync(file, "bytes");
    await writer.putPart({ name: "data-001.dump", selection: "data", file });
    writeFileSync(join(folder, writer.id, "data-001.dump"), "byte");
    await expect(writer.seal(FACTS)).rejects.toMatchObject({ observed: "data-001.dump has 4 bytes in the store" });
    writeFileSync(join(folder, writer.id, "data-001.dump"), "bytes");
    await writer.seal(FACTS);
    expect(await writer.discard()).toBeNull();
    expect(existsSync(join(folder, writer.id, "manifest.json"))).toBe(true);
  });

  test("discard() says what is left where the store cannot be reached", async () => {
    const { store } = await distant.open();
    const writer = await openBackupWriter({ store, id: newBackupId(day(1), "db"), stateHubHome: distant.home });
    await store.close();
    distant.sshd?.fault("ends");
    const left = await writer.discard();
    distant.sshd?.fault(null);
    expect(left).toContain(`Parts of the unfinished ${writer.id} are left in`);
    expect(await writer.discard()).toBeNull();
    await store.close();
  });
});

describe("discard() after a signal", () => {
  test("takes everything away on another host, and gives up in time where that host is gone", async () => {
    const stop = new AbortController();
    const { store, folder } = await distant.open({ signal: stop.signal });
    const writer = await openBackupWriter({ store, id: newBackupId(day(1), "db"), stateHubHome: distant.home });
    const file = join(distant.scratch, "sent");
    writeFileSync(file, "bytes");
    await writer.putPart({ name: "data-001.dump", selection: "data", file });
    stop.abort(new Error("SIGINT"));
    distant.sshd?.fault("silent");
    const started = performance.now();
    expect(await writer.discard()).toContain("are left in");
    expect(performance.now() - started).toBeLessThan(8_000);
    distant.sshd?.fault(null);
    expect(await writer.discard()).toBeNull();
    expect(readdirSync(folder)).toEqual([]);
    await store.close();
  });
});

describe("readManifest()", () => {
  const cases: readonly [string, (text: string) => string, string][] = [
    ["cut off", (text) => text.slice(0, -20), "it is no JSON"],
    ["of a later version", (text) => text.replace('"schema_version": 1', '"schema_version": 2'), "its version is 2"],
    ["of another shape", (text) => text.replace('"rows"', '"lines"'), "it is no manifest"],
    ["edited", (text) => text.replace('"rows": "12"', '"rows": "13"'), "it was edited"],
    ["written in another way", (text) => text.replace("{\n", "{ \n"), "it was edited"],
    ["too large", (text) => text + " ".repeat(16 * 1024 * 1024), "more than any manifest"],
  ];
  test.each(cases)("names a manifest that is %s", async (_, change, words) => {
    const { store, folder, made } = await filled(1);
    const file = join(folder, made[0]?.id ?? "", "manifest.json");
    writeFileSync(file, change(readFileSync(file, "utf8")));
    const failure = expect(readManifest(store, made[0]?.id ?? "")).rejects;
    await failure.toMatchObject({
      observed: expect.stringContaining(words),
      where: expect.stringContaining(made[0]?.id ?? ""),
    });
    const [listed] = await listBackups(store);
    expect([listed?.manifest, listed?.unfinished, listed?.problem?.says.includes(words)]).toEqual([null, false, true]);
  });

  test("names an old backup that was put in the place of a newer one", async () => {
    const { store, folder, made } = await filled(2);
    const [older, newer] = made as [Manifest, Manifest];
    rmSync(join(folder, newer.id), { recursive: true });
    cpSync(join(folder, older.id), join(folder, newer.id), { recursive: true });
    await expect(readManifest(store, newer.id)).rejects.toMatchObject({ observed: expect.stringContaining(older.id) });
    expect(backupAt(await listBackups(store), null)?.problem?.kind).toBe("of_another");
  });

  test("no flipped byte of it goes unseen", async () => {
    const { store, folder, made } = await filled(1);
    const file = join(folder, made[0]?.id ?? "", "manifest.json");
    const text = readFileSync(file);
    for (let at = 0; at < text.length; at += 7) {
      const flipped = Buffer.from(text);
      flipped[at] = (flipped[at] ?? 0) ^ 1;
      writeFileSync(file, flipped);
      expect((await listBackups(store))[0]?.problem).not.toBeNull();
    }
  });
});

describe("verifyParts()", () => {
  const verdict = async (store: Store, manifest: Manifest, others: Manifest[] = []) => {
    const { problems, remarks } = await verifyParts({ store, manifest, folder: scene.scratch, others });
    return { problems: problems.map(({ kind, part }) => `${kind} ${part}`), remarks };
  };
  const wrong: readonly [string, (file: string) => void][] = [
    ["changed", (file) => writeFileSync(file, readFileSync(file).fill(0x2a, 12_345, 12_346))],
    ["truncated", (file) => writeFileSync(file, readFileSync(file).subarray(0, -1))],
    ["longer", (file) => writeFileSync(file, "x", { flag: "a" })],
    ["missing", (file) => rmSync(file)],
  ];
  test.each(wrong)("names a part that is %s", async (kind, change) => {
    const { store, folder, made } = await filled(1);
    const [manifest] = made as [Manifest];
    writeFileSync(join(folder, manifest.id, "data-001.dump"), Buffer.alloc(20_000, 1));
    const file = join(folder, manifest.id, "facts.json");
    change(file);
    expect((await verdict(store, manifest)).problems).toEqual(["changed data-001.dump", `${kind} facts.json`]);
  });

  test("names the backup whose part of the same size stands in the place of one, and a file that is no part", async () => {
    const { store, folder, made } = await filled(2);
    const [older, newer] = made as [Manifest, Manifest];
    const at = (manifest: Manifest, name: string) => join(folder, manifest.id, name);
    cpSync(at(older, "facts.json"), at(newer, "facts.json"));
    writeFileSync(at(newer, "extra.dump"), "");
    const found = await verifyParts({ store, manifest: newer, folder: scene.scratch, others: made });
    expect(found.problems.map(({ says }) => says)).toEqual([
      `facts.json is not its own: it is facts.json of ${older.id}`,
    ]);
    expect(found.remarks).toEqual([`${newer.id}/extra.dump is no part of the backup, and was not read`]);
    renameSync(at(newer, "data-001.dump"), at(newer, "facts.json"));
    expect((await verdict(store, newer)).problems).toEqual(["missing data-001.dump", "swapped facts.json"]);
  });

  test("finds a flipped byte on another host, too", async () => {
    const { store, folder, made } = await filled(1, distant);
    const [manifest] = made as [Manifest];
    const file = join(folder, manifest.id, "data-001.dump");
    const bytes = readFileSync(file);
    bytes[5] = (bytes[5] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    expect((await verdict(store, manifest)).problems).toEqual(["changed data-001.dump"]);
    await store.close();
  });
});

describe("checkChain()", () => {
  test("names a manifest that was edited and sealed again, by the ledger, or without it by the one that follows", async () => {
    const { store, folder, made } = await filled(3);
    const [, middle] = made as [Manifest, Manifest, Manifest];
    sealAgain(folder, middle, { rows: "13" });
    expect(await told(store)).toEqual([`sealed_again ${middle.id}`]);
    const elsewhere = { ...scene, home: join(scene.scratch, "no ledger") };
    expect(await told(store, elsewhere)).toEqual([`link_differs ${middle.id}`]);
  });

  test("names a backup that is gone without a prune, by the ledger and by the one that follows", async () => {
    const { store, folder, made } = await filled(3);
    const [oldest, middle] = made as [Manifest, Manifest, Manifest];
    rmSync(join(folder, middle.id), { recursive: true });
    expect(await told(store)).toEqual([`missing ${middle.id}`]);
    const elsewhere = { ...scene, home: join(scene.scratch, "no ledger") };
    expect(await told(store, elsewhere)).toEqual([`missing ${middle.id}`]);
    // What an old prune of another machine leaves: a link to one that is older than all that are there.
    rmSync(join(folder, oldest.id), { recursive: true });
    expect(await told(store, elsewhere)).toEqual([]);
  });

  test("names a store that was set back to an older state, whatever that state says of prunes", async () => {
    const { store, folder, made } = await filled(2);
    const old = join(scene.scratch, "old state");
    cpSync(folder, old, { recursive: true });
    const newest = await makeBackup({ store, scene, at: day(3) });
    rmSync(folder, { recursive: true });
    cpSync(old, folder, { recursive: true });
    await store.makeFolder("pruned");
    const forged = { id: newest.id, digest: newest.digest, created_at: newest.created_at, pruned_at: day(4) };
    await store.writeText(`pruned/${newest.id}.json`, JSON.stringify(forged));
    expect(await told(store)).toEqual([`rolled_back ${newest.id}`]);
    expect(made.length).toBe(2);
  });

  test("counts no line of the ledger that a crash cut off, and adds after it", async () => {
    const { store, folder, made } = await filled(1);
    writeFileSync(ledgerPath(scene.home), '{"at":"2026-', { flag: "a" });
    const next = await makeBackup({ store, scene, at: day(2) });
    rmSync(join(folder, next.id), { recursive: true });
    expect(await told(store)).toEqual([`rolled_back ${next.id}`]);
    expect(made.length).toBe(1);
  });
});

describe("recordVerification()", () => {
  const evidence = { clock: "host", evidence_digest: "c".repeat(64) } as const;

  test("is listed newest first, and counts for the manifest that was drilled alone", async () => {
    const { store, folder, made } = await filled(1);
    const [manifest] = made as [Manifest];
    const drilled = { ...evidence, manifest_digest: manifest.digest };
    await recordVerification(store, manifest.id, { ...drilled, drill_id: "d1", at: day(2), verdict: "passed" });
    await recordVerification(store, manifest.id, { ...drilled, drill_id: "d2", at: day(3), verdict: "failed" });
    writeFileSync(join(folder, manifest.id, "verified-d3.json"), '{"verdict":"passed"}');
    const [listed] = await listBackups(store);
    expect(listed?.verified.map(({ drill_id, verdict }) => `${drill_id} ${verdict}`)).toEqual([
      "d2 failed",
      "d1 passed",
    ]);
    expect(listed?.remarks).toEqual([`${manifest.id}/verified-d3.json does not count: it is no record of a drill`]);
    sealAgain(folder, manifest, { rows: "13" });
    expect((await listBackups(store))[0]?.verified).toEqual([]);
  });

  test("refuses a drill's id that would be a path", async () => {
    const { store, made } = await filled(1);
    const what = {
      ...evidence,
      manifest_digest: "d".repeat(64),
      drill_id: "../x",
      at: day(2),
      verdict: "passed",
    } as const;
    await expect(recordVerification(store, made[0]?.id ?? "", what)).rejects.toThrow("Could not record the drill");
  });
});

describe("backupAt()", () => {
  test("gives the newest at or before a time, and passes over none that has a problem", async () => {
    const { store, folder, made } = await filled(3);
    const backups = await listBackups(store);
    expect(backupAt(backups, null)?.id).toBe(made[2]?.id);
    expect(backupAt(backups, new Date(day(2)))?.id).toBe(made[1]?.id);
    expect(backupAt(backups, new Date("2026-01-01"))).toBeNull();
    writeFileSync(join(folder, made[2]?.id ?? "", "manifest.json"), "{");
    expect(backupAt(await listBackups(store), null)?.id).toBe(made[2]?.id);
  });
});
