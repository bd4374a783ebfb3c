// The commit that the hub writes: exactly the planned bytes at exactly the planned paths, whatever the repository says of
// filters, line ends, hooks and signatures, and nothing when it can't be exactly that.
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Checkout, checkoutAt } from "../../../lib/git/checkout.ts";
import { commitOffTree, type NewContent } from "../../../lib/git/commit_off_tree.ts";
import { openMirror } from "../../../lib/git/mirror/mirror.ts";
import { type Files, openRepo, temporaryFolder } from "../../support/git_repo.ts";
import { commitEntries, type HostileEntry } from "../../support/hostile_repo.ts";
import { makeRemote } from "../../support/remotes.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());
let scene = 0;

/** A bare repository with one commit, as a mirror is. */
async function scened(files: Files, entries: readonly HostileEntry[] = [], ...initFlags: string[]) {
  const home = join(folder.path, String(++scene));
  const origin = await makeRemote(home, files, ...initFlags);
  if (entries.length > 0) {
    await commitEntries(origin.clone, entries, { checkOut: false });
    await origin.clone.git("push", "--quiet", "origin", "HEAD");
  }
  const repo = checkoutAt(origin.path);
  if (repo === null) throw new Error("no repository");
  const git = async (...args: string[]) => (await origin.bare.git(...args)).trim();
  const parent = await git("rev-parse", "main");
  const commit = (...made: NewContent[]) =>
    commitOffTree(repo, { parent, files: made, message: "Write the ids\n\nState-Hub-Sync: 1" });
  return { home, repo, parent, git, commit };
}

const content = (path: string, text: string | Uint8Array, mode: NewContent["mode"] = "100644"): NewContent => ({
  path,
  mode,
  bytes: typeof text === "string" ? Buffer.from(text) : text,
});

async function bytesAt({ path }: Checkout, name: string): Promise<Buffer> {
  const child = Bun.spawn(["git", "--git-dir", path, "cat-file", "blob", name], { stdout: "pipe" });
  return Buffer.from(await new Response(child.stdout).arrayBuffer());
}

describe("commitOffTree()", () => {
  test("commitOffTree() changes the planned files alone, under the hub's own name", async () => {
    const { parent, git, commit } = await scened({ "workplans/a.md": "a\n", "workplans/b.md": "b\n", "c.txt": "c\n" });
    const id = await commit(content("workplans/a.md", "new\n"), content("workplans/deep/er/x.md", "x\n", "100755"));
    expect(await git("diff-tree", "-r", "--name-status", parent, String(id))).toBe(
      "M\tworkplans/a.md\nA\tworkplans/deep/er/x.md",
    );
    expect(await git("ls-tree", String(id), "workplans/deep/er/x.md")).toStartWith("100755 blob");
    expect(await git("log", "-1", "--format=%P %an <%ae> %cn <%ce> %s|%(trailers:only)", String(id))).toBe(
      `${parent} State Hub sync <state-hub-sync@localhost> State Hub sync <state-hub-sync@localhost> Write the ids|State-Hub-Sync: 1`,
    );
    await git("fsck", "--strict", "--no-dangling");
  });

  test("commitOffTree() moves no branch, and a second commit takes nothing from the first", async () => {
    const { parent, git, commit } = await scened({ "a.md": "a\n" });
    const first = await commit(content("a.md", "1\n"));
    const second = await commit(content("b.md", "2\n"));
    expect(await git("rev-parse", "HEAD", "main")).toBe(`${parent}\n${parent}`);
    expect(await git("for-each-ref", "--format=%(refname)")).toBe("refs/heads/main\nrefs/state-hub/built");
    expect(await git("diff-tree", "-r", "--name-status", parent, String(second))).toBe("A\tb.md");
    expect(await git("rev-parse", `${second}^`)).toBe(parent);
    expect(first).not.toBe(second);
  });

  test("commitOffTree() is null when nothing would differ, and leaves what is alike out of the commit", async () => {
    const { parent, git, commit } = await scened({ "a.md": "a\n", "b.md": "b\n" });
    expect(await commit(content("a.md", "a\n"), content("b.md", "b\n"))).toBeNull();
    const id = await commit(content("a.md", "a\n"), content("b.md", "b\n", "100755"));
    expect(await git("diff-tree", "-r", "--name-status", parent, String(id))).toBe("M\tb.md");
  });

  test.each([
    ["CRLF, NUL and no newline at the end", Buffer.from("a\r\nb\0\xff\r", "latin1")],
    ["nothing", new Uint8Array(0)],
    ["a megabyte", crypto.getRandomValues(new Uint8Array(65_536))],
    ["what looks like a command of the stream", Buffer.from("\ncommit refs/heads/main\nM 100644 inline x\ndata 1\n")],
  ])("commitOffTree() writes %s byte for byte, whatever attributes say", async (_what, bytes) => {
    const attributes = "* text=auto eol=crlf ident filter=x working-tree-encoding=UTF-16\n";
    const { home, repo, git, commit } = await scened({ "workplans/a.md": "a\n" }, [
      { path: ".gitattributes", content: attributes },
    ]);
    for (const key of [
      "filter.x.clean",
      "filter.x.smudge",
      "filter.x.process",
      "gpg.program",
      "core.fsmonitor",
      "core.editor",
    ]) {
      await git("config", key, `touch '${home}/ran'`);
    }
    await git("config", "core.autocrlf", "true");
    await git("config", "commit.gpgSign", "true");
    await git("config", "user.name", "Somebody");
    const id = await commit(content("workplans/a.md", bytes));
    expect(await bytesAt(repo, `${id}:workplans/a.md`)).toEqual(Buffer.from(bytes));
    expect(existsSync(join(home, "ran"))).toBe(false);
  });

  test("commitOffTree() runs no hook of the repository", async () => {
    const { home, repo, commit } = await scened({ "a.md": "a\n" });
    mkdirSync(join(repo.path, "hooks"), { recursive: true });
    for (const name of ["reference-transaction", "pre-commit", "post-commit", "commit-msg"]) {
      writeFileSync(join(repo.path, "hooks", name), `#!/bin/sh\ntouch '${home}/ran'\n`, { mode: 0o755 });
    }
    expect(await commit(content("a.md", "1\n"))).toBeString();
    expect(existsSync(join(home, "ran"))).toBe(false);
  });

  test.each(["a b.md", 'a"b\\c.md', "-x", "--flag", "a\nb.md", "ü/漢.md", "$(touch x).md", "a\tb.md", ":1", "refs"])(
    "commitOffTree() takes the path %j as a path",
    async (name) => {
      const { repo, commit } = await scened({ "a.md": "a\n" });
      const id = await commit(content(`workplans/${name}`, "x\n"), content(name, "y\n"));
      expect(String(await bytesAt(repo, `${id}:workplans/${name}`))).toBe("x\n");
      expect(String(await bytesAt(repo, `${id}:${name}`))).toBe("y\n");
    },
  );

  test.each<[string, HostileEntry, string]>([
    ["a symlink where a folder is meant", { path: "workplans", content: "/etc", mode: "120000" }, "workplans"],
    ["a file where a folder is meant", { path: "workplans", content: "text" }, "workplans"],
    [
      "a submodule where a folder is meant",
      { path: "workplans", content: "1".repeat(40), mode: "160000" },
      "workplans",
    ],
    ["a folder where a file is meant", { path: "workplans/a.md/x", content: "x" }, "workplans/a.md/x"],
  ])("commitOffTree() refuses %s", async (_what, entry, named) => {
    const { git, parent, commit } = await scened({ "b.md": "b\n" }, [entry]);
    await expect(commit(content("workplans/a.md", "new\n"))).rejects.toMatchObject({
      message: "Could not build the commit",
      observed: `${named} would change too`,
    });
    expect(await git("rev-parse", "main")).toBe(parent);
  });

  test("commitOffTree() replaces a symlink by a file only as what it is: a change of the planned path", async () => {
    const { git, parent, commit } = await scened({ "b.md": "b\n" }, [
      { path: "workplans/a.md", content: "/etc/passwd", mode: "120000" },
    ]);
    const id = await commit(content("workplans/a.md", "new\n"));
    expect(await git("diff-tree", "-r", "--raw", "--abbrev=4", parent, String(id))).toMatch(
      /^:120000 100644 .* T\tworkplans\/a.md$/,
    );
  });

  test.each([
    [[content("../x", "")]],
    [[content("/x", "")]],
    [[content("a//b", "")]],
    [[content("a/", "")]],
    [[content("", "")]],
    [[content("a/./b", "")]],
    [[content(".git/config", "")]],
    [[content("a/.GIT/hooks/x", "")]],
    [[content("a\0b", "")]],
    [[content("a\ud800", "")]],
    [[content("a", "1"), content("a", "2")]],
    [[]],
  ])("commitOffTree() refuses the plan %j", async (files) => {
    const repo = await openMirror(join(folder.path, String(++scene)), "a", "0".repeat(40));
    const built = commitOffTree(repo, { parent: "0".repeat(40), files, message: "x" });
    await expect(built).rejects.toThrow("Could not plan a commit");
  });

  test("commitOffTree() refuses a parent that is no full id, or that the repository does not have", async () => {
    const { repo } = await scened({ "a.md": "a\n" });
    const on = (parent: string) => commitOffTree(repo, { parent, files: [content("a", "")], message: "x" });
    await expect(on("main")).rejects.toThrow("Could not plan a commit");
    await expect(on("1".repeat(40))).rejects.toMatchObject({ message: "Could not build the commit" });
    await expect(on("1".repeat(40))).rejects.not.toMatchObject({ observed: "" });
  });

  test("commitOffTree() follows no replaced object", async () => {
    const { parent, git, commit } = await scened({ "a.md": "a\n", "b.md": "b\n" });
    const tree = await git("rev-parse", `${parent}^{tree}`);
    await git("replace", tree, await git("hash-object", "-t", "tree", "-w", "/dev/null"));
    const id = await commit(content("a.md", "1\n"));
    await git("replace", "--delete", tree);
    expect(await git("diff-tree", "-r", "--name-status", parent, String(id))).toBe("M\ta.md");
  });

  test("commitOffTree() works with SHA-256, in a shallow clone, and on 300 files at once", async () => {
    const { git, parent, commit } = await scened({ "a.md": "a\n" }, [], "--object-format=sha256");
    const many = Array.from({ length: 300 }, (_, at) => content(`workplans/${at % 7}/${at}.md`, `${at}\n`));
    const id = await commit(...many);
    expect((await git("diff-tree", "-r", "--name-only", parent, String(id))).split("\n").length).toBe(300);
    const shallow = await scened({ "a.md": "a\n" });
    writeFileSync(join(shallow.repo.path, "shallow"), `${shallow.parent}\n`);
    expect(await shallow.commit(content("a.md", "1\n"))).toBeString();
  });

  test("commitOffTree() is not disturbed by what a killed one left", async () => {
    const { repo, git, commit } = await scened({ "a.md": "a\n" });
    const child = Bun.spawn(["git", `--git-dir=${repo.path}`, "fast-import", "--quiet"], {
      stdin: "pipe",
      stdout: "pipe",
    });
    child.stdin.write("blob\nmark :1\ndata 1\nx\nget-mark :1\n");
    await child.stdin.flush();
    await child.stdout.getReader().read();
    child.kill("SIGKILL");
    await child.exited;
    await git("update-ref", "refs/state-hub/built", await git("commit-tree", "-m", "Other", "main^{tree}"));
    expect(await commit(content("a.md", "1\n"))).toBeString();
    await openRepo(repo.path).git("fsck", "--strict", "--no-dangling");
  });
});
