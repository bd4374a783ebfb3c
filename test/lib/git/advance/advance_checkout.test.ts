// Real checkouts that may be brought up come up as a clean fast-forward; those that need nothing get nothing.
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { advanceCheckout } from "../../../../lib/git/advance/advance_checkout.ts";
import type { LeftCode } from "../../../../lib/git/advance/left_alone.ts";
import { makeRepo, openRepo, type TestRepo, temporaryFolder } from "../../../support/git_repo.ts";
import { commitEntries } from "../../../support/hostile_repo.ts";
import {
  advance,
  copyOf,
  digestOf,
  expectAdvanced,
  expectLeft,
  filesOf,
  found,
  headOf,
  makeScene,
  mirrorOf,
  type Scene,
  sceneAround,
} from "./checkout_scene.ts";

const temporary = temporaryFolder();
const folder = temporary.path;
afterAll(() => temporary.remove(), 60_000);
const plain = makeScene(folder);

/** A checkout of its own, clean and behind. */
const fresh = async () => copyOf(await plain);
const dotGit = ({ checkout }: Scene, name: string) => join(checkout.path, ".git", name);

describe("advanceCheckout() brings up", () => {
  test("a clean checkout that is behind: files, index, branch, and what git status compares with", async () => {
    const scene = await fresh();
    await expectAdvanced(scene, await advance(scene));
    const { checkout, commit } = scene;
    expect(readFileSync(join(checkout.path, "plans/new.md"), "utf8")).toBe("new\n");
    expect(existsSync(join(checkout.path, "gone.txt"))).toBe(false);
    expect(await headOf(checkout, "refs/remotes/origin/main")).toBe(commit);
    expect(await checkout.git("status", "--short", "--branch")).toBe("## main...origin/main\n");
    expect(await checkout.git("reflog", "-1", "--format=%gn %gs")).toBe(
      "State Hub sync State Hub sync: Fast-forward\n",
    );
    expect(existsSync(dotGit(scene, "FETCH_HEAD"))).toBe(false);
  });

  test("and then has nothing to do, and writes nothing", async () => {
    const scene = await fresh();
    await advance(scene);
    const before = digestOf(scene.checkout.path);
    expect(await advance(scene)).toEqual({ state: "current" });
    expect(digestOf(scene.checkout.path)).toEqual(before);
  });

  test("so that the person's next commit holds their own change alone, and can be pushed", async () => {
    const scene = await fresh();
    scene.checkout.edit({ "notes.ignored": "mine\n", "untracked.txt": "mine\n" });
    expect(await advance(scene)).toMatchObject({ state: "advanced" });
    scene.checkout.edit({ "keep/b.txt": "a person's line\n" });
    await scene.checkout.git("commit", "--quiet", "--all", "--message", "Mine");
    expect(await scene.checkout.git("diff", "--name-only", scene.commit, "HEAD")).toBe("keep/b.txt\n");
    expect(readFileSync(join(scene.checkout.path, "untracked.txt"), "utf8")).toBe("mine\n");
    await scene.origin.git("checkout", "--quiet", "--detach");
    await scene.checkout.git("push", "--quiet", "origin", "main");
    await scene.origin.git("checkout", "--quiet", "main");
    await scene.origin.git("reset", "--quiet", "--hard", scene.commit);
  });

  test("a file that was touched without being changed, and one beside that git does not track", async () => {
    const scene = await fresh();
    utimesSync(join(scene.checkout.path, "a.txt"), 1_000_000, 1_000_000);
    utimesSync(join(scene.checkout.path, "keep/b.txt"), 1_000_000, 1_000_000);
    await expectAdvanced(scene, await advance(scene));
  });

  test("a linked worktree on the branch, whose main worktree is elsewhere", async () => {
    const scene = await fresh();
    await scene.checkout.git("switch", "--quiet", "--create", "feature");
    const linked = join(scene.folder, `linked-${crypto.randomUUID()}`);
    await scene.checkout.git("worktree", "add", "--quiet", linked, "main");
    const before = filesOf(scene.checkout.path);
    const inLinked = { ...scene, checkout: openRepo(linked) };
    await expectAdvanced(inLinked, await advance(inLinked));
    expect(filesOf(scene.checkout.path)).toEqual(before);
  });

  test("a linked worktree of a bare repository", async () => {
    const scene = await fresh();
    const bare = join(scene.folder, `bare-${crypto.randomUUID()}`, ".git");
    await scene.origin.git("clone", "--quiet", "--bare", scene.checkout.path, bare);
    const linked = join(scene.folder, `linked-${crypto.randomUUID()}`);
    await openRepo(bare).git("worktree", "add", "--quiet", linked, "main");
    const inLinked = { ...scene, checkout: openRepo(linked) };
    await expectAdvanced(inLinked, await advance(inLinked));
  });

  const shapes: [string, () => Promise<Scene>][] = [
    ["a SHA-256 repository", () => inFormat("sha256")],
    ["a shallow clone", async () => shallow()],
    ["a checkout with packed refs", async () => after(await fresh(), "pack-refs", "--all")],
    ["a checkout with CRLF line ends", () => makeScene(folder, { clone: ["-c", "core.autocrlf=true"] })],
    ["a sparse checkout", async () => after(await fresh(), "sparse-checkout", "set", "keep", "plans")],
    ["a partial clone", () => partial()],
    ["a path with spaces, quotes and line ends", () => makeScene(folder, { name: 'it\'s "a" $(path)\n;-x' })],
    ["a branch whose first commit is long ago, over a merge", () => overMerge()],
  ];
  for (const [shape, make] of shapes)
    test(shape, async () => {
      const scene = await make();
      await expectAdvanced(scene, await advance(scene));
      expect(await scene.checkout.git("fsck", "--connectivity-only", "--no-dangling")).toBe("");
    });

  async function inFormat(format: string): Promise<Scene> {
    const parent = join(folder, crypto.randomUUID());
    mkdirSync(join(parent, "origin"), { recursive: true });
    const origin = openRepo(join(parent, "origin"));
    await origin.git("init", "--quiet", "--initial-branch=main", `--object-format=${format}`);
    await origin.commit({ "a.txt": "first\n", "gone.txt": "x" });
    return sceneAround(parent, origin);
  }

  async function shallow(): Promise<Scene> {
    const scene = await makeScene(folder);
    rmSync(scene.checkout.path, { recursive: true });
    await scene.origin.git("reset", "--quiet", "--hard", scene.base);
    const from = `file://${scene.origin.path}`;
    await scene.origin.git("clone", "--quiet", "--depth=1", from, scene.checkout.path);
    expect(existsSync(dotGit(scene, "shallow"))).toBe(true);
    return scene;
  }

  async function partial(): Promise<Scene> {
    const scene = await makeScene(folder);
    rmSync(scene.checkout.path, { recursive: true });
    await scene.origin.git("reset", "--quiet", "--hard", scene.base);
    await scene.origin.git("config", "uploadpack.allowFilter", "true");
    const from = `file://${scene.origin.path}`;
    await scene.origin.git("clone", "--quiet", "--filter=blob:none", from, scene.checkout.path);
    return scene;
  }

  /** A side branch that began below a shallow boundary: the checkout must get its whole history, or none. */
  async function overMerge(): Promise<Scene> {
    const parent = join(folder, crypto.randomUUID());
    const origin = await makeRepo(parent, "origin", { "a.txt": "0\n" });
    await origin.git("branch", "side");
    const base = await origin.commit({ "a.txt": "1\n" });
    await origin.git("checkout", "--quiet", "side");
    await origin.commit({ "side.txt": "s\n" });
    await origin.git("checkout", "--quiet", "main");
    const path = join(parent, "checkout");
    await origin.git("clone", "--quiet", "--depth=1", "--branch=main", `file://${origin.path}`, path);
    await origin.git("merge", "--quiet", "--no-edit", "side");
    const commit = await headOf(origin);
    return { folder: parent, origin, checkout: openRepo(path), mirror: await mirrorOf(origin, parent), base, commit };
  }

  async function after(scene: Scene, ...args: string[]): Promise<Scene> {
    await scene.checkout.git(...args);
    return scene;
  }

  test("CRLF files with the line ends that their owner asked for", async () => {
    const scene = await makeScene(folder, { clone: ["-c", "core.autocrlf=true"] });
    await advance(scene);
    expect(readFileSync(join(scene.checkout.path, "a.txt"), "utf8")).toBe("second\r\n");
  });

  test("a folder that takes the place of a file, and a file that takes the place of a folder", async () => {
    const scene = await makeScene(folder, {
      before: { "was-file": "x\n", "was-folder/inner/x.txt": "x\n" },
      after: { "was-file": null, "was-folder": null },
    });
    const commit = await scene.origin.commit({ "was-file/now.txt": "y\n", "was-folder": "y\n" });
    const moved = { ...scene, commit, mirror: await mirrorOf(scene.origin, scene.folder) };
    await expectAdvanced(moved, await advance(moved));
  });
});

describe("advanceCheckout() and names that no editor makes", () => {
  test("brings them up as they are", async () => {
    const scene = await makeScene(folder, { after: {} });
    const entries = ["-x", "--upload-pack=x", "$(touch x)", "a\nb", "\u001b[2J", "sp ace ", "ä.txt"];
    const bytes = new Uint8Array([0x62, 0x61, 0xff, 0xfe]);
    const files = [...entries.map((path) => ({ path, content: "x\n" })), { path: bytes, content: "x\n" }];
    const commit = await commitEntries(scene.origin, files, { checkOut: false });
    const named = { ...scene, commit, mirror: await mirrorOf(scene.origin, scene.folder) };
    await expectAdvanced(named, await advance(named));
    for (const name of entries) expect(readFileSync(join(scene.checkout.path, name), "utf8")).toBe("x\n");
  });

  test("of a branch reach git as one word", async () => {
    const scene = await makeScene(folder);
    const branch = "-x/$(id);'\"=.lock-y&é";
    for (const repo of [scene.origin, scene.checkout]) await repo.git("branch", "--move", "--", "main", `x${branch}`);
    const mirror = await mirrorOf(scene.origin, scene.folder);
    await scene.checkout.git("config", `branch.x${branch}.mergeOptions`, "--squash");
    const options = { branch: `x${branch}`, commit: scene.commit, mirror, ownRemote: false };
    expect(await advanceCheckout(scene.checkout.path, options)).toEqual({ state: "advanced", from: scene.base });
    expect(await scene.checkout.git("status", "--porcelain")).toBe("");
  });
});

describe("advanceCheckout() has nothing to say of", () => {
  const cases: [string, (scene: Scene) => Promise<unknown>][] = [
    [
      "a checkout that is ahead",
      async ({ checkout, commit }) => {
        await checkout.git("fetch", "--quiet");
        await checkout.git("merge", "--quiet", "--ff-only", commit);
        await checkout.commit({ "mine.txt": "mine\n" });
      },
    ],
    [
      "a checkout that has the commit and is in the middle of something",
      async ({ checkout }) => {
        await checkout.git("pull", "--quiet", "--ff-only");
        checkout.edit({ "a.txt": "dirty\n" });
        writeFileSync(join(checkout.path, ".git/index.lock"), "");
      },
    ],
    [
      "a branch that has the commit while another one is checked out",
      async ({ checkout }) => {
        await checkout.git("pull", "--quiet", "--ff-only");
        await checkout.git("switch", "--quiet", "--create", "feature");
      },
    ],
  ];
  for (const [state, disturb] of cases)
    test(state, async () => {
      const scene = await fresh();
      await disturb(scene);
      const before = digestOf(scene.checkout.path);
      expect(await advance(scene)).toEqual({ state: "current" });
      expect(digestOf(scene.checkout.path)).toEqual(before);
    });

  test("a checkout whose remote was put back to an older commit that the mirror has with the newer one", async () => {
    const scene = await fresh();
    await advance(scene);
    const older = { ...scene, commit: scene.base };
    expect(await advance(older)).toEqual({ state: "current" });
  });
});

describe("advanceCheckout() of a repository that is its own remote", () => {
  test("moves a branch that nobody has checked out, and no file", async () => {
    const scene = await fresh();
    await scene.checkout.git("switch", "--quiet", "--create", "feature");
    scene.checkout.edit({ "a.txt": "somebody's edit\n" });
    const before = filesOf(scene.checkout.path);
    expect(await advance(scene, { ownRemote: true })).toEqual({ state: "advanced", from: scene.base });
    expect(await headOf(scene.checkout, "main")).toBe(scene.commit);
    expect(await headOf(scene.checkout, "feature")).toBe(scene.base);
    expect(filesOf(scene.checkout.path)).toEqual(before);
    expect(await scene.checkout.git("status", "--porcelain")).toBe(" M a.txt\n");
  });

  test("moves the branch of a bare one", async () => {
    const scene = await fresh();
    const bare = join(scene.folder, `bare-${crypto.randomUUID()}`);
    await scene.origin.git("clone", "--quiet", "--bare", scene.checkout.path, bare);
    expect(await advance(scene, { ownRemote: true, path: bare })).toEqual({ state: "advanced", from: scene.base });
    expect(await headOf(openRepo(bare), "main")).toBe(scene.commit);
  });

  test("brings up the files too where the branch is checked out, under the same rules", async () => {
    const scene = await fresh();
    scene.checkout.edit({ "keep/b.txt": "somebody's edit\n" });
    await expectLeft({ ...scene, folder: scene.checkout.path }, "dirty", /keep\/b\.txt/, { ownRemote: true });
    scene.checkout.edit({ "keep/b.txt": "kept\n" });
    await expectAdvanced(scene, await advance(scene, { ownRemote: true }));
  });

  const uses: [string, LeftCode, (worktree: TestRepo) => Promise<unknown>][] = [
    ["checked out", "other_branch", async () => {}],
    [
      "being rebased",
      "rebasing",
      async (worktree) => {
        await worktree.git("branch", "onto");
        await worktree.commit({ "a.txt": "x\n" });
        await worktree.git(
          "-c",
          "sequence.editor=sed -i s/^pick/edit/",
          "rebase",
          "--interactive",
          "--quiet",
          "HEAD~1",
        );
      },
    ],
    [
      "being bisected",
      "bisecting",
      async (worktree) => {
        await worktree.git("bisect", "start");
        await worktree.git("checkout", "--quiet", "--detach");
      },
    ],
  ];
  for (const [words, code, use] of uses)
    test(`leaves a branch that is ${words} in another worktree`, async () => {
      const scene = await fresh();
      await scene.checkout.git("switch", "--quiet", "--create", "feature");
      const linked = join(scene.folder, `linked-${crypto.randomUUID()}`);
      await scene.checkout.git("worktree", "add", "--quiet", linked, "main");
      await use(openRepo(linked));
      const before = digestOf(scene.checkout.path);
      expect(await advance(scene, { ownRemote: true })).toMatchObject({
        state: "left",
        code,
        observed: `main is ${words} in ${linked}`,
      });
      expect(digestOf(scene.checkout.path)).toEqual(before);
    });

  test("leaves a branch that has a commit of its own, and one that is not there", async () => {
    const scene = await fresh();
    await scene.checkout.commit({ "mine.txt": "mine\n" });
    await scene.checkout.git("switch", "--quiet", "--create", "feature");
    await expectLeft({ ...scene, folder: scene.checkout.path }, "diverged", /main is at/, { ownRemote: true });
    await scene.checkout.git("branch", "--quiet", "--delete", "--force", "main");
    await expectLeft({ ...scene, folder: scene.checkout.path }, "unborn", /main has no commit/, { ownRemote: true });
  });
});

describe("advanceCheckout() and a mirror", () => {
  test("that has not the commit is no reason to touch the checkout", async () => {
    const scene = await fresh();
    const unknown = { ...scene, commit: "0".repeat(39).concat("1") };
    await expectLeft({ ...unknown, folder: scene.checkout.path }, "diverged", /does not come before/);
  });

  test("at a path with a colon, a quote and a line end is read and fetched from", async () => {
    const scene = await fresh();
    const path = join(scene.folder, `mirror: "a\\b"\n${crypto.randomUUID()}.git`);
    renameSync(scene.mirror.path, path);
    try {
      await expectAdvanced(scene, await advance({ ...scene, mirror: found(path) }));
    } finally {
      renameSync(path, scene.mirror.path);
    }
  });

  test("whose tracking branch in the checkout is ahead of it does not put that one back", async () => {
    const scene = await fresh();
    const newer = await scene.origin.commit({ "later.txt": "later\n" });
    await scene.checkout.git("fetch", "--quiet");
    expect(await advance(scene)).toMatchObject({ state: "advanced" });
    expect(await headOf(scene.checkout, "refs/remotes/origin/main")).toBe(newer);
    await scene.origin.git("reset", "--quiet", "--hard", scene.commit);
  });

  test("of a checkout without a remote-tracking branch makes none", async () => {
    const scene = await fresh();
    await scene.checkout.git("remote", "remove", "origin");
    await expectAdvanced(scene, await advance(scene));
    expect(await scene.checkout.git("for-each-ref", "refs/remotes")).toBe("");
  });
});
