// Waivers: what each scope covers and what it does not, and that nothing stays waived by being forgotten.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  addWaiver,
  listWaivers,
  removeWaiver,
  type Waiver,
  type WaiverRequest,
} from "../../../lib/consistency/waivers.ts";
import { makeRepo, temporaryFolder, workplanText } from "../../support/git_repo.ts";
import { freshHub, type TestHub } from "../../support/hub.ts";

let hub: TestHub;
const folder = temporaryFolder();
const WIDEST = { owner: "ops", reason: "known", repo: null, path: null, subject: null, days: 7 } as const;

beforeAll(async () => {
  hub = await freshHub();
  for (const [slug, prefix] of [
    ["one", "WA"],
    ["two", "WB"],
  ] as const) {
    const bad = (id: string) => ({
      [`workplans/${id}.md`]: workplanText({
        id,
        tasks: [
          { id: `${id}-T01`, status: "toodo" },
          { id: `${id}-T02`, status: "toodo" },
        ],
      }),
    });
    const repo = await makeRepo(folder.path, slug, { ...bad(`${prefix}-WP-0001`), ...bad(`${prefix}-WP-0002`) });
    await hub.check({ path: repo.path });
  }
});
afterAll(async () => {
  await hub.close();
  folder.remove();
});

function add(request: Partial<WaiverRequest> & { check: string }): Promise<Waiver> {
  return hub.database.transaction((tx) => addWaiver(tx, { ...WIDEST, ...request }));
}

function remove(id: string): Promise<void> {
  return hub.database.transaction((tx) => removeWaiver(tx, id));
}

/** A run over both repositories: what it shows, how many it says are waived, and how often T01 was re-opened. */
async function run() {
  const { report, waived } = await hub.check({ all: true });
  const [row] = await hub.database.sql<{ n: number }[]>`
    select times_reopened as n from findings where subject = 'WA-WP-0001-T01'`;
  return { open: report.assessment_failures.length, waived, exit: report.exit_code, reopened: row?.n ?? -1 };
}

const SCOPES: readonly [says: string, scope: Partial<WaiverRequest>, covers: number][] = [
  ["every repository", {}, 8],
  ["a repository", { repo: "one" }, 4],
  ["a path", { path: "workplans/WA-WP-0001.md" }, 2],
  ["a path of another repository", { repo: "two", path: "workplans/WA-WP-0001.md" }, 0],
  ["a subject", { subject: "WA-WP-0001-T01" }, 1],
  ["a subject one digit off", { subject: "WA-WP-0001-T03" }, 0],
];

describe("addWaiver()", () => {
  for (const [says, scope, covers] of SCOPES) {
    test(`covers ${covers} of 8 findings when its scope is ${says}, in the exit code too`, async () => {
      const waiver = await add({ check: "C-18", ...scope });
      expect(waiver).toMatchObject({ state: "active", covers, owner: "ops", reason: "known" });
      expect(await run()).toMatchObject({ open: 8 - covers, waived: covers, exit: covers === 8 ? 0 : 1 });
      await remove(waiver.id);
      expect(await run()).toMatchObject({ open: 8, waived: 0, exit: 1 });
    });
  }

  test("covers nothing of another check", async () => {
    const waiver = await add({ check: "C-17" });
    expect(waiver.covers).toBe(0);
    await remove(waiver.id);
  });

  test("covers a finding that opens later, from its first report on", async () => {
    const fresh = await freshHub();
    try {
      const repo = await makeRepo(folder.path, "late", {
        "workplans/WC-WP-0001.md": workplanText({ id: "WC-WP-0001" }),
      });
      await fresh.check({ path: repo.path });
      await fresh.database.transaction((tx) => addWaiver(tx, { ...WIDEST, check: "C-04", repo: "late" }));
      await repo.git("mv", "workplans/WC-WP-0001.md", "workplans/other.md");
      await repo.commit();
      const { report, waived } = await fresh.check({ path: repo.path });
      expect({ open: report.assessment_failures, waived }).toEqual({ open: [], waived: 1 });
    } finally {
      await fresh.close();
    }
  });

  for (const check of ["C-00", "C-07", "C-99", "c-18"]) {
    test(`refuses ${check}, which is no check whose findings are kept`, async () => {
      await expect(add({ check })).rejects.toMatchObject({ kind: "usage", observed: check });
    });
  }

  test("refuses a repository that nobody registered", async () => {
    await expect(add({ check: "C-18", repo: "three" })).rejects.toMatchObject({ kind: "usage" });
  });
});

describe("coverFindings()", () => {
  test("re-opens a finding when its waiver expires, counts that once, and the exit code is 1 again", async () => {
    const before = await run();
    const waiver = await add({ check: "C-18" });
    expect(await run()).toEqual({ open: 0, waived: 8, exit: 0, reopened: before.reopened });
    await hub.database.sql`update waivers set expires_at = now() - interval '1 second' where id = ${waiver.id}`;
    const reopened = { open: 8, waived: 0, exit: 1, reopened: before.reopened + 1 } as const;
    expect(await run()).toEqual(reopened);
    expect(await run()).toEqual(reopened);
    expect(await listWaivers(hub.database.sql)).toContainEqual(
      expect.objectContaining({ id: waiver.id, state: "expired" }),
    );
    await remove(waiver.id);
  });

  test("keeps a finding covered while a second waiver covers it", async () => {
    const [first, second] = [await add({ check: "C-18" }), await add({ check: "C-18", repo: "one" })];
    await remove(first.id);
    expect(await run()).toMatchObject({ open: 4, waived: 4, exit: 1 });
    await remove(second.id);
    expect(await run()).toMatchObject({ open: 8, waived: 0 });
  });
});

describe("storeFindings()", () => {
  test("counts one re-opening when a finding comes back after its waiver has expired", async () => {
    const bad = { "workplans/WD-WP-0001.md": workplanText({ id: "WD-WP-0001", status: "actif" }) };
    const good = { "workplans/WD-WP-0001.md": workplanText({ id: "WD-WP-0001" }) };
    const fresh = await freshHub();
    try {
      const { sql } = fresh.database;
      const repo = await makeRepo(folder.path, "back", bad);
      const check = async () => (await fresh.check({ path: repo.path })).report.exit_code;
      expect(await check()).toBe(1);
      await fresh.database.transaction((tx) => addWaiver(tx, { ...WIDEST, check: "C-03" }));
      await repo.commit(good);
      expect(await check()).toBe(0);
      await sql`update waivers set expires_at = now()`;
      await repo.commit(bad);
      expect(await check()).toBe(1);
      expect([...(await sql`select times_reopened, waiver_id from findings`)]).toEqual([
        { times_reopened: 1, waiver_id: null },
      ]);
    } finally {
      await fresh.close();
    }
  });
});

describe("removeWaiver()", () => {
  test("refuses one that was removed already, or never was", async () => {
    const { id } = await add({ check: "C-17" });
    await remove(id);
    for (const gone of [id, "not-an-id"]) await expect(remove(gone)).rejects.toMatchObject({ kind: "usage" });
    expect(await listWaivers(hub.database.sql)).toContainEqual(expect.objectContaining({ id, state: "removed" }));
  });
});
