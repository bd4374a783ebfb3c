// A file that cannot be seen is not a file that was deleted, and a commit that is older, rewritten or unplaceable is not
// news. Tools that took the one for the other have emptied whole fleets.
import { describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { addRepo } from "../../lib/consistency/repo_registry.ts";
import { workplanText } from "../support/git_repo.ts";
import { TEST_HOST, type TestHub } from "../support/hub.ts";
import { inScene, summary } from "../support/scene.ts";

describe("unknown is not absent", () => {
  const plans = (count: number) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, at) => {
        const key = `A-WP-000${at + 1}`;
        return [`workplans/${key}.md`, workplanText({ id: key, tasks: [{ id: `${key}-T01` }] })];
      }),
    );
  const orphaned = async ({ database }: TestHub) => {
    const [row] = await database.sql<{ n: number }[]>`
      select ((select count(*) from workstreams where orphaned_at is not null)
        + (select count(*) from tasks where orphaned_at is not null))::int as n`;
    return row?.n;
  };
  const stale = async ({ database }: TestHub) => {
    const rows = await database.sql<{ key: string }[]>`
      select workplan_id as key from workstreams where stale_source union all select task_id from tasks where stale_source
      order by 1`;
    return rows.map(({ key }) => key);
  };

  test("every workplan gone at once orphans nothing, keeps every row and says so", () =>
    inScene(async ({ hub, repo, all, rows }) => {
      const made = await repo("a", plans(4));
      await hub.check({ path: made.path });
      const before = await rows();
      rmSync(join(made.path, "workplans"), { recursive: true });
      await made.commit();
      expect((await all()).findings).toEqual([1, 2, 3, 4].map((n) => `C-08 warning A-WP-000${n}`));
      expect(await rows()).toEqual(before);
      expect(await orphaned(hub)).toBe(0);
      await made.commit(plans(4));
      expect((await all()).findings).toEqual([]);
    }));

  test("half of them unreadable keeps their rows with their last good values, marked as stale", () =>
    inScene(async ({ hub, repo, all, rows }) => {
      const made = await repo("a", plans(4));
      await hub.check({ path: made.path });
      const before = await rows();
      await made.commit({
        "workplans/A-WP-0001.md": new Uint8Array([0xff, 0xfe, 0x41, 0x00]),
        "workplans/A-WP-0002.md": "---\nid: A-WP-0002\nid: A-WP-0002\n---\n",
      });
      const seen = await all();
      expect(seen.report.repos_processed[0]?.workplans).toEqual({ found: 4, parsed: 2, failed: 2, ignored: 0 });
      expect(seen.findings.filter((each) => each.startsWith("C-08"))).toEqual([]);
      expect(await rows()).toEqual(before);
      expect(await orphaned(hub)).toBe(0);
      expect(await stale(hub)).toEqual(["A-WP-0001", "A-WP-0001-T01", "A-WP-0002", "A-WP-0002-T01"]);
      await made.commit(plans(4));
      expect((await all()).findings).toEqual([]);
      expect(await stale(hub)).toEqual([]);
    }));

  test("the only workplan gone leaves its row", () =>
    inScene(async ({ hub, repo, all, rows }) => {
      const made = await repo("a", plans(1));
      await hub.check({ path: made.path });
      const before = await rows();
      await made.commit({ "workplans/A-WP-0001.md": null });
      expect((await all()).findings).toEqual(["C-08 warning A-WP-0001"]);
      expect(await rows()).toEqual(before);
      expect(await orphaned(hub)).toBe(0);
    }));

  test("an unreadable file that could be anybody's keeps absences from counting", () =>
    inScene(async ({ hub, repo, all, rows }) => {
      const made = await repo("a", plans(2));
      await hub.check({ path: made.path });
      const before = await rows();
      await made.commit({ "workplans/A-WP-0001.md": null, "workplans/x.md": "---\nbroken\n" });
      expect((await all()).findings.filter((each) => each.startsWith("C-08"))).toEqual([]);
      expect(await rows()).toEqual(before);
    }));
});

describe("reads go forward only", () => {
  const plan = (status: string) => ({ "workplans/A-WP-0001.md": workplanText({ id: "A-WP-0001", status }) });
  const status = async ({ database }: TestHub) => {
    const [row] = await database.sql<{ status: string }[]>`select status from workstreams`;
    return row?.status;
  };

  test("an older commit applies nothing and says so", () =>
    inScene(async ({ hub, repo, all }) => {
      const made = await repo("a", plan("draft"));
      await made.commit(plan("active"));
      await hub.check({ path: made.path });
      await made.git("reset", "--quiet", "--hard", "HEAD~1");
      const seen = await all();
      expect(await status(hub)).toBe("active");
      expect(seen.remarks).toEqual([expect.stringContaining("a: nothing was applied, its tip is older")]);
    }));

  test("rewritten history is applied, and is a warning", () =>
    inScene(async ({ hub, repo, all }) => {
      const made = await repo("a", plan("draft"));
      await hub.check({ path: made.path });
      made.edit(plan("active"));
      await made.git("commit", "--quiet", "--all", "--amend", "--message", "Another one");
      const seen = await all();
      expect(seen).toMatchObject({ findings: ["C-06 warning a"], exit: 0 });
      expect(await status(hub)).toBe("active");
    }));

  test("a history that git cannot compare is no pass: nothing is applied, and the run says that it could not tell", () =>
    inScene(async ({ hub, repo, all }) => {
      const made = await repo("a", plan("draft"));
      await hub.check({ path: made.path });
      made.edit(plan("active"));
      await made.git("commit", "--quiet", "--all", "--amend", "--message", "Another one");
      await made.git("reflog", "expire", "--expire=now", "--all");
      await made.git("gc", "--quiet", "--prune=now");
      const seen = await all();
      expect(seen).toMatchObject({ findings: ["C-06 error a"], exit: 1 });
      expect(await status(hub)).toBe("draft");
      const full = summary(await hub.check({ all: true }, { full: true }));
      expect(full).toMatchObject({ findings: ["C-06 error a"], exit: 1 });
      expect(await status(hub)).toBe("draft");
      const accept = {
        path: made.path,
        host: TEST_HOST,
        slug: null,
        domain: null,
        remoteUrl: null,
        acceptHistory: true,
      };
      await hub.database.transaction((tx) => addRepo(tx, accept));
      expect(await all()).toMatchObject({ findings: [], exit: 0 });
      expect(await status(hub)).toBe("active");
    }));
});
