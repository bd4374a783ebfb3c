// What must not take a row away from its file: a broken copy, a file that cannot be read just now, a hub id that stands in
// a repository which this run does not read, another run that was faster.
import { describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { addKnownClaims, addReading, Claims } from "../../lib/consistency/claims.ts";
import { reconcileRepo } from "../../lib/consistency/reconcile_repo.ts";
import { readRepo } from "../../lib/consistency/repo_reading.ts";
import { addRepo } from "../../lib/consistency/repo_registry.ts";
import { loadScope } from "../../lib/consistency/scope.ts";
import { lookAt } from "../../lib/consistency/sight.ts";
import { addWaiver } from "../../lib/consistency/waivers.ts";
import { openDatabase } from "../../lib/db/connect.ts";
import { Secret } from "../../lib/secret.ts";
import { workplanText } from "../support/git_repo.ts";
import { TEST_HOST, type TestHub } from "../support/hub.ts";
import { hubId, inScene, summary } from "../support/scene.ts";

const PLAN = "workplans/A-WP-0001.md";
const COPY = "workplans/A-WP-0002.md";
const plan = (status: string) => ({ [PLAN]: workplanText({ id: "A-WP-0001", status }) });

/** As some editors save it: with a byte order mark, so that no id can be read from it. */
const utf16 = (text: string) => Buffer.from(`\ufeff${text}`, "utf16le");

/** Every row with its version: what a run that has nothing to do leaves as it is. */
async function versions({ database }: TestHub) {
  const rows = await database.sql<{ row: string }[]>`
    select concat_ws(' ', r.slug, w.workplan_id, w.status, w.version, w.stale_source) as row
    from workstreams w join repos r on r.id = w.repo_id
    union all
    select concat_ws(' ', r.slug, t.task_id, t.status, t.version, t.stale_source)
    from tasks t join repos r on r.id = t.repo_id order by 1`;
  return rows.map(({ row }) => row);
}

describe("a broken copy of a workplan", () => {
  for (const [where, copy] of [
    ["after", COPY],
    ["before", "workplans/A-WP-0000.md"],
  ] as const) {
    test(`that is read ${where} the original leaves the original's row to the original`, () =>
      inScene(async ({ hub, repo, all, rows }) => {
        const [id, task] = [hubId(), hubId()];
        const text = (key: string, status: string) =>
          workplanText({ id: key, hubId: id, status, tasks: [{ id: `${key}-T01`, hubId: task }] });
        const made = await repo("a", { [PLAN]: text("A-WP-0001", "active") });
        await hub.check({ path: made.path });
        const before = await rows();
        const key = copy.slice("workplans/".length, -".md".length);
        await made.commit({ [PLAN]: text("A-WP-0001", "blocked"), [copy]: text(key, "odd") });
        expect((await all()).findings).toEqual([`C-03 error ${key}`]);
        expect(await rows()).toEqual(before);
        const seen = await versions(hub);
        expect(seen).toEqual(["a A-WP-0001 blocked 2 f", "a A-WP-0001-T01 todo 1 f"]);
        for (let run = 0; run < 2; run++) {
          await all();
          expect(await versions(hub)).toEqual(seen);
        }
        await made.commit({ [copy]: null });
        expect((await all()).findings).toEqual([]);
        expect(await versions(hub)).toEqual(seen);
      }));
  }
});

describe("a workplan that cannot be read just now", () => {
  for (const [what, id] of [
    ["with their hub id", hubId()],
    ["without a hub id", undefined],
  ] as const) {
    test(`keeps its row from another repository's file of the same id, ${what} in both`, () =>
      inScene(async ({ hub, repo, all, rows }) => {
        const text = workplanText({ id: "A-WP-0001", ...(id && { hubId: id }), tasks: [{ id: "A-WP-0001-T01" }] });
        const a = await repo("a", { [PLAN]: text });
        await hub.check({ path: a.path });
        const before = await rows();
        const b = await repo("b", { "workplans/copy.md": text });
        await hub.check({ path: b.path });
        expect((await all()).findings.filter((each) => each.startsWith("C-05"))).toHaveLength(2);
        await a.commit({ [PLAN]: utf16(text) });
        for (const scope of [{ all: true }, { slug: "b" }, { all: true }] as const) {
          const seen = summary(await hub.check(scope, { full: true }));
          expect(seen.findings).toContain("C-05 error A-WP-0001");
          expect(await rows()).toEqual(before);
        }
        await a.commit({ [PLAN]: text });
        await all();
        expect(await rows()).toEqual(before);
        await b.commit({ "workplans/copy.md": null });
        expect((await all()).findings).toEqual([]);
        expect(await rows()).toEqual(before);
      }));
  }

  test("keeps its row from a second file of the same repository that has its id", () =>
    inScene(async ({ hub, repo, all, rows }) => {
      const text = (status: string) => workplanText({ id: "A-WP-0001", status });
      const made = await repo("a", { [PLAN]: text("active") });
      await hub.check({ path: made.path });
      const [row] = await rows();
      await made.commit({ "workplans/old/A-WP-0001.md": text("draft") });
      const twice = Array<string>(2).fill("C-05 error A-WP-0001");
      expect((await all()).findings).toEqual(twice);
      await made.commit({ [PLAN]: utf16(text("active")) });
      expect((await all()).findings).toEqual(["C-01 error null", ...twice]);
      expect(await versions(hub)).toEqual(["a A-WP-0001 active 1 f"]);
      await made.commit({ [PLAN]: null });
      expect((await all()).findings).toEqual([]);
      expect(await rows()).toEqual([expect.objectContaining({ id: row?.id, path: "workplans/old/A-WP-0001.md" })]);
    }));

  test("is not renamed to the copy that has its hub id; once it is readable, deleting it makes it a rename", () =>
    inScene(async ({ hub, repo, all, rows }) => {
      const [id, task] = [hubId(), hubId()];
      const text = (key: string) => workplanText({ id: key, hubId: id, tasks: [{ id: `${key}-T01`, hubId: task }] });
      const made = await repo("a", { [PLAN]: text("A-WP-0001") });
      await hub.check({ path: made.path });
      const before = await rows();
      await made.commit({ [PLAN]: utf16(text("A-WP-0001")), [COPY]: text("A-WP-0002") });
      const unreadable = ["C-01 error null", "C-09 error A-WP-0002"];
      expect((await all()).findings).toEqual(unreadable);
      // Under another name, too: the row's path says nothing of a file that moved.
      await made.git("mv", PLAN, "workplans/elsewhere.md");
      await made.commit();
      expect((await all()).findings).toEqual(unreadable);
      expect(await rows()).toEqual(before);
      await made.commit({ "workplans/elsewhere.md": null, [PLAN]: text("A-WP-0001") });
      expect((await all()).findings).toEqual(["C-09 error A-WP-0002"]);
      expect(await rows()).toEqual(before);
      await made.commit({ [PLAN]: null });
      expect((await all()).findings).toEqual([]);
      expect(await rows()).toEqual([
        expect.objectContaining({ id, key: "A-WP-0002", tasks: { "A-WP-0002-T01": task } }),
      ]);
    }));

  test("and that has moved as well, is not taken for gone by another repository that has its hub id", () =>
    inScene(async ({ hub, repo, all, rows }) => {
      const id = hubId();
      const text = (key: string) => workplanText({ id: key, hubId: id });
      const a = await repo("a", { [PLAN]: text("A-WP-0001") });
      await hub.check({ path: a.path });
      const before = await rows();
      await a.commit({ [PLAN]: null, "workplans/elsewhere.md": utf16(text("A-WP-0001")) });
      await hub.check({ slug: "a" });
      const b = await repo("b", { "workplans/B-WP-0001.md": text("B-WP-0001") });
      expect(summary(await hub.check({ path: b.path })).findings).toEqual(["C-09 error B-WP-0001"]);
      expect((await all()).findings).toEqual(["C-01 error null", "C-09 error B-WP-0001"]);
      expect(await rows()).toEqual(before);
      await a.commit({ "workplans/elsewhere.md": null });
      expect((await all()).findings).toEqual([]);
      expect(await rows()).toEqual([expect.objectContaining({ id, key: "B-WP-0001", repo: "b" })]);
    }));
});

test("a new hub id in two repositories is adopted by neither, also by a run that reads only one of them", () =>
  inScene(async ({ hub, repo, all, rows }) => {
    const id = hubId();
    const a = await repo("a", { "workplans/A-WP-0001.md": workplanText({ id: "A-WP-0001", hubId: id }) });
    const text = (status: string) => ({
      "workplans/B-WP-0001.md": workplanText({ id: "B-WP-0001", hubId: id, status }),
    });
    const b = await repo("b", text("active"));
    for (const { path } of [a, b]) {
      const request = { path, host: TEST_HOST, slug: null, domain: null, remoteUrl: null };
      await hub.database.transaction((tx) => addRepo(tx, request));
    }
    expect((await all()).findings).toEqual(["C-09 error A-WP-0001", "C-09 error B-WP-0001"]);
    await b.commit(text("blocked"));
    expect(summary(await hub.check({ slug: "b" })).findings).toEqual(["C-09 error B-WP-0001"]);
    expect(await rows()).toEqual([]);
    await a.commit({ "workplans/A-WP-0001.md": workplanText({ id: "A-WP-0001" }) });
    expect((await all()).findings).toEqual([]);
    expect(await rows()).toContainEqual(expect.objectContaining({ id, key: "B-WP-0001" }));
  }));

describe("a run that another one overtakes", () => {
  test("writes nothing of the commit that it read before", () =>
    inScene(async ({ hub, repo }) => {
      const made = await repo("a", plan("draft"));
      await hub.check({ path: made.path });
      const { sql } = hub.database;
      await made.commit(plan("blocked"));
      const [scoped] = await loadScope(sql, { slug: "a" }, TEST_HOST);
      if (!scoped) throw new Error("a is not registered");
      const seen = await lookAt(scoped, TEST_HOST, false);
      if (seen.state !== "changed") throw new Error(`a is ${seen.state}`);
      const { sighting } = seen;
      const reading = await readRepo(sighting.checkout, sighting.tip);
      const claims = new Claims();
      addReading(claims, scoped.id, reading);
      await addKnownClaims(sql, claims, [scoped.id]);

      await made.commit(plan("active"));
      await hub.check({ slug: "a" });
      const state = () => sql`
        select (select json_agg(r) from repos r) as repos, (select json_agg(w) from workstreams w) as workstreams,
          (select json_agg(s) from repo_passes s) as passes, (select json_agg(f order by path) from workplan_files f) as files`;
      const before = [...(await state())];
      const result = await hub.database.transaction(
        (tx) => reconcileRepo(tx, { repo: scoped, sighting, reading, claims, order: "forward", writesBack: false }),
        { isolation: "repeatable read" },
      );
      expect(result).toBe("raced");
      expect([...(await state())]).toEqual(before);
      expect(await versions(hub)).toEqual(["a A-WP-0001 active 2 f"]);
    }));

  test("says so, and the next run goes on from there", () =>
    inScene(async ({ hub, repo, all }) => {
      const made = await repo("a", plan("draft"));
      await hub.check({ path: made.path });
      await made.commit(plan("blocked"));
      const raced = await hub.check(
        { all: true },
        { connect: () => overtaken(hub, () => made.commit(plan("active"))) },
      );
      expect(raced.report).toMatchObject({ exit_code: 0, repos_processed: [], skipped_clean: ["a"] });
      expect(raced.remarks).toEqual([expect.stringContaining("a: another run applied another commit meanwhile")]);
      expect(await versions(hub)).toEqual(["a A-WP-0001 active 2 f"]);
      expect(await all()).toMatchObject({ findings: [], remarks: [], exit: 0 });
      expect(await versions(hub)).toEqual(["a A-WP-0001 active 2 f"]);
    }));
});

/** A run that, after it has looked and before it has any lock, finds that another one was quicker. */
async function overtaken(hub: TestHub, commit: () => Promise<unknown>) {
  const database = await openDatabase({ url: new Secret(hub.url), applicationName: "slow", access: "read-write" });
  const plain = database.sessionLocks.bind(database);
  database.sessionLocks = async (...given) => {
    await commit();
    await hub.check({ all: true });
    return plain(...given);
  };
  return database;
}

describe("an edit that is not committed", () => {
  test("and keeps a problem that is waived does not count it again", () =>
    inScene(async ({ hub, repo }) => {
      const made = await repo("a", plan("odd"));
      await hub.check({ path: made.path });
      const anything = { repo: null, path: null, subject: null };
      const waiver = { ...anything, check: "C-03", owner: "us", reason: "later", days: 1 };
      await hub.database.transaction((tx) => addWaiver(tx, waiver));
      made.edit({ [PLAN]: `${workplanText({ id: "A-WP-0001", status: "odd" })}\nOne more line.\n` });
      const { report, remarks, waived } = await hub.check({ path: made.path });
      expect(report).toMatchObject({ assessment_failures: [], assessment_totals: {}, exit_code: 0 });
      expect(waived).toBe(1);
      expect(remarks).toEqual([expect.stringContaining("1 uncommitted edit was checked but not applied")]);
      made.edit({ [PLAN]: workplanText({ id: "B-WP-0001", status: "odd" }) });
      const other = summary(await hub.check({ path: made.path }));
      expect(other.findings).toContain("C-03 error B-WP-0001");
    }));
});

test("a repository whose own rows refuse the change is counted once, beside the skipped ones, and stops no other", () =>
  inScene(async ({ hub, repo }) => {
    const keys = ["bad", "clean", "gone", "sound", "unread"];
    const files = (key: string, status: string) => ({
      [`workplans/${key}.md`]: workplanText({ id: `${key.toUpperCase()}-WP-0001`, status }),
    });
    const made = new Map<string, Awaited<ReturnType<typeof repo>>>();
    for (const key of keys) made.set(key, await repo(key, files(key, "draft")));
    for (const { path } of made.values()) await hub.check({ path });
    await hub.database.sql.unsafe(`
      create function refuse() returns trigger language plpgsql as $$ begin raise exception 'not this one'; end $$;
      create trigger refuse before update on workstreams for each row when (new.workplan_id = 'BAD-WP-0001') execute function refuse();`);
    for (const key of ["bad", "sound"]) await made.get(key)?.commit(files(key, "active"));
    rmSync(made.get("gone")?.path ?? "", { recursive: true });
    rmSync(join(made.get("unread")?.path ?? "", ".git/refs/heads/main"));
    const { report } = await hub.check({ all: true });
    expect(report.automation_error).toMatchObject({ check: "C-00", repo: "bad" });
    expect(report).toMatchObject({
      exit_code: 2,
      repos_total: 5,
      skipped_missing: ["gone"],
      skipped_budget: [],
    });
    expect(report.repos_processed.map(({ slug }) => slug)).toEqual(["bad", "sound", "unread"]);
    expect(report.skipped_clean).toEqual(["clean"]);
    expect(await versions(hub)).toContain("sound SOUND-WP-0001 active 2 f");
    expect(await versions(hub)).toContain("bad BAD-WP-0001 draft 1 f");
  }));
