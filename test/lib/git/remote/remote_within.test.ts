// Which remotes are part of the very checkout that names them, in real repositories.
import { afterAll, expect, test } from "bun:test";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { remoteOf } from "../../../../lib/git/remote/remote.ts";
import { checkoutAround } from "../../../../lib/git/remote/remote_within.ts";
import { makeRepo, temporaryFolder } from "../../../support/git_repo.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

test("checkoutAround() names the checkout that a remote is, or that holds it, also by another name", async () => {
  const { path, git } = await makeRepo(folder.path, "repo", { "a.txt": "a" });
  await git("clone", "--quiet", "--bare", ".", "inner/r.git");
  symlinkSync(join(path, "inner"), join(folder.path, "link"));
  for (const url of [path, `${path}/.git`, `${path}/inner/r.git`, `file://${path}`, join(folder.path, "link/r.git")])
    expect({ url, around: checkoutAround(remoteOf(url), ["/nowhere", path]) }).toEqual({ url, around: path });
});

test("checkoutAround() names the linked worktree whose main repository the remote is", async () => {
  const { path, git } = await makeRepo(folder.path, "main", { "a.txt": "a" });
  const linked = join(folder.path, "linked");
  await git("worktree", "add", "--quiet", linked);
  expect(checkoutAround(remoteOf(`${path}/.git`), [linked])).toBe(linked);
});

test("checkoutAround() takes what lies beside, a bare repository and other hosts for remotes", async () => {
  const { path, git } = await makeRepo(folder.path, "beside", { "a.txt": "a" });
  const bare = `${path}.git`;
  await git("clone", "--quiet", "--bare", ".", bare);
  for (const url of [bare, `ssh://host${path}`, `https://host${path}`])
    expect(checkoutAround(remoteOf(url), [path, bare])).toBeNull();
});
