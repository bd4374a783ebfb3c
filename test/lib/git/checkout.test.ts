// Plain files instead of git: what is read there must be what git itself says, in every shape that a checkout has.
import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  canonicalPath,
  checkoutAt,
  defaultTip,
  detachedCommit,
  findCheckout,
  readRef,
} from "../../../lib/git/checkout.ts";
import { makeRepo, openRepo, type TestRepo, temporaryFolder } from "../../support/git_repo.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());
let scene = 0;
const fresh = () => makeRepo(join(folder.path, String(++scene)), "repo", { "a.txt": "a\n" });
const head = async (repo: TestRepo) => (await repo.git("rev-parse", "HEAD")).trim();

function at(path: string) {
  const found = checkoutAt(path);
  if (found === null) throw new Error(`no checkout at ${path}`);
  return found;
}

describe("checkoutAt()", () => {
  test("tells a checkout, a bare repository and a linked worktree by their files", async () => {
    const repo = await fresh();
    expect(at(repo.path)).toMatchObject({ gitDir: join(repo.path, ".git"), bare: false });
    const bare = join(folder.path, String(scene), "bare.git");
    await repo.git("clone", "--quiet", "--bare", repo.path, bare);
    expect(at(bare)).toMatchObject({ path: bare, gitDir: bare, commonDir: bare, bare: true });
    const linked = join(folder.path, String(scene), "linked");
    await repo.git("worktree", "add", "--quiet", "-b", "feature", linked);
    const found = at(linked);
    expect(canonicalPath(found.commonDir)).toBe(canonicalPath(join(repo.path, ".git")));
    expect(found.gitDir).not.toBe(found.commonDir);
  });

  test("finds none in a plain folder, in one whose git folder vanished, and where .git leads nowhere", async () => {
    const repo = await fresh();
    mkdirSync(join(repo.path, "inner"));
    expect(checkoutAt(join(repo.path, "inner"))).toBeNull();
    expect(findCheckout(join(repo.path, "inner"))?.path).toBe(repo.path);
    rmSync(join(repo.path, ".git"), { recursive: true });
    expect(checkoutAt(repo.path)).toBeNull();
    writeFileSync(join(repo.path, ".git"), "gitdir: /nowhere/at/all\n");
    expect(checkoutAt(repo.path)).toBeNull();
    writeFileSync(join(repo.path, ".git"), "nonsense");
    expect(checkoutAt(repo.path)).toBeNull();
  });
});

describe("defaultTip()", () => {
  const cases: [string, (repo: TestRepo) => Promise<unknown>, { branch: string; checkedOut: boolean } | null][] = [
    ["main", async () => {}, { branch: "main", checkedOut: true }],
    ["main in packed refs", (repo) => repo.git("pack-refs", "--all"), { branch: "main", checkedOut: true }],
    [
      "main while HEAD is detached",
      (repo) => repo.git("checkout", "--quiet", "--detach"),
      { branch: "main", checkedOut: false },
    ],
    [
      "main while HEAD is elsewhere",
      (repo) => repo.git("checkout", "--quiet", "-b", "other"),
      { branch: "main", checkedOut: false },
    ],
    ["master", (repo) => repo.git("branch", "-m", "master"), { branch: "master", checkedOut: true }],
    [
      "HEAD's where there is neither",
      (repo) => repo.git("branch", "-m", "trunk/deep"),
      { branch: "trunk/deep", checkedOut: true },
    ],
    [
      "what origin/HEAD names, before main",
      async (repo) => {
        await repo.git("branch", "develop");
        await repo.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/develop");
      },
      { branch: "develop", checkedOut: false },
    ],
    ["none before the first commit", (repo) => repo.git("update-ref", "-d", "refs/heads/main"), null],
  ];
  for (const [what, prepare, wanted] of cases) {
    test(`gives ${what}`, async () => {
      const repo = await fresh();
      const commit = await head(repo);
      await prepare(repo);
      const tip = await defaultTip(at(repo.path));
      expect(tip).toEqual(wanted === null ? null : { ...wanted, commit });
    });
  }

  test("follows a branch that moved after it was packed", async () => {
    const repo = await fresh();
    await repo.git("pack-refs", "--all");
    const commit = await repo.commit({ "b.txt": "b\n" });
    expect((await defaultTip(at(repo.path)))?.commit).toBe(commit);
  });

  test("gives the remote-tracking branch where there is no local one, and the local one where there is", async () => {
    const origin = await fresh();
    const path = join(folder.path, String(scene), "clone");
    await origin.git("clone", "--quiet", origin.path, path);
    const clone = openRepo(path);
    const first = await head(clone);
    const second = await origin.commit({ "b.txt": "b\n" });
    await clone.git("fetch", "--quiet");
    expect((await defaultTip(at(path)))?.commit).toBe(first);
    await clone.git("checkout", "--quiet", "--detach");
    await clone.git("branch", "--quiet", "-D", "main");
    expect(await defaultTip(at(path))).toEqual({ branch: "main", commit: second, checkedOut: false });
  });

  test("does not take HEAD's branch for a default branch that is gone", async () => {
    const repo = await fresh();
    await repo.git("branch", "-m", "release");
    expect((await defaultTip(at(repo.path)))?.branch).toBe("release");
    await repo.git("branch", "-m", "feature");
    expect(await defaultTip(at(repo.path), "release")).toBeNull();
  });

  test("puts origin/HEAD's branch before the one that was found before, and that before main", async () => {
    const repo = await fresh();
    for (const branch of ["before", "remote"]) await repo.git("branch", branch);
    expect((await defaultTip(at(repo.path), "before"))?.branch).toBe("before");
    await repo.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/remote");
    expect((await defaultTip(at(repo.path), "before"))?.branch).toBe("remote");
  });

  // What a reftable repository keeps in HEAD. This makes the question go to git, whichever way git itself stores refs.
  describe("where refs are not kept in files", () => {
    const asked = async (prepare: (repo: TestRepo) => Promise<unknown>) => {
      const repo = await fresh();
      await prepare(repo);
      writeFileSync(join(repo.path, ".git/HEAD"), "ref: refs/heads/.invalid\n");
      return { commit: readRef(at(repo.path), "refs/keep"), tip: await defaultTip(at(repo.path)) };
    };
    const keep = (repo: TestRepo) => repo.git("update-ref", "refs/keep", "HEAD");

    test("gives the local branch, and the remote-tracking one where there is none", async () => {
      const local = await asked(keep);
      expect(local.tip).toEqual({ branch: "main", commit: local.commit ?? "", checkedOut: false });
      const tracking = await asked(async (repo) => {
        await keep(repo);
        await repo.git("update-ref", "refs/remotes/origin/main", "HEAD");
        await repo.git("update-ref", "-d", "refs/heads/main");
      });
      expect(tracking.tip).toEqual({ branch: "main", commit: tracking.commit ?? "", checkedOut: false });
    });

    test("gives none where there is neither", async () => {
      expect((await asked((repo) => repo.git("branch", "-m", "trunk"))).tip).toBeNull();
    });
  });

  test("reads SHA-256 ids", async () => {
    const repo = openRepo(join(folder.path, `wide-${++scene}`));
    const git = await fresh();
    await git.git("init", "--quiet", "--object-format=sha256", "--initial-branch=main", repo.path);
    const commit = await repo.commit({ "a.txt": "a\n" });
    expect(commit).toHaveLength(64);
    expect(await defaultTip(at(repo.path))).toEqual({ branch: "main", commit, checkedOut: true });
  });
});

describe("detachedCommit()", () => {
  test("gives the commit of a HEAD that is on no branch, and null on one", async () => {
    const repo = await fresh();
    expect(detachedCommit(at(repo.path))).toBeNull();
    await repo.git("checkout", "--quiet", "--detach");
    expect(detachedCommit(at(repo.path))).toBe(await head(repo));
  });
});

describe("readRef()", () => {
  test("follows symbolic refs, but not in a circle, and gives null for what is no id", async () => {
    const repo = await fresh();
    const heads = join(repo.path, ".git/refs/heads");
    writeFileSync(join(heads, "alias"), "ref: refs/heads/main\n");
    writeFileSync(join(heads, "circle"), "ref: refs/heads/circle\n");
    writeFileSync(join(heads, "garbage"), "not an id\n");
    expect(readRef(at(repo.path), "refs/heads/alias")).toBe(await head(repo));
    for (const name of ["circle", "garbage", "none"]) expect(readRef(at(repo.path), `refs/heads/${name}`)).toBeNull();
  });
});

describe("canonicalPath()", () => {
  test("gives one name to a folder that is reached in two ways, and its own to one that is gone", async () => {
    const repo = await fresh();
    const link = join(folder.path, `link-${scene}`);
    symlinkSync(repo.path, link);
    expect(canonicalPath(link)).toBe(canonicalPath(repo.path));
    renameSync(repo.path, `${repo.path}-gone`);
    expect(canonicalPath(`${repo.path}/x/..`)).toBe(repo.path);
  });
});
