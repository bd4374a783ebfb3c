// A mirror is a cache of a remote: whatever happens to it, the next run has it right again, and whatever happens to the
// remote, the mirror shows what was last read whole.
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Checkout, readRef } from "../../../../lib/git/checkout.ts";
import { isAncestor } from "../../../../lib/git/history.ts";
import { fetchTip, openMirror } from "../../../../lib/git/mirror/mirror.ts";
import { remoteOf } from "../../../../lib/git/remote/remote.ts";
import { waitUntil } from "../../../../lib/wait_until.ts";
import { openRepo, temporaryFolder } from "../../../support/git_repo.ts";
import { commitEntries } from "../../../support/hostile_repo.ts";
import { makeMirrored, makeRemote, plainAccess } from "../../../support/remotes.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());
let scene = 0;
const fresh = () => join(folder.path, String(++scene));
const limits = { deadlineMs: 20_000 };
const SHA1 = "0".repeat(40);
const tipOf = (mirror: Checkout, branch = "main") => readRef(mirror, `refs/heads/${branch}`);
const fsck = (mirror: Checkout) => openRepo(mirror.path).git("fsck", "--strict", "--no-dangling");
const filesOf = (path: string) => readdirSync(path, { recursive: true }).map(String).sort();

function replaceByFile(path: string, text = ""): void {
  rmSync(path, { recursive: true });
  writeFileSync(path, text);
}

describe("openMirror()", () => {
  test("openMirror() ends the push of a killed run before it lands, and no reading of another run", async () => {
    const { home, origin, mirror, first } = await makeMirrored(fresh());
    const [began, go] = [join(home, "began"), join(home, "go")];
    const wait = `#!/bin/sh\ntouch '${began}'\nuntil [ -e '${go}' ]; do sleep 0.05; done\n`;
    writeFileSync(join(origin.path, "hooks/pre-receive"), wait, { mode: 0o755 });
    const git = (...args: string[]) =>
      Bun.spawn(["git", `--git-dir=${mirror.gitDir}`, ...args], {
        env: { PATH: process.env.PATH ?? "" },
        stdin: "pipe",
        stdout: "pipe",
        stderr: "ignore",
        detached: true,
      });
    const reader = git("cat-file", "--batch-check");
    const push = git("push", "--quiet", "--", origin.path, `${first}:refs/heads/late`);
    await waitUntil({ forWhat: "the push to reach the remote", deadlineMs: 10_000 }, () =>
      existsSync(began) ? { found: true } : { seen: "nothing" },
    );
    await openMirror(home, "a", first);
    writeFileSync(go, "");
    await push.exited;
    expect(push.signalCode).toBe("SIGKILL");
    expect(await origin.bare.git("for-each-ref", "--format=%(refname)")).toBe("refs/heads/main\n");
    reader.stdin.write(`${first}\n`);
    await reader.stdin.end();
    expect(await new Response(reader.stdout).text()).toStartWith(`${first} commit `);
  });
});

describe("fetchTip()", () => {
  test("fetchTip() asks no network for a tip that the mirror has", async () => {
    const { origin, first, fetch } = await makeMirrored(fresh());
    renameSync(origin.path, `${origin.path}.away`);
    expect((await fetch(first)).commit).toBe(first);
  });

  test("fetchTip() brings the branch and nothing else: no tags, no other branch, no FETCH_HEAD", async () => {
    const { origin, mirror, fetch } = await makeMirrored(fresh());
    await origin.clone.git("tag", "v1");
    await origin.clone.git("push", "--quiet", "origin", "v1", "HEAD:refs/heads/other");
    const commit = await origin.push({ "workplans/a.md": "2\n" });
    await fetch(commit);
    expect(await openRepo(mirror.path).git("for-each-ref", "--format=%(refname)")).toBe("refs/heads/main\n");
    expect(existsSync(join(mirror.path, "FETCH_HEAD"))).toBe(false);
    await fsck(mirror);
  });

  test("fetchTip() gives the newer tip of a remote that moved on since it was asked", async () => {
    const { origin, fetch } = await makeMirrored(fresh());
    const asked = await origin.push({ "workplans/a.md": "2\n" });
    const newer = await origin.push({ "workplans/a.md": "3\n" });
    expect((await fetch(asked)).commit).toBe(newer);
  });

  test("fetchTip() keeps what a force push took away, so that it can be told", async () => {
    const { origin, mirror, first, fetch } = await makeMirrored(fresh());
    const old = await origin.push({ "workplans/a.md": "2\n" });
    await fetch(old);
    await origin.clone.git("reset", "--quiet", "--hard", first);
    const forced = await origin.push({ "workplans/a.md": "other\n" }, "--force");
    expect((await fetch(forced)).commit).toBe(forced);
    expect(await isAncestor(mirror, old, forced)).toBe(false);
    expect(await isAncestor(mirror, first, forced)).toBe(true);
    await openRepo(mirror.path).git("gc", "--quiet", "--prune=now");
    expect(await isAncestor(mirror, old, forced)).toBe(false);
  });

  test("fetchTip() says that a branch is gone, and the mirror still shows it", async () => {
    const { origin, mirror, first, fetch } = await makeMirrored(fresh());
    await origin.bare.git("branch", "--move", "main", "trunk");
    await expect(fetch(SHA1)).rejects.toMatchObject({
      message: "Could not fetch the branch",
      observed: "main: couldn't find remote ref refs/heads/main",
    });
    expect(tipOf(mirror)).toBe(first);
    expect((await fetch(first, "trunk")).commit).toBe(first);
  });

  test("fetchTip() reads a shallow remote, also after it moved", async () => {
    const { home, origin, access } = await makeMirrored(fresh());
    await origin.push({ "workplans/a.md": "2\n" });
    const shallow = join(home, "shallow.git");
    await origin.clone.git("clone", "--quiet", "--bare", "--depth=1", `file://${origin.path}`, shallow);
    const mirror = await openMirror(home, "shallow", SHA1);
    const fetch = async () => {
      const commit = (await openRepo(shallow).git("rev-parse", "main")).trim();
      expect((await fetchTip(mirror, remoteOf(shallow), access, { branch: "main", commit }, limits)).commit).toBe(
        commit,
      );
    };
    await fetch();
    await origin.push({ "workplans/a.md": "3\n" });
    await openRepo(shallow).git("fetch", "--quiet", "--depth=1", `file://${origin.path}`, "+main:main");
    await fetch();
    await openRepo(shallow).git("fetch", "--quiet", "--unshallow", `file://${origin.path}`, "+main:main");
    await origin.push({ "workplans/a.md": "4\n" });
    await openRepo(shallow).git("fetch", "--quiet", origin.path, "+main:main");
    await fetch();
    await fsck(mirror);
  });

  test("fetchTip() reads a remote with SHA-256", async () => {
    const home = fresh();
    const origin = await makeRemote(home, { "a.md": "1\n" }, "--object-format=sha256");
    const commit = await origin.push({ "a.md": "2\n" });
    const mirror = await openMirror(home, "a", commit);
    const tip = await fetchTip(mirror, origin.remote, plainAccess(home), { branch: "main", commit }, limits);
    expect(tip.commit).toBe(commit);
  });

  test.each(["-x", "--upload-pack=touch", "$(touch$IFS-x)", "a;b'c\"d", "ü/漢", "HEAD"])(
    "fetchTip() takes the branch name %j as a name",
    async (branch) => {
      const { origin, mirror, first, fetch } = await makeMirrored(fresh());
      await origin.bare.git("update-ref", `refs/heads/${branch}`, first);
      expect(await fetch(first, branch)).toEqual({ branch, commit: first, checkedOut: false });
      expect(tipOf(mirror, branch)).toBe(first);
    },
  );

  test("fetchTip() makes room for a branch below the name of an old one", async () => {
    const { origin, mirror, first, fetch } = await makeMirrored(fresh());
    await origin.bare.git("branch", "--move", "main", "other");
    await origin.bare.git("update-ref", "refs/heads/main/sub", first);
    expect((await fetch(first, "main/sub")).commit).toBe(first);
    expect(tipOf(mirror, "main/sub")).toBe(first);
  });

  test("fetchTip() runs nothing and fetches nothing that a commit names", async () => {
    const { origin, mirror, fetch } = await makeMirrored(fresh());
    const marker = join(origin.path, "ran");
    await commitEntries(
      origin.clone,
      [
        {
          path: ".gitmodules",
          content: `[submodule "x"]\n\tpath = x\n\turl = ext::touch ${marker}\n\tupdate = !touch ${marker}\n`,
        },
        { path: ".gitattributes", content: "* filter=x diff=x merge=x\n" },
        { path: "x", content: "1".repeat(40), mode: "160000" },
        { path: "-x", content: "/etc/passwd", mode: "120000" },
      ],
      { checkOut: false },
    );
    await origin.clone.git("push", "--quiet", "origin", "HEAD");
    const commit = (await origin.clone.git("rev-parse", "HEAD")).trim();
    expect((await fetch(commit)).commit).toBe(commit);
    expect(existsSync(marker)).toBe(false);
    expect(filesOf(mirror.path).filter((name) => /modules|index/.test(name))).toEqual([]);
  });

  test("fetchTip() runs no hook, not even one of the user's own config", async () => {
    const { home, origin, mirror, fetch } = await makeMirrored(fresh());
    const hook = `#!/bin/sh\ntouch '${join(home, "ran")}'\n`;
    for (const where of ["user/hooks", "mirrors/a/hooks"]) {
      mkdirSync(join(home, where), { recursive: true });
      for (const name of ["reference-transaction", "post-checkout", "post-merge"]) {
        writeFileSync(join(home, where, name), hook, { mode: 0o755 });
      }
    }
    writeFileSync(join(home, "user/.gitconfig"), `[core]\n\thooksPath = ${join(home, "user/hooks")}\n`);
    await fetch(await origin.push({ "workplans/a.md": "2\n" }));
    expect(tipOf(mirror)).toBe((await origin.clone.git("rev-parse", "HEAD")).trim());
    expect(existsSync(join(home, "ran"))).toBe(false);
  });

  test("fetchTip() stops when its signal is aborted", async () => {
    const { origin, fetch } = await makeMirrored(fresh());
    const commit = await origin.push({ "workplans/a.md": "2\n" });
    const signal = AbortSignal.abort(new Error("the lock is gone"));
    await expect(fetch(commit, "main", { ...limits, signal })).rejects.toThrow("the lock is gone");
  });
});

describe("fetchTip() into a damaged mirror", () => {
  const objectsOf = (path: string) =>
    filesOf(join(path, "objects")).filter((name) => /^[0-9a-f]{2}\/|\.(pack|idx)$/.test(name));
  const eachObject = (path: string, damage: (file: string) => void) => {
    for (const name of objectsOf(path)) damage(join(path, "objects", name));
  };
  const pack = async (path: string) => void (await openRepo(path).git("gc", "--quiet"));

  test.each<[string, (path: string) => void | Promise<void>]>([
    ["whose objects are gone", (path) => eachObject(path, (file) => rmSync(file))],
    ["whose objects are empty files", (path) => eachObject(path, (file) => replaceByFile(file))],
    ["whose objects are garbage", (path) => eachObject(path, (file) => replaceByFile(file, "garbage"))],
    ["whose pack is gone", (path) => pack(path).then(() => eachObject(path, (file) => rmSync(file)))],
    ["whose pack was cut short", (path) => pack(path).then(() => eachObject(path, (file) => truncateSync(file, 40)))],
    ["whose branch holds garbage", (path) => writeFileSync(join(path, "refs/heads/main"), "garbage\n")],
    ["whose branch is empty", (path) => writeFileSync(join(path, "refs/heads/main"), "")],
    [
      "whose branch names an unknown commit",
      (path) => writeFileSync(join(path, "refs/heads/main"), `${"1".repeat(40)}\n`),
    ],
    ["whose packed refs are garbage", (path) => writeFileSync(join(path, "packed-refs"), "garbage\n")],
    ["whose config is garbage", (path) => writeFileSync(join(path, "config"), "[core]\ngarbage ] =\n")],
    ["whose shallow file is garbage", (path) => writeFileSync(join(path, "shallow"), "garbage\n")],
    [
      "of the other object format",
      (path) =>
        writeFileSync(
          join(path, "config"),
          "[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\tobjectformat = sha256\n",
        ),
    ],
  ])("fetchTip() makes one anew %s", async (_what, damage) => {
    const { origin, mirror, fetch, first } = await makeMirrored(fresh());
    await damage(mirror.path);
    expect((await fetch(first)).commit).toBe(first);
    const commit = await origin.push({ "workplans/a.md": "2\n" });
    expect((await fetch(commit)).commit).toBe(commit);
    await fsck(mirror);
    expect(readdirSync(join(mirror.path, "..", ".making"))).toEqual([]);
  });

  test("fetchTip() leaves the mirror in place when it is the remote that is damaged", async () => {
    const { origin, mirror, first, fetch } = await makeMirrored(fresh());
    const commit = await origin.push({ "workplans/a.md": "2\n" });
    rmSync(join(origin.path, "objects", commit.slice(0, 2), commit.slice(2)));
    await expect(fetch(commit)).rejects.toThrow("Could not fetch the branch");
    expect(tipOf(mirror)).toBe(first);
    await fsck(mirror);
    expect(readdirSync(join(mirror.path, "..", ".making"))).toEqual([]);
  });
});
