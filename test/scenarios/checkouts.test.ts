// The repository in every shape that git gives it, through the main job: what is read is always the tip of the default
// branch, and what cannot be read is said to be unknown, never taken for empty.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { removeRepo } from "../../lib/consistency/repo_registry.ts";
import { type Files, makeRepo, openRepo, type TestRepo, temporaryFolder, workplanText } from "../support/git_repo.ts";
import { freshHub, type TestHub } from "../support/hub.ts";

let hub: TestHub;
const folder = temporaryFolder();
beforeAll(async () => {
  hub = await freshHub();
});
afterAll(async () => {
  await hub.close();
  folder.remove();
});

let scene = 0;
let key = "";
let parent = "";
beforeEach(() => {
  key = `S${++scene}-WP-0001`;
  parent = join(folder.path, String(scene));
});

const plan = (status: string): Files => ({ [`workplans/${key}.md`]: workplanText({ id: key, status }) });
const origin = (status = "draft") => makeRepo(parent, `repo-${scene}`, plan(status));
const stored = async () => {
  const [row] = await hub.database.sql<{ status: string }[]>`select status from workstreams where workplan_id = ${key}`;
  return row?.status ?? null;
};

async function check(path: string) {
  const { report, remarks } = await hub.check({ path });
  expect(report.automation_error).toBeNull();
  return { report, remarks, findings: report.assessment_failures.map((each) => `${each.check} ${each.severity}`) };
}

describe("a run reads the tip of the default branch", () => {
  const after = async (repo: TestRepo, ...args: string[]) => {
    await repo.git(...args);
    return repo;
  };
  const shapes: [string, (repo: TestRepo) => Promise<TestRepo>][] = [
    ["a plain checkout", (repo) => Promise.resolve(repo)],
    ["a checkout with packed refs and objects", (repo) => after(repo, "gc", "--quiet")],
    ["a checkout with a detached HEAD", (repo) => after(repo, "checkout", "--quiet", "--detach")],
    ["a bare repository", (repo) => cloned(repo, "bare.git", "--bare")],
    ["a clone", (repo) => cloned(repo, "clone")],
    ["a shallow clone", (repo) => cloned(repo, "shallow", "--depth=1")],
    [
      "a linked worktree on another branch",
      async (repo) => {
        await repo.git("worktree", "add", "--quiet", "-b", "feature", join(parent, "linked"));
        return openRepo(join(parent, "linked"));
      },
    ],
  ];
  for (const [what, shape] of shapes) {
    test(`of ${what}`, async () => {
      const shaped = await shape(await origin());
      const { report, remarks, findings } = await check(shaped.path);
      expect(report.repos_processed).toEqual([
        expect.objectContaining({ workplans: { found: 1, parsed: 1, failed: 0, ignored: 0 } }),
      ]);
      expect({ remarks, findings, status: await stored() }).toEqual({ remarks: [], findings: [], status: "draft" });
    });
  }

  test("of a SHA-256 repository", async () => {
    const maker = await origin();
    const wide = openRepo(join(parent, "wide"));
    await maker.git("init", "--quiet", "--object-format=sha256", "--initial-branch=main", wide.path);
    const commit = await wide.commit(plan("active"));
    const { report, remarks } = await check(wide.path);
    expect(report.repos_processed).toEqual([expect.objectContaining({ head: commit })]);
    expect({ remarks, status: await stored() }).toEqual({ remarks: [], status: "active" });
  });

  test("while HEAD is on another branch, whose work tree is then no edit of it", async () => {
    const repo = await origin();
    await repo.git("checkout", "--quiet", "-b", "feature");
    await repo.commit(plan("finished"));
    repo.edit({ "workplans/new.md": "---\nbroken\n" });
    expect(await check(repo.path)).toMatchObject({ findings: [], remarks: [] });
    expect(await stored()).toBe("draft");
  });
});

async function cloned(repo: TestRepo, name: string, ...flags: string[]): Promise<TestRepo> {
  await repo.git("clone", "--quiet", ...flags, `file://${repo.path}`, join(parent, name));
  return openRepo(join(parent, name));
}

describe("a repository in a second place", () => {
  test("is the same one: its row stays one, and the newer of the two tips counts", async () => {
    const repo = await origin();
    await check(repo.path);
    await repo.git("clone", "--quiet", repo.path, join(parent, "second"));
    const second = openRepo(join(parent, "second"));
    await second.commit(plan("active"));
    const { report } = await check(second.path);
    expect(report.repos_total).toBe(1);
    expect(await stored()).toBe("active");
    // The first checkout has never seen the commit that was applied: only after a fetch can it tell that it is behind.
    expect((await check(repo.path)).report.assessment_failures).toMatchObject([
      { check: "C-06", severity: "error", observed: expect.stringContaining("git cannot tell") },
    ]);
    await repo.git("fetch", "--quiet", second.path);
    expect(await check(repo.path)).toMatchObject({
      findings: [],
      remarks: [expect.stringContaining("its tip is older")],
    });
    expect(await stored()).toBe("active");
    const rows = await hub.database.sql`select 1 from workstreams where workplan_id = ${key}`;
    expect(rows.length).toBe(1);
  });

  test("after it moved keeps its rows", async () => {
    const repo = await origin();
    await check(repo.path);
    const [before] = await hub.database.sql`select id from workstreams where workplan_id = ${key}`;
    renameSync(repo.path, join(parent, "moved"));
    const moved = openRepo(join(parent, "moved"));
    await moved.commit(plan("active"));
    await check(moved.path);
    const after = await hub.database.sql`select id, status from workstreams where workplan_id = ${key}`;
    expect([...after]).toEqual([{ id: before?.id, status: "active" }]);
  });

  test("as a fork is another one, whose ids are told as duplicates and change nothing", async () => {
    const repo = await origin();
    await check(repo.path);
    await repo.git("clone", "--quiet", repo.path, join(parent, "fork"));
    const fork = openRepo(join(parent, "fork"));
    await fork.git("remote", "set-url", "origin", `https://git.example/me/fork-${scene}.git`);
    await fork.commit(plan("active"));
    const { report, findings } = await check(fork.path);
    expect(report).toMatchObject({ exit_code: 1, repos_processed: [{ slug: `fork-${scene}` }] });
    expect(findings).toEqual(["C-05 error"]);
    const rows = await hub.database.sql`select status from workstreams where workplan_id = ${key}`;
    expect([...rows]).toEqual([{ status: "draft" }]);
  });
});

describe("a repository that is looked at from several places", () => {
  test("is read from its default branch, whichever branch a further worktree is on", async () => {
    const repo = await origin();
    await repo.git("branch", "--move", "trunk");
    await check(repo.path);
    const linked = join(parent, "linked");
    await repo.git("worktree", "add", "--quiet", "-b", "feature", linked);
    await openRepo(linked).commit(plan("finished"));
    expect(await check(linked)).toMatchObject({ findings: [], remarks: [] });
    expect(await stored()).toBe("draft");
  });

  test("is missing only to a host on which it is registered", async () => {
    const repo = await origin();
    await check(repo.path);
    const missing = async () => {
      const [row] = await hub.database.sql`select missing_since from repos where slug = ${`repo-${scene}`}`;
      return row?.missing_since !== null;
    };
    const elsewhere = await hub.check({ slug: `repo-${scene}` }, { host: "another-host" });
    expect(elsewhere.report.skipped_missing).toEqual([`repo-${scene}`]);
    expect(await missing()).toBe(false);
    renameSync(repo.path, `${repo.path}-away`);
    await hub.check({ slug: `repo-${scene}` });
    expect(await missing()).toBe(true);
    await hub.check({ slug: `repo-${scene}` }, { host: "another-host" });
    expect(await missing()).toBe(true);
    renameSync(`${repo.path}-away`, repo.path);
    await check(repo.path);
    expect(await missing()).toBe(false);
  });

  test("stays removed when a run is pointed at it", async () => {
    const repo = await origin();
    await check(repo.path);
    await hub.database.transaction((tx) => removeRepo(tx, `repo-${scene}`));
    for (const dryRun of [false, true]) {
      const refused = hub.check({ path: repo.path }, { dryRun });
      expect(refused).rejects.toMatchObject({
        kind: "usage",
        observed: `repo-${scene} was removed from the hub`,
        hint: `scripts/state_hub.ts repo add ${repo.path}`,
      });
      await refused.catch(() => {});
    }
    const [row] = await hub.database.sql`select removed_at from repos where slug = ${`repo-${scene}`}`;
    expect(row?.removed_at).not.toBeNull();
  });
});

describe("a repository that cannot be read", () => {
  const kept = async (repo: TestRepo, damage: () => Promise<unknown> | unknown) => {
    await check(repo.path);
    await damage();
    const { report } = await hub.check({ slug: `repo-${scene}` });
    const [row] = await hub.database
      .sql`select missing_since, orphaned_at, status from workstreams where workplan_id = ${key}`;
    expect({ ...row }).toEqual({ missing_since: null, orphaned_at: null, status: "draft" });
    return report;
  };

  test("because its .git vanished is C-06, and its rows stay", async () => {
    const repo = await origin();
    const report = await kept(repo, () => rmSync(join(repo.path, ".git"), { recursive: true }));
    expect(report).toMatchObject({ exit_code: 1, repos_processed: [{ head: null }] });
    expect(report.assessment_failures).toMatchObject([{ check: "C-06", severity: "error", subject: `repo-${scene}` }]);
  });

  test("because its default branch is gone is C-06, and HEAD's branch is not read instead", async () => {
    const repo = await origin();
    const report = await kept(repo, async () => {
      await repo.git("checkout", "--quiet", "-b", "feature");
      await repo.commit(plan("finished"));
      await repo.git("branch", "--quiet", "-D", "main");
    });
    expect(report.assessment_failures).toMatchObject([
      { check: "C-06", observed: expect.stringContaining("no commit on the default branch main") },
    ]);
  });

  test("because an object is gone is C-06, and the next run that can read it closes the finding", async () => {
    const repo = await origin();
    let file = "";
    const report = await kept(repo, async () => {
      await repo.commit({ "a.txt": "a\n" });
      const tree = (await repo.git("rev-parse", "HEAD^{tree}")).trim();
      file = join(repo.path, ".git/objects", tree.slice(0, 2), tree.slice(2));
      renameSync(file, `${file}-aside`);
    });
    expect(report.assessment_failures).toMatchObject([{ check: "C-06" }]);
    renameSync(`${file}-aside`, file);
    expect((await check(repo.path)).findings).toEqual([]);
  });

  test("because its path vanished is skipped as missing; when that is all there is, the run could not do its job", async () => {
    const repo = await origin();
    const report = await kept(repo, () => renameSync(repo.path, `${repo.path}-away`));
    expect(report).toMatchObject({
      skipped_missing: [`repo-${scene}`],
      repos_processed: [],
      exit_code: 2,
      automation_error: { check: "C-00", message: expect.stringContaining("no checkout of any repository") },
    });
    const all = (await hub.check({ all: true })).report;
    expect(all).toMatchObject({ automation_error: null, skipped_missing: [`repo-${scene}`] });
    renameSync(`${repo.path}-away`, repo.path);
    expect((await hub.check({ all: true })).report.skipped_missing).toEqual([]);
  });
});
