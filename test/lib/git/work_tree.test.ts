// What stands in a folder right now, told by stats: every kind of change must change the signature, and nothing in the
// folder may hold the reader up or lead it elsewhere.
import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { environmentForPrograms } from "../../../lib/config.ts";
import { blobId, listWorkTree, readWorkTreeFile } from "../../../lib/git/work_tree.ts";
import { run } from "../../../lib/process/run.ts";
import { makeRepo, openRepo, temporaryFolder } from "../../support/git_repo.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());
let scene = 0;

function top(files: Readonly<Record<string, string>> = { "plans/a.md": "a", "plans/in/b.md": "b" }): string {
  const path = join(folder.path, String(++scene));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), content);
  }
  return path;
}

const list = (path: string) => listWorkTree(path, "plans", (each) => each.endsWith(".md"));
const makeFifo = (path: string) => run(["mkfifo", path], { env: environmentForPrograms(), deadlineMs: 10_000 });

describe("listWorkTree()", () => {
  test("lists wanted files below the folder, with their kind and size", async () => {
    const path = top({ "plans/a.md": "abc", "plans/x.md/in.md": "", "plans/b.txt": "no", "other/c.md": "no" });
    symlinkSync("/etc/passwd", join(path, "plans/link.md"));
    symlinkSync("/etc", join(path, "plans/folder-link"));
    await makeFifo(join(path, "plans/pipe.md"));
    expect(list(path).files.map(({ path: name, kind, size }) => [name, kind, kind === "file" ? size : null])).toEqual([
      ["plans/a.md", "file", 3],
      ["plans/link.md", "symlink", null],
      ["plans/pipe.md", "other", null],
      ["plans/x.md/in.md", "file", 0],
    ]);
  });

  test("gives an empty listing for a folder that is not there, and the folder itself where it is a link", () => {
    const path = top({ "other/c.md": "c" });
    expect(list(path).files).toEqual([]);
    symlinkSync("other", join(path, "plans"));
    expect(list(path).files).toMatchObject([{ path: "plans", kind: "symlink" }]);
  });

  const changes: [string, (path: string) => void][] = [
    ["written", (path) => writeFileSync(join(path, "plans/a.md"), "A")],
    ["added", (path) => writeFileSync(join(path, "plans/new.md"), "")],
    ["removed", (path) => rmSync(join(path, "plans/in/b.md"))],
    ["renamed", (path) => renameSync(join(path, "plans/a.md"), join(path, "plans/z.md"))],
    [
      "replaced by a file of the same size",
      (path) => {
        writeFileSync(join(path, "plans/twin"), "b");
        renameSync(join(path, "plans/twin"), join(path, "plans/a.md"));
      },
    ],
  ];
  for (const [what, change] of changes) {
    test(`has another signature after a file was ${what}, and the same one when nothing happened`, () => {
      const path = top();
      const before = list(path).signature;
      expect(list(path).signature).toBe(before);
      change(path);
      expect(list(path).signature).not.toBe(before);
    });
  }
});

describe("readWorkTreeFile()", () => {
  test("neither follows a link nor waits for a pipe", async () => {
    const path = top();
    symlinkSync("/etc/passwd", join(path, "plans/link.md"));
    await makeFifo(join(path, "plans/pipe.md"));
    expect(() => readWorkTreeFile(path, "plans/link.md")).toThrow();
    expect(readWorkTreeFile(path, "plans/pipe.md")).toHaveLength(0);
    expect(Buffer.from(readWorkTreeFile(path, "plans/a.md")).toString()).toBe("a");
  });
});

describe("blobId()", () => {
  for (const format of ["sha1", "sha256"] as const) {
    test(`gives the id that git gives (${format})`, async () => {
      const maker = await makeRepo(folder.path, `maker-${format}`);
      const repo = openRepo(join(folder.path, `repo-${format}`));
      await maker.git("init", "--quiet", `--object-format=${format}`, repo.path);
      repo.edit({ "a.md": "one\r\ntwo\0é" });
      const wanted = (await repo.git("hash-object", "--no-filters", "a.md")).trim();
      expect(blobId(readWorkTreeFile(repo.path, "a.md"), wanted.length)).toBe(wanted);
    });
  }
});
