// Clearing up after a git that was killed, and not beneath one that is still at work.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gitProcessesIn } from "../../../../lib/git/mirror/git_processes.ts";
import { clearLeftovers } from "../../../../lib/git/mirror/mirror_leftovers.ts";
import { waitUntil } from "../../../../lib/wait_until.ts";
import { openRepo, temporaryFolder } from "../../../support/git_repo.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());
const gitDir = join(folder.path, "mirror");
const lock = join(gitDir, "refs/heads/main.lock");
beforeAll(async () => {
  mkdirSync(gitDir);
  await openRepo(gitDir).git("init", "--quiet", "--bare");
});

/** A git that has begun to work there, and goes on until its stdin is closed. */
async function gitAtWork(args: readonly string[], env: Record<string, string> = {}) {
  const child = Bun.spawn(["git", ...args, "cat-file", "--batch"], {
    env: { PATH: process.env.PATH ?? "", ...env },
    stdin: "pipe",
    stdout: "pipe",
  });
  child.stdin.write("nothing\n");
  await child.stdin.flush();
  await child.stdout.getReader().read();
  const end = async () => {
    await child.stdin.end();
    await child.exited;
  };
  return { pid: child.pid, end };
}

describe("gitProcessesIn()", () => {
  test("gitProcessesIn() finds those that were told the folder by argument or by environment, and no others", async () => {
    const byArgument = await gitAtWork([`--git-dir=${gitDir}`]);
    const byEnvironment = await gitAtWork([], { GIT_DIR: gitDir });
    const other = `${gitDir}2`;
    mkdirSync(other);
    await openRepo(other).git("init", "--quiet", "--bare");
    const elsewhere = await gitAtWork([`--git-dir=${other}`]);
    expect((await gitProcessesIn(gitDir)).sort()).toEqual([byArgument.pid, byEnvironment.pid].sort());
    for (const each of [byArgument, byEnvironment, elsewhere]) await each.end();
    expect(await gitProcessesIn(gitDir)).toEqual([]);
  });
});

describe("clearLeftovers()", () => {
  test("clearLeftovers() leaves a lock alone while a git is at work there", async () => {
    writeFileSync(lock, "");
    const git = await gitAtWork([`--git-dir=${gitDir}`]);
    await expect(clearLeftovers(gitDir, 200)).rejects.toMatchObject({
      message: expect.stringContaining("another git"),
      observed: `process ${git.pid} is at work there`,
    });
    expect(existsSync(lock)).toBe(true);
    await git.end();
  });

  test("clearLeftovers() waits for a git that ends its work", async () => {
    writeFileSync(lock, "");
    const git = await gitAtWork([`--git-dir=${gitDir}`]);
    const cleared = clearLeftovers(gitDir, 10_000);
    await git.end();
    await cleared;
    expect(existsSync(lock)).toBe(false);
  });

  test("clearLeftovers() removes locks at any depth, half packs and crash reports, and nothing that is in use", async () => {
    const left = [
      "HEAD.lock",
      "fast_import_crash_1",
      "refs/heads/a/b.lock",
      "objects/pack/.tmp-1-pack",
      "objects/3f/tmp_obj_F7peG5",
      "objects/info/commit-graph.lock",
    ];
    const kept = [
      "packed-refs",
      "objects/pack/pack-1.pack",
      "refs/heads/lock",
      "refs/heads/a/tmp_x",
      "logs/HEAD",
      "objects/3f/0",
    ];
    for (const name of ["refs/heads/a", "logs", "objects/info", "objects/3f"])
      mkdirSync(join(gitDir, name), { recursive: true });
    for (const name of [...left, ...kept]) writeFileSync(join(gitDir, name), "");
    await clearLeftovers(gitDir);
    expect(left.filter((name) => existsSync(join(gitDir, name)))).toEqual([]);
    expect(kept.filter((name) => existsSync(join(gitDir, name)))).toEqual(kept);
  });

  test("clearLeftovers() asks for no process where nothing is left", async () => {
    const git = await gitAtWork([`--git-dir=${gitDir}`]);
    await waitUntil({ forWhat: "the answer", deadlineMs: 1_000 }, async () => {
      await clearLeftovers(gitDir, 0);
      return { found: true };
    });
    await git.end();
  });
});
