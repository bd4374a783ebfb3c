// What a prune may take: never the newest, never the newest proven one, never what is being written, and nothing at all from a
// store that is not the one that was planned.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { applyPrune } from "../../../../lib/drill/store/apply_prune.ts";
import { newBackupId } from "../../../../lib/drill/store/backup_id.ts";
import { openBackupWriter } from "../../../../lib/drill/store/backup_writer.ts";
import { listBackups, type StoredBackup } from "../../../../lib/drill/store/list_backups.ts";
import type { Manifest } from "../../../../lib/drill/store/manifest.ts";
import { type PruneTerms, planPrune } from "../../../../lib/drill/store/plan_prune.ts";
import { recordVerification, type Verification } from "../../../../lib/drill/store/verification.ts";
import { checkChain } from "../../../../lib/drill/store/verify_chain.ts";
import { makeBackup, type StoreScene, storeScene } from "./store_scene.ts";

const NOW = new Date("2026-11-30T12:00:00.000Z");
const TERMS: PruneTerms = { keepLast: 1, keepDays: null, now: NOW };
const day = (number: number) => `2026-11-${String(number).padStart(2, "0")}T12:00:00.000Z`;

type Sort = "unproven" | "passed" | "failed" | "unsure" | "then unsure" | "unfinished" | "problem";

const VERDICTS: Readonly<Record<Sort, readonly Verification["verdict"][]>> = {
  unproven: [],
  passed: ["passed", "failed"],
  failed: ["failed", "passed"],
  unsure: ["could_not_verify"],
  "then unsure": ["could_not_verify", "passed"],
  unfinished: [],
  problem: [],
};

/** A backup of that day of the month, of that sort. */
function backup(number: number, sort: Sort): StoredBackup {
  const whole = sort !== "unfinished" && sort !== "problem";
  return {
    id: `b${number}`,
    takenAt: new Date(day(number)),
    manifest: whole ? ({ digest: `digest ${number}` } as Manifest) : null,
    problem: sort === "problem" ? { kind: "edited", says: "it was edited" } : null,
    verified: VERDICTS[sort].map((verdict) => ({ verdict }) as Verification),
    ...{ lacking: [], remarks: [] },
    unfinished: sort === "unfinished",
    bytes: 1,
    touchedAt: new Date(day(number)),
  };
}

function pruned(sorts: readonly Sort[], terms: Partial<PruneTerms> = {}) {
  const backups = sorts.map((sort, index) => backup(30 - sorts.length + index, sort));
  const plan = planPrune(backups, { keepLast: 2, keepDays: null, now: NOW, ...terms });
  const positions = (of: readonly { id: string }[]) =>
    of.map(({ id }) => Number(id.slice(1)) - 30 + sorts.length).sort();
  return { keep: positions(plan.keep), remove: positions(plan.remove), unfinished: positions(plan.unfinished) };
}

describe("planPrune()", () => {
  test("keeps the newest N", () => {
    expect(pruned(["unproven", "unproven", "unproven", "unproven"])).toEqual({
      keep: [2, 3],
      remove: [0, 1],
      unfinished: [],
    });
  });

  test("keeps the newest proven one, however old", () => {
    expect(pruned(["passed", "passed", "unproven", "unproven"]).keep).toEqual([1, 2, 3]);
    expect(pruned(["then unsure", "unsure", "unproven", "unproven"]).keep).toEqual([0, 2, 3]);
  });

  test("takes one whose last drill failed for no proven one, and for none of the newest N", () => {
    expect(pruned(["passed", "failed", "unproven", "unproven"]).keep).toEqual([0, 2, 3]);
    expect(pruned(["unproven", "unproven", "failed", "unproven"]).keep).toEqual([1, 2, 3]);
  });

  test("keeps what is younger than D days", () => {
    expect(pruned(["unproven", "unproven", "unproven", "unproven"], { keepLast: 1, keepDays: 2.5 }).keep).toEqual([
      1, 2, 3,
    ]);
  });

  test("counts days back from the newest backup, so that a host that is ahead of all clocks removes nothing for it", () => {
    const ahead = { keepLast: 1, keepDays: 2.5, now: new Date("2027-11-30T12:00:00.000Z") };
    expect(pruned(["unproven", "unproven", "unproven", "unproven"], ahead).keep).toEqual([1, 2, 3]);
    const ofAYearToCome = { ...backup(29, "unproven"), takenAt: new Date("2027-11-29T12:00:00.000Z") };
    const plan = planPrune([ofAYearToCome, backup(28, "unproven"), backup(27, "unproven")], {
      ...{ keepLast: 1, keepDays: 4, now: NOW },
    });
    expect(plan.remove).toEqual([]);
  });

  test("takes no unfinished one whose newest file is the store's newest, whatever this host's clock says", () => {
    const running = { ...backup(1, "unfinished"), touchedAt: new Date(day(20)) };
    const older = { ...backup(2, "unproven"), touchedAt: new Date(day(19)) };
    const ahead = { ...TERMS, now: new Date("2027-11-30T12:00:00.000Z") };
    expect(planPrune([running, older], ahead).unfinished).toEqual([]);
    const later = { ...backup(3, "unproven"), touchedAt: new Date(day(21)) };
    expect(planPrune([running, older, later], ahead).unfinished.map(({ id }) => id)).toEqual(["b1"]);
  });

  test("takes unfinished ones away after 24 hours without a new file, and not before", () => {
    expect(pruned(["unfinished", "unproven"])).toEqual({ keep: [1], remove: [], unfinished: [0] });
    const running = { ...backup(1, "unfinished"), touchedAt: new Date(Number(NOW) - 60_000) };
    expect(planPrune([running], { keepLast: 1, keepDays: null, now: NOW }).keep[0]?.reasons).toEqual([
      "it may be being written",
    ]);
  });

  test("leaves one with a problem to a person", () => {
    expect(pruned(["problem", "unproven", "unproven", "unproven"])).toEqual({
      keep: [0, 2, 3],
      remove: [1],
      unfinished: [],
    });
  });

  test("takes one with a missing part for no complete one, and leaves it to a person", () => {
    const broken = { ...backup(3, "unproven"), lacking: ["data-001.dump is missing"] };
    const plan = planPrune([broken, backup(2, "unproven"), backup(1, "unproven")], TERMS);
    expect(plan.keep.map(({ id }) => id)).toEqual(["b3", "b2"]);
    expect(plan.remove.map(({ id }) => id)).toEqual(["b1"]);
  });

  test("in a store of two databases keeps the newest of each", () => {
    const of = (number: number, instance_id: string | null, database: string) => {
      const manifest = { digest: `${number}`, instance_id, system_identifier: `${number}`, database } as Manifest;
      return { ...backup(number, "unproven"), manifest };
    };
    const plan = planPrune([of(4, "hub", "a"), of(3, "hub", "renamed"), of(2, null, "b"), of(1, null, "c")], TERMS);
    expect(plan.keep.map(({ id }) => id)).toEqual(["b4", "b2", "b1"]);
  });

  test("of whatever is there, the newest complete and the newest proven one stay, and each is named once", () => {
    const sorts = fc.array(fc.constantFrom<Sort>(...(Object.keys(VERDICTS) as Sort[])), { maxLength: 25 });
    fc.assert(
      fc.property(
        sorts,
        fc.integer({ min: 0, max: 4 }),
        fc.option(fc.integer({ min: 1, max: 20 })),
        (all, keepLast, keepDays) => {
          const { keep, remove, unfinished } = pruned(all, { keepLast, keepDays });
          const newest = all.findLastIndex((sort) => sort !== "unfinished" && sort !== "problem");
          const proven = all.findLastIndex((sort) => sort === "passed" || sort === "then unsure");
          for (const each of [newest, proven].filter((at) => at >= 0)) expect(keep).toContain(each);
          expect([...keep, ...remove, ...unfinished].sort((a, b) => a - b)).toEqual(all.map((_, at) => at));
        },
      ),
    );
  });
});

describe("applyPrune()", () => {
  let scene: StoreScene;
  beforeAll(async () => {
    scene = await storeScene("sftp");
  });
  afterAll(() => scene.end());

  const terms: PruneTerms = { keepLast: 2, keepDays: null, now: NOW };

  async function filled(days: number) {
    const { store, folder } = await scene.open();
    for (let number = 1; number <= days; number++) await makeBackup({ store, scene, at: day(number), bytes: 100 });
    return { store, folder, plan: planPrune(await listBackups(store), terms) };
  }

  test("removes what was planned, and leaves a chain without a problem, here and for a machine that knows nothing of it", async () => {
    const { store, folder, plan } = await filled(4);
    const gone = await applyPrune({ store, plan, terms, stateHubHome: scene.home });
    expect(gone).toEqual(plan.remove.map(({ id }) => id).reverse());
    expect(readdirSync(folder).filter((name) => name !== "pruned").length).toBe(2);
    const left = await listBackups(store);
    expect(await checkChain(store, left, scene.home)).toEqual([]);
    expect(await checkChain(store, left, join(scene.home, "elsewhere"))).toEqual([]);
    await store.close();
  });

  test("leaves on record what it took from between two that stay, in the ledger and in the store", async () => {
    const { store, folder } = await filled(4);
    const oldest = (await listBackups(store)).at(-1)?.manifest as Manifest;
    const drill = {
      drill_id: "d1",
      at: day(5),
      clock: "host",
      verdict: "passed",
      evidence_digest: "e".repeat(64),
    } as const;
    await recordVerification(store, oldest.id, { ...drill, manifest_digest: oldest.digest });
    const one = { ...terms, keepLast: 1 };
    const plan = planPrune(await listBackups(store), one);
    expect(await applyPrune({ store, plan, terms: one, stateHubHome: scene.home })).toHaveLength(2);
    const left = await listBackups(store);
    const elsewhere = join(scene.home, "elsewhere");
    expect(await checkChain(store, left, elsewhere)).toEqual([]);
    rmSync(join(folder, "pruned"), { recursive: true });
    expect(await checkChain(store, left, scene.home)).toEqual([]);
    expect((await checkChain(store, left, elsewhere)).map(({ kind }) => kind)).toEqual(["missing"]);
    await store.close();
  });

  test.each(["came", "went"])("refuses when a backup %s since the plan, and removes nothing", async (what) => {
    const { store, folder, plan } = await filled(3);
    if (what === "came") await makeBackup({ store, scene, at: day(9), bytes: 100 });
    else rmSync(join(folder, plan.keep[0]?.id ?? ""), { recursive: true });
    const before = readdirSync(folder);
    await expect(applyPrune({ store, plan, terms, stateHubHome: scene.home })).rejects.toThrow("Could not prune");
    expect(readdirSync(folder)).toEqual(before);
    await store.close();
  });

  test("takes away what a run left unfinished, and stops between two when it is told to", async () => {
    const { store, folder } = await filled(4);
    const writer = await openBackupWriter({ store, id: newBackupId(day(2), "db"), stateHubHome: scene.home });
    const later = { ...terms, now: new Date(Date.now() + 48 * 3600 * 1000) };
    const plan = planPrune(await listBackups(store), later);
    expect(plan.unfinished.map(({ id }) => id)).toEqual([writer.id]);
    const stop = new AbortController();
    const onProgress = ({ at }: { at?: string }) => at === writer.id && stop.abort(new Error("stopped"));
    const pruning = applyPrune({
      store,
      plan,
      terms: later,
      stateHubHome: scene.home,
      signal: stop.signal,
      onProgress,
    });
    await expect(pruning).rejects.toThrow("stopped");
    expect(existsSync(join(folder, writer.id))).toBe(false);
    await store.close();
  });
});
