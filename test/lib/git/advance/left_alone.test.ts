// Real checkouts in every state in which people leave them: not a byte of them changes, git's own files included.
import { afterAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { LeftCode } from "../../../../lib/git/advance/left_alone.ts";
import { makeRepo, openRepo, temporaryFolder } from "../../../support/git_repo.ts";
import {
  advance,
  copyOf,
  digestOf,
  expectAdvanced,
  expectLeft,
  found,
  headOf,
  makeScene,
  mirrorOf,
  must,
  type Scene,
  sceneAround,
  stopped,
} from "./checkout_scene.ts";

const temporary = temporaryFolder();
const folder = temporary.path;
afterAll(() => temporary.remove(), 60_000);
const plain = makeScene(folder);

/** A checkout of its own, clean and behind. */
const fresh = async () => copyOf(await plain);
const dotGit = ({ checkout }: Scene, name: string) => join(checkout.path, ".git", name);

describe("advanceCheckout() leaves byte for byte", () => {
  type Case = readonly [state: string, code: LeftCode, observed: RegExp, disturb: (scene: Scene) => Promise<unknown>];
  const conflicting = async ({ checkout }: Scene) => {
    await checkout.git("switch", "--quiet", "--create", "side");
    await checkout.commit({ "a.txt": "side\n" });
    await checkout.commit({ "keep/b.txt": "side\n" });
    await checkout.git("switch", "--quiet", "main");
    await checkout.commit({ "a.txt": "main\n", "keep/b.txt": "main\n" });
  };
  const cases: readonly Case[] = [
    [
      "a changed file",
      "dirty",
      /not as in HEAD: the file keep\/b\.txt/,
      async ({ checkout }) => checkout.edit({ "keep/b.txt": "x" }),
    ],
    [
      "a removed file",
      "dirty",
      /not as in HEAD: the file keep\/b\.txt/,
      async ({ checkout }) => checkout.edit({ "keep/b.txt": null }),
    ],
    [
      "a file that became a link",
      "dirty",
      /keep\/b\.txt/,
      async ({ checkout }) => {
        checkout.edit({ "keep/b.txt": null });
        symlinkSync("/etc/passwd", join(checkout.path, "keep/b.txt"));
      },
    ],
    ["a changed mode", "dirty", /a\.txt/, async ({ checkout }) => chmodSync(join(checkout.path, "a.txt"), 0o755)],
    [
      "a change of the same size in the same second that the index was written",
      "dirty",
      /a\.txt/,
      async (scene) => {
        const { checkout } = scene;
        const then = 1_700_000_000;
        const sameSecond = (path: string) => utimesSync(path, then, then);
        await checkout.git("config", "core.trustctime", "false");
        await checkout.git("config", "core.checkStat", "minimal");
        sameSecond(join(checkout.path, "a.txt"));
        await checkout.git("update-index", "--refresh");
        checkout.edit({ "a.txt": "FIRST\n" });
        sameSecond(join(checkout.path, "a.txt"));
        sameSecond(dotGit(scene, "index"));
      },
    ],
    [
      "a staged change",
      "dirty",
      /a\.txt/,
      async ({ checkout }) => {
        checkout.edit({ "a.txt": "staged\n" });
        await checkout.git("add", "--all");
      },
    ],
    [
      "a staged change whose file was put back",
      "dirty",
      /a\.txt/,
      async ({ checkout }) => {
        checkout.edit({ "a.txt": "staged\n" });
        await checkout.git("add", "--all");
        checkout.edit({ "a.txt": "first\n" });
      },
    ],
    [
      "a staged new file",
      "dirty",
      /mine\.txt/,
      async ({ checkout }) => {
        checkout.edit({ "mine.txt": "mine\n" });
        await checkout.git("add", "--all");
      },
    ],
    [
      "a file that is meant to be added",
      "dirty",
      /mine\.txt/,
      async ({ checkout }) => {
        checkout.edit({ "mine.txt": "mine\n" });
        await checkout.git("add", "--intent-to-add", "mine.txt");
      },
    ],
    [
      "a squashed merge that was not committed",
      "dirty",
      /a\.txt/,
      async (scene) => {
        await scene.checkout.git("fetch", "--quiet");
        await scene.checkout.git("merge", "--quiet", "--squash", "origin/main");
      },
    ],
    [
      "an edit that git was told to overlook, of a file that changes",
      "dirty",
      /a\.txt/,
      async ({ checkout }) => {
        await checkout.git("update-index", "--assume-unchanged", "a.txt");
        checkout.edit({ "a.txt": "my own settings\n" });
      },
    ],
    [
      "an edit of a file that was said not to be there",
      "dirty",
      /a\.txt/,
      async ({ checkout }) => {
        await checkout.git("update-index", "--skip-worktree", "a.txt");
        checkout.edit({ "a.txt": "my own settings\n" });
      },
    ],
    [
      "no file at all, as after a clone without a checkout",
      "dirty",
      /no index/,
      async (scene) => rmSync(dotGit(scene, "index")),
    ],
    [
      "a commit beside the remote's",
      "diverged",
      /main is at [0-9a-f]{12}/,
      async ({ checkout }) => checkout.commit({ "mine.txt": "mine\n" }),
    ],
    [
      "another history",
      "diverged",
      /main is at/,
      async ({ checkout }) => {
        await checkout.git("checkout", "--quiet", "--orphan", "fresh");
        await checkout.commit({ "other.txt": "another root\n" });
        await checkout.git("branch", "--force", "main", "fresh");
        await checkout.git("switch", "--quiet", "main");
      },
    ],
    [
      "another branch",
      "other_branch",
      /HEAD is on feature\/x, not on main/,
      async ({ checkout }) => checkout.git("switch", "--quiet", "--create", "feature/x"),
    ],
    [
      "a branch that is another one's name",
      "other_branch",
      /main is another name of refs\/heads\/trunk/,
      async ({ checkout }) => {
        await checkout.git("branch", "trunk");
        await checkout.git("symbolic-ref", "refs/heads/main", "refs/heads/trunk");
      },
    ],
    [
      "a detached HEAD",
      "detached",
      /HEAD is at [0-9a-f]{12}, on no branch/,
      async ({ checkout }) => checkout.git("checkout", "--quiet", "--detach"),
    ],
    [
      "a branch without a commit",
      "unborn",
      /main has no commit/,
      async ({ checkout }) => checkout.git("update-ref", "-d", "refs/heads/main"),
    ],
    [
      "a merge with conflicts",
      "merging",
      /merge is under way/,
      async (scene) => {
        await conflicting(scene);
        await stopped(scene.checkout, "merge", "side");
      },
    ],
    [
      "a merge whose conflicts are settled",
      "merging",
      /merge is under way/,
      async (scene) => {
        await scene.checkout.git("commit", "--quiet", "--allow-empty", "-m", "x");
        await scene.checkout.git("fetch", "--quiet");
        await scene.checkout.git("merge", "--quiet", "--no-commit", "--no-ff", "origin/main");
      },
    ],
    [
      "a rebase that stopped",
      "rebasing",
      /rebase/,
      async (scene) => {
        await conflicting(scene);
        await stopped(scene.checkout, "rebase", "side");
      },
    ],
    [
      "a git am that stopped",
      "rebasing",
      /git am/,
      async (scene) => {
        await conflicting(scene);
        const patch = await scene.checkout.git("format-patch", "-1", "side~1", "--stdout");
        writeFileSync(join(scene.folder, "patch"), patch);
        await stopped(scene.checkout, "am", "--quiet", join(scene.folder, "patch"));
      },
    ],
    [
      "a cherry-pick that stopped",
      "cherry_picking",
      /cherry-pick/,
      async (scene) => {
        await conflicting(scene);
        await stopped(scene.checkout, "cherry-pick", "side");
      },
    ],
    [
      "a cherry-pick of several, between two",
      "cherry_picking",
      /cherry-pick/,
      async (scene) => {
        await conflicting(scene);
        await stopped(scene.checkout, "cherry-pick", "side~2..side");
        scene.checkout.edit({ "a.txt": "settled\n" });
        await scene.checkout.git("commit", "--quiet", "--all", "-m", "Settled by hand");
        expect(existsSync(dotGit(scene, "CHERRY_PICK_HEAD"))).toBe(false);
      },
    ],
    [
      "a revert that stopped",
      "reverting",
      /revert/,
      async (scene) => {
        await conflicting(scene);
        await scene.checkout.commit({ "a.txt": "main again\n" });
        await stopped(scene.checkout, "revert", "--no-edit", "HEAD~1");
      },
    ],
    [
      "a bisect",
      "bisecting",
      /bisect/,
      async ({ checkout }) => {
        for (const text of ["1", "2", "3"]) await checkout.commit({ "keep/b.txt": text });
        await checkout.git("bisect", "start", "HEAD", "HEAD~3");
      },
    ],
    ["a bisect that just began", "bisecting", /bisect/, async ({ checkout }) => checkout.git("bisect", "start")],
    [
      "a lock of the index",
      "locked",
      /index\.lock is there since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ, of user \d+/,
      async (scene) => writeFileSync(dotGit(scene, "index.lock"), ""),
    ],
    [
      "a lock of HEAD, of days ago",
      "locked",
      /HEAD\.lock is there since 20/,
      async (scene) => {
        writeFileSync(dotGit(scene, "HEAD.lock"), "");
        const then = Date.now() / 1000 - 48 * 3600;
        utimesSync(dotGit(scene, "HEAD.lock"), then, then);
      },
    ],
    [
      "a lock of the branch",
      "locked",
      /refs\/heads\/main\.lock is there/,
      async (scene) => writeFileSync(dotGit(scene, "refs/heads/main.lock"), ""),
    ],
    [
      "a lock of the packed refs",
      "locked",
      /packed-refs\.lock is there/,
      async (scene) => writeFileSync(dotGit(scene, "packed-refs.lock"), ""),
    ],
    [
      "an untracked file where one is to be written",
      "would_overwrite",
      /plans\/new\.md would be written/,
      async ({ checkout }) => checkout.edit({ "plans/new.md": "mine\n" }),
    ],
    [
      "an untracked file where a folder is to be",
      "would_overwrite",
      /and plans is there/,
      async ({ checkout }) => checkout.edit({ plans: "mine\n" }),
    ],
    [
      "a link where a folder is to be",
      "would_overwrite",
      /and plans is there/,
      async ({ checkout, folder: outside }) => {
        mkdirSync(join(outside, "outside"), { recursive: true });
        symlinkSync(join(outside, "outside"), join(checkout.path, "plans"));
      },
    ],
    [
      "a folder with files where a file is to be",
      "would_overwrite",
      /plans\/new\.md\/mine is there/,
      async ({ checkout }) => checkout.edit({ "plans/new.md/mine": "mine\n" }),
    ],
    [
      "an ignored file where one is to be written",
      "would_overwrite",
      /plans\/new\.md would be written/,
      async (scene) => {
        writeFileSync(dotGit(scene, "info/exclude"), "*.md\n");
        scene.checkout.edit({ "plans/new.md": "mine\n" });
      },
    ],
    [
      "an ignored folder where a file is to be",
      "would_overwrite",
      /and plans\/new\.md\/mine is there/,
      async (scene) => {
        writeFileSync(dotGit(scene, "info/exclude"), "plans/\n");
        scene.checkout.edit({ "plans/new.md/mine": "mine\n" });
      },
    ],
    [
      "core.bare in its configuration",
      "bare",
      /core\.bare/,
      async ({ checkout }) => checkout.git("config", "core.bare", "true"),
    ],
    [
      "a program in its configuration",
      "program_key",
      /^filter\.evil\.clean in .*\/\.git\/config: /,
      async ({ checkout }) => checkout.git("config", "filter.evil.clean", "sed s/secret//"),
    ],
    [
      "a program in the configuration of its worktree",
      "program_key",
      /filter\.evil\.smudge in .*config\.worktree/,
      async ({ checkout }) => {
        await checkout.git("config", "extensions.worktreeConfig", "true");
        await checkout.git("config", "--worktree", "filter.evil.smudge", "cat");
      },
    ],
    [
      "refs that are not in plain files",
      "program_key",
      /extensions\.refStorage/,
      async (scene) => writeFileSync(dotGit(scene, "HEAD"), "ref: refs/heads/.invalid\n"),
    ],
    [
      "a configuration that git cannot read",
      "failed",
      /configuration/,
      async (scene) => writeFileSync(dotGit(scene, "config"), "[core\n"),
    ],
    [
      "a link in the place of its git folder",
      "foreign_git_dir",
      /link/,
      async (scene) => {
        renameSync(dotGit(scene, ""), join(scene.folder, "moved-git"));
        symlinkSync(join(scene.folder, "moved-git"), join(scene.checkout.path, ".git"));
      },
    ],
    [
      "a .git file that leads to another repository",
      "foreign_git_dir",
      /not the git folder of a linked worktree/,
      async (scene) => {
        const other = await copyOf(scene);
        rmSync(dotGit(scene, ""), { recursive: true });
        writeFileSync(join(scene.checkout.path, ".git"), `gitdir: ${other.checkout.path}/.git\n`);
      },
    ],
    [
      "a .git file that leads to another one's worktree",
      "foreign_git_dir",
      /belongs to the worktree/,
      async (scene) => {
        const other = await copyOf(scene);
        const linked = join(scene.folder, `linked-${crypto.randomUUID()}`);
        await other.checkout.git("switch", "--quiet", "--create", "feature");
        await other.checkout.git("worktree", "add", "--quiet", linked, "main");
        rmSync(dotGit(scene, ""), { recursive: true });
        writeFileSync(join(scene.checkout.path, ".git"), readFileSync(join(linked, ".git")));
      },
    ],
    [
      "a .git file that leads nowhere",
      "foreign_git_dir",
      /no repository that can be read/,
      async (scene) => {
        rmSync(dotGit(scene, ""), { recursive: true });
        writeFileSync(join(scene.checkout.path, ".git"), "gitdir: /nowhere\n");
      },
    ],
    [
      "a git folder that says its refs are another one's",
      "foreign_git_dir",
      /commondir names another/,
      async (scene) => {
        const other = await copyOf(scene);
        writeFileSync(dotGit(scene, "commondir"), `${other.checkout.path}/.git\n`);
      },
    ],
    [
      "objects that are kept behind a link",
      "foreign_git_dir",
      /objects is a symbolic link/,
      async (scene) => {
        renameSync(dotGit(scene, "objects"), join(scene.folder, "moved-objects"));
        symlinkSync(join(scene.folder, "moved-objects"), dotGit(scene, "objects"));
      },
    ],
    [
      "a folder that is no repository",
      "missing",
      /no repository any more/,
      async (scene) => rmSync(dotGit(scene, ""), { recursive: true }),
    ],
    [
      "the branch in another worktree too",
      "other_branch",
      /main is checked out in .*linked/,
      async ({ checkout, folder: beside }) =>
        checkout.git("worktree", "add", "--quiet", "--force", join(beside, `linked-${crypto.randomUUID()}`), "main"),
    ],
  ];
  for (const [state, code, observed, disturb] of cases)
    test(`${state} (${code})`, async () => {
      const shared = await plain;
      const scene = { ...copyOf(shared), folder: join(folder, crypto.randomUUID()) };
      mkdirSync(scene.folder);
      const path = join(scene.folder, "checkout");
      renameSync(scene.checkout.path, path);
      const own = { ...scene, checkout: openRepo(path) };
      await disturb(own);
      await expectLeft(own, code, observed);
    });

  test("one of which no folder is there (missing)", async () => {
    const scene = await fresh();
    rmSync(scene.checkout.path, { recursive: true });
    expect(await advance(scene)).toMatchObject({ state: "left", code: "missing", observed: "there is no such folder" });
  });

  test("a bare repository that has a remote (bare)", async () => {
    const scene = await fresh();
    const bare = join(scene.folder, `bare-${crypto.randomUUID()}`);
    await scene.origin.git("clone", "--quiet", "--bare", scene.checkout.path, bare);
    await expectLeft(scene, "bare", /bare repository/, { path: bare });
  });

  test("a repository whose git folder was put elsewhere (foreign_git_dir)", async () => {
    const scene = await makeScene(folder, { clone: ["--separate-git-dir", join(folder, crypto.randomUUID())] });
    await expectLeft(scene, "foreign_git_dir", /not the git folder of a linked worktree/);
  });

  test("a remote that is shallow and lacks what the checkout would need (failed)", async () => {
    const parent = join(folder, crypto.randomUUID());
    const origin = await makeRepo(parent, "origin", { "a.txt": "0\n" });
    const scene = await sceneAround(parent, origin);
    // A side branch of its own root; the mirror knows the last commit of it alone.
    await origin.git("checkout", "--quiet", "--orphan", "side");
    await origin.commit({});
    await origin.commit({ "side.txt": "s\n" });
    await origin.git("checkout", "--quiet", "main");
    await origin.git("merge", "--quiet", "--no-edit", "--allow-unrelated-histories", "side");
    const commit = await headOf(origin);
    const path = join(parent, "shallow.git");
    await origin.git("clone", "--quiet", "--mirror", "--depth=3", `file://${origin.path}`, path);
    const cut = await headOf(origin, "side");
    writeFileSync(join(path, "shallow"), `${cut}\n`);
    await expectLeft({ ...scene, commit, mirror: found(path) }, "failed", /the remote is shallow/);
  });
});

describe("advanceCheckout() and who may write", () => {
  const someone = 12_345;
  const parts: [string, (scene: Scene) => string][] = [
    ["its folder", ({ checkout }) => checkout.path],
    ["its git folder", (scene) => dotGit(scene, "")],
    ["its index", (scene) => dotGit(scene, "index")],
    ["its objects", (scene) => dotGit(scene, "objects")],
    ["the reflog of HEAD", (scene) => dotGit(scene, "logs/HEAD")],
    ["the reflog of the branch", (scene) => dotGit(scene, "logs/refs/heads/main")],
    ["a file that would change", ({ checkout }) => join(checkout.path, "a.txt")],
  ];
  const isRoot = process.geteuid?.() === 0;
  for (const [part, of] of isRoot ? parts : [])
    test(`leave a checkout of which ${part} is another user's (not_ours)`, async () => {
      const scene = await fresh();
      chownSync(of(scene), someone, someone);
      await expectLeft({ ...scene, folder: scene.checkout.path }, "not_ours", /belongs to user 12345/);
    });

  test("leave a checkout on a file system that is mounted read-only (read_only)", async () => {
    const scene = await fresh();
    const readOnly = await makeReadOnly(scene.checkout.path);
    try {
      await expectLeft({ ...scene, folder: scene.checkout.path }, "read_only", /cannot be written to/);
    } finally {
      await readOnly.undo();
    }
    await expectAdvanced(scene, await advance(scene));
  });

  test("leave a checkout of which one folder with a planned path is read-only (read_only)", async () => {
    const scene = await makeScene(folder, { before: { "plans/old.md": "old\n" } });
    const readOnly = await makeReadOnly(join(scene.checkout.path, "plans"));
    try {
      await expectLeft({ ...scene, folder: scene.checkout.path }, "read_only", /plans cannot be written to/);
    } finally {
      await readOnly.undo();
    }
  });

  /** root may write where the mode forbids it: only a mount stops it. */
  async function makeReadOnly(path: string): Promise<{ undo(): Promise<void> }> {
    if (!isRoot) {
      chmodSync(path, 0o555);
      return { undo: async () => chmodSync(path, 0o755) };
    }
    await must("mount", "--bind", path, path);
    await must("mount", "-o", "remount,bind,ro", path);
    return { undo: () => must("umount", path) };
  }
});

describe("advanceCheckout() and submodules", () => {
  /** A superproject with a populated submodule `sub`, clean and behind by a commit that touches it only if told. */
  async function withSubmodule(movesIt: boolean): Promise<Scene> {
    const parent = join(folder, crypto.randomUUID());
    const inner = await makeRepo(parent, "inner", { "x.txt": "1\n" });
    const origin = await makeRepo(parent, "origin", { "a.txt": "first\n" });
    const allow = ["-c", "protocol.file.allow=always"];
    await origin.git(...allow, "submodule", "--quiet", "add", inner.path, "sub");
    await origin.commit();
    const clone = ["--recurse-submodules"];
    const scene = await sceneAround(parent, origin, { config: allow, clone, after: { "a.txt": "second\n" } });
    if (!movesIt) return scene;
    await inner.commit({ "x.txt": "2\n" });
    await openRepo(join(origin.path, "sub")).git("pull", "--quiet", "--ff-only");
    const commit = await origin.commit();
    return { ...scene, commit, mirror: await mirrorOf(origin, parent) };
  }

  test("brings up a checkout with one beside, and does not look into it", async () => {
    const scene = await withSubmodule(false);
    openRepo(join(scene.checkout.path, "sub")).edit({ "x.txt": "somebody's edit\n", "new.txt": "x" });
    const before = digestOf(join(scene.checkout.path, "sub"));
    expect(await advance(scene)).toMatchObject({ state: "advanced" });
    expect(digestOf(join(scene.checkout.path, "sub"))).toEqual(before);
  });

  test("leaves one whose submodule would stay behind: the next commit of its owner would put it back", async () => {
    await expectLeft(await withSubmodule(true), "submodule", /the submodule sub would stay at its old commit/);
  });

  test("leaves one whose submodule is at another commit than recorded", async () => {
    const scene = await withSubmodule(false);
    await openRepo(join(scene.checkout.path, "sub")).commit({ "x.txt": "mine\n" });
    await expectLeft(scene, "dirty", /sub/);
  });

  test("leaves a checkout that is itself a submodule", async () => {
    const scene = await withSubmodule(false);
    const sub = join(scene.checkout.path, "sub");
    const inner = openRepo(join(scene.folder, "inner"));
    await openRepo(sub).git("switch", "--quiet", "main");
    const commit = await inner.commit({ "x.txt": "2\n" });
    const ofSub = { ...scene, commit, mirror: await mirrorOf(inner, scene.folder) };
    await expectLeft(ofSub, "foreign_git_dir", /not the git folder of a linked worktree/, { path: sub });
  });
});

describe("advanceCheckout() and a disk", () => {
  const root = process.geteuid?.() === 0;
  test.if(root)("leaves a checkout that the new files would not fit beside (no_room)", async () => {
    // Small as an object, large as a file: git would fetch it, and stop half-way.
    const scene = await makeScene(folder, { after: { "gone.txt": null, "large.bin": "0".repeat(8 * 1024 * 1024) } });
    const disk = join(scene.folder, "disk");
    mkdirSync(disk);
    await must("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk);
    try {
      await must("cp", "-a", scene.checkout.path, join(disk, "checkout"));
      const onDisk = { ...scene, folder: disk, checkout: openRepo(join(disk, "checkout")) };
      await onDisk.checkout.git("update-index", "--refresh");
      await expectLeft(onDisk, "no_room", /it may take 17\.\d MiB, and [0-3]\.\d MiB are free/);
    } finally {
      await must("umount", disk);
    }
  });

  test("leaves no file of its own behind, whatever it comes to", async () => {
    const own = join(folder, crypto.randomUUID());
    mkdirSync(own);
    const { TMPDIR } = process.env;
    process.env.TMPDIR = own;
    try {
      const scene = await fresh();
      scene.checkout.edit({ "keep/b.txt": "edited" });
      expect(await advance(scene)).toMatchObject({ code: "dirty" });
      scene.checkout.edit({ "keep/b.txt": "kept\n", "plans/new.md": "mine" });
      expect(await advance(scene)).toMatchObject({ code: "would_overwrite" });
      scene.checkout.edit({ plans: null });
      expect(await advance(scene)).toMatchObject({ state: "advanced" });
      expect(readdirSync(own)).toEqual([]);
    } finally {
      if (TMPDIR === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = TMPDIR;
    }
  });
});
