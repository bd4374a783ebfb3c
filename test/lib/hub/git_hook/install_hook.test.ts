// The hook put into real repositories and taken out: wherever git says that hooks are, beside whatever stands there, and not
// at all where it is somebody else's to write.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { hookStatusOf, installHook, removeHook } from "../../../../lib/hub/git_hook/hook_of_repo.ts";
import { makeRepo, openRepo, type TestRepo, temporaryFolder } from "../../../support/git_repo.ts";
import { bareEnvironment, COMMIT, finish, listeningHub } from "./commit_scene.ts";

const folder = temporaryFolder();
const userHome = join(folder.path, "user");
const homeBefore = process.env.HOME;
beforeAll(() => {
  mkdirSync(userHome);
  process.env.HOME = userHome;
});
afterEach(() => writeFileSync(join(userHome, ".gitconfig"), ""));
afterAll(() => {
  if (homeBefore === undefined) delete process.env.HOME;
  else process.env.HOME = homeBefore;
  folder.remove();
});

let made = 0;
const newRepo = (name = `repo-${made++}`) => makeRepo(folder.path, name, { "a.md": "a\n" });
const install = (path: string, dryRun = false) => installHook({ path, slug: "garden" }, dryRun);
const remove = (path: string) => removeHook({ path, slug: "garden" }, false);
const status = (path: string) => hookStatusOf({ path, slug: "garden" });
const hookIn = ({ path }: TestRepo, hooks = ".git/hooks") => join(path, hooks, "post-commit");

function writeHook(path: string, text: string | Uint8Array, mode = 0o755): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
}

/** Whether a commit there asks the hub. */
async function asksTheHub(path: string): Promise<boolean> {
  const hub = listeningHub();
  try {
    const env = bareEnvironment(userHome, { STATE_HUB_URL: hub.url });
    // Its own configuration, unlike that of other tests.
    const { GIT_CONFIG_GLOBAL: _, ...own } = env;
    expect((await finish(COMMIT, path, own)).code).toBe(0);
    await hub.heard(1);
    return true;
  } catch {
    return false;
  } finally {
    await hub.stop();
  }
}

describe("a repository without a hook", () => {
  test("gets one, shows it, keeps it at a second install, and loses it with its file", async () => {
    const repo = await newRepo("with spaces 'quotes' \"and\"\na line");
    const hook = hookIn(repo);
    expect(await status(repo.path)).toMatchObject({ state: "not_installed", did: "nothing", why: null, hook });
    expect(await install(repo.path, true)).toMatchObject({ state: "not_installed", did: "installed" });
    expect(existsSync(hook)).toBe(false);
    expect(await install(repo.path)).toMatchObject({ state: "installed", did: "installed" });
    expect(statSync(hook).mode & 0o777).toBe(0o755);
    const before = statSync(hook);
    expect(await install(repo.path)).toMatchObject({ state: "installed", did: "nothing" });
    expect(statSync(hook).ino).toBe(before.ino);
    expect(await asksTheHub(repo.path)).toBe(true);
    expect(await remove(repo.path)).toMatchObject({ state: "not_installed", did: "removed" });
    expect(existsSync(hook)).toBe(false);
    expect(await remove(repo.path)).toMatchObject({ did: "nothing" });
    expect(readdirSync(dirname(hook)).filter((name) => !name.endsWith(".sample"))).toEqual([]);
  });

  test("gets it where there is no hooks folder either", async () => {
    const repo = await newRepo();
    await repo.git("init", "--quiet", "--template=");
    const bare = openRepo(join(folder.path, "no-template"));
    await openRepo(folder.path).git("init", "--quiet", "--template=", "no-template");
    expect(existsSync(join(bare.path, ".git/hooks"))).toBe(false);
    expect(await install(bare.path)).toMatchObject({ did: "installed" });
    expect(statSync(hookIn(bare)).mode & 0o777).toBe(0o755);
  });
});

describe("somebody else's hook", () => {
  for (const [what, text, mode] of [
    ["a plain one", "#!/bin/sh\necho mine\n", 0o755],
    ["one that ends in exec", "#!/usr/bin/env bash\nset -euo pipefail\nexec true\n", 0o700],
    ["one that leaves at once", "#! /bin/dash -e\nexit 0\nnever\n", 0o755],
    [
      "one without an end of line, in no encoding",
      Buffer.from("#!/bin/bash\n# \xff\xfe\techo\r\ntrue", "latin1"),
      0o750,
    ],
    ["one of one line", "#!/bin/sh\n", 0o755],
  ] as const) {
    test(`keeps every byte and its mode: ${what}`, async () => {
      const repo = await newRepo();
      const hook = hookIn(repo);
      writeHook(hook, text, mode);
      const before = readFileSync(hook);
      expect(await install(repo.path)).toMatchObject({ state: "installed", did: "installed" });
      expect(statSync(hook).mode & 0o777).toBe(mode);
      expect(await asksTheHub(repo.path)).toBe(true);
      expect(await remove(repo.path)).toMatchObject({ did: "removed", state: "other_hook" });
      expect(readFileSync(hook).equals(before)).toBe(true);
      expect(statSync(hook).mode & 0o777).toBe(mode);
    });
  }

  const link = (path: string) => {
    mkdirSync(dirname(path), { recursive: true });
    writeHook(`${path}-of-a-manager`, "#!/bin/sh\n");
    symlinkSync(`${path}-of-a-manager`, path);
  };
  const NO_SCRIPT = "it is no script for sh or bash";
  for (const [what, put, why] of [
    ["a link", link, "it is a link, or no plain file"],
    ["Python", (path: string) => writeHook(path, "#!/usr/bin/env python3\nprint()\n"), NO_SCRIPT],
    ["a program", (path: string) => writeHook(path, Buffer.from("\x7fELF\0\0", "latin1")), NO_SCRIPT],
    ["one without a first line that names its shell", (path: string) => writeHook(path, "echo\n"), NO_SCRIPT],
    ["one with the line ends of Windows", (path: string) => writeHook(path, "#!/bin/sh\r\necho\r\n"), NO_SCRIPT],
    ["husky's", (path: string) => writeHook(path, '#!/bin/sh\n. "$(dirname "$0")/husky.sh"\n'), "written by husky"],
    [
      "pre-commit's",
      (path: string) =>
        writeHook(path, "#!/usr/bin/env bash\n# File generated by pre-commit: https://pre-commit.com\n"),
      "written by pre-commit",
    ],
    ["one that is switched off", (path: string) => writeHook(path, "#!/bin/sh\n", 0o644), "it is not executable"],
    [
      "one of another tool with our marker",
      (path: string) => writeHook(path, "#!/bin/sh\n# custodian-sync-hook\nold &\n"),
      '"# custodian-sync-hook" stands there outside of a block of ours',
    ],
    [
      "half a block of ours",
      (path: string) => writeHook(path, "#!/bin/sh\n# custodian-sync-hook begin 1\n"),
      "a block of ours begins there and does not end",
    ],
  ] as const) {
    test(`is refused, with words, and stays as it is: ${what}`, async () => {
      const repo = await newRepo();
      const hook = hookIn(repo);
      put(hook);
      const before = readFileSync(hook);
      const refused = await install(repo.path);
      expect([refused.did, refused.state]).toEqual(["refused", "other_hook"]);
      expect(refused.why).toContain(why);
      expect((await status(repo.path)).why).toBe(refused.why);
      expect((await remove(repo.path)).did).toBe(what.startsWith("half") ? "refused" : "nothing");
      expect(readFileSync(hook).equals(before)).toBe(true);
    });
  }

  test("of another account is refused, for what root writes there its owner could change no more", async () => {
    const repo = await newRepo();
    writeHook(hookIn(repo), "#!/bin/sh\n");
    chownSync(hookIn(repo), 12345, 12345);
    expect((await install(repo.path)).why).toContain("belongs to user 12345");
    const other = await newRepo();
    chownSync(join(other.path, ".git/hooks"), 12345, 12345);
    expect((await install(other.path)).why).toContain("belongs to user 12345");
  });

  test("that is refused for its kind comes with the lines to paste, and they do the same there", async () => {
    const repo = await newRepo();
    writeHook(hookIn(repo), "#!/usr/bin/env python3\nimport subprocess\nsubprocess.run(['sh', 'after.sh'])\n");
    const { block, hint } = await install(repo.path);
    expect(hint).toBe("Paste these lines into a shell script that it runs after each commit:");
    writeFileSync(join(repo.path, "after.sh"), block ?? "");
    expect(await asksTheHub(repo.path)).toBe(true);
  });
});

describe("the hooks folder is where git says", () => {
  test("in a linked worktree: its main checkout's", async () => {
    const repo = await newRepo();
    const tree = join(folder.path, "a linked tree");
    await repo.git("worktree", "add", "--quiet", "-b", "other", tree);
    expect(await install(tree)).toMatchObject({ did: "installed", hook: hookIn(repo) });
    expect(await status(repo.path)).toMatchObject({ state: "installed" });
    expect([await asksTheHub(tree), await asksTheHub(repo.path)]).toEqual([true, true]);
  });

  test("of a bare repository: its own, which its worktrees use", async () => {
    const repo = await newRepo();
    const bare = join(folder.path, "bare.git");
    await repo.git("clone", "--quiet", "--bare", repo.path, bare);
    expect(await install(bare)).toMatchObject({ did: "installed", hook: join(bare, "hooks/post-commit") });
    const tree = join(folder.path, "tree-of-bare");
    await openRepo(bare).git("worktree", "add", "--quiet", tree);
    expect(await asksTheHub(tree)).toBe(true);
  });

  test("of a submodule: the one below its parent's git folder", async () => {
    const [parent, child] = [await newRepo(), await newRepo()];
    await parent.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", child.path, "sub");
    const hook = join(parent.path, ".git/modules/sub/hooks/post-commit");
    expect(await install(join(parent.path, "sub"))).toMatchObject({ did: "installed", hook });
    expect(await asksTheHub(join(parent.path, "sub"))).toBe(true);
  });

  for (const [where, value] of [
    ["a relative core.hooksPath", ".hooks"],
    ["an absolute one inside", null],
  ] as const) {
    test(`of ${where}`, async () => {
      const repo = await newRepo();
      await repo.git("config", "core.hooksPath", value ?? join(repo.path, ".hooks"));
      expect(await install(repo.path)).toMatchObject({ did: "installed", hook: hookIn(repo, ".hooks") });
      expect(existsSync(hookIn(repo))).toBe(false);
      expect(await asksTheHub(repo.path)).toBe(true);
    });
  }

  test("and one that others may share is refused: outside, in the user's own configuration, through a link", async () => {
    const shared = join(folder.path, "shared-hooks");
    mkdirSync(shared);
    const [outside, linked] = [await newRepo(), await newRepo()];
    await outside.git("config", "core.hooksPath", "../shared-hooks");
    await linked.git("config", "core.hooksPath", "inside");
    symlinkSync(shared, join(linked.path, "inside"));
    const theUsers = await newRepo();
    const refusals = [await install(outside.path), await install(linked.path)];
    writeFileSync(join(userHome, ".gitconfig"), `[core]\n\thooksPath = ~/../shared-hooks\n`);
    refusals.push(await install(theUsers.path));
    for (const { did, why, block } of refusals) {
      expect({ did, why }).toEqual({
        did: "refused",
        why: `core.hooksPath is ${shared}, outside of the repository: others may share it`,
      });
      expect(block).toContain("# custodian-sync-hook begin");
    }
    expect(readdirSync(shared)).toEqual([]);
  });

  test("and a hook that is committed is refused: it would be changed for everybody", async () => {
    const repo = await newRepo();
    writeHook(hookIn(repo, ".hooks"), "#!/bin/sh\n");
    await repo.commit();
    await repo.git("config", "core.hooksPath", ".hooks");
    expect((await install(repo.path)).why).toBe("it is committed in the repository, for everybody who clones it");
    expect(await repo.git("status", "--porcelain")).toBe("");
  });
});

test("a folder that cannot be written to is told, and nothing is left there", async () => {
  const repo = await newRepo();
  const hooks = join(repo.path, ".git/hooks");
  const mount = (...args: string[]) => Bun.spawnSync(["mount", ...args]).exitCode;
  expect(mount("-t", "tmpfs", "-o", "ro", "none", hooks)).toBe(0);
  try {
    await expect(install(repo.path)).rejects.toThrow("Could not write the hook");
    expect(readdirSync(hooks)).toEqual([]);
  } finally {
    Bun.spawnSync(["umount", hooks]);
  }
});
