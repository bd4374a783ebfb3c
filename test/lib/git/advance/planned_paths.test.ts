// What a fast-forward would write, told from two commits, and what of a folder's own stands in its way.
import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { pathRefused, plannedPaths } from "../../../../lib/git/advance/planned_paths.ts";
import type { TreeChange } from "../../../../lib/git/tree_changes.ts";
import { makeRepo, openRepo, temporaryFolder } from "../../../support/git_repo.ts";
import { found } from "./checkout_scene.ts";

const temporary = temporaryFolder();
afterAll(() => temporary.remove(), 60_000);

const planned = (status: string, path: string, modes = "100644 100644"): TreeChange => {
  const [oldMode = "", newMode = ""] = modes.split(" ");
  return { path, status, oldMode, newMode, newId: "" };
};

function folderWith(files: readonly string[]): string {
  const top = join(temporary.path, crypto.randomUUID());
  mkdirSync(top);
  openRepo(top).edit(Object.fromEntries(files.map((file) => [file, "x"])));
  return top;
}

describe("plannedPaths()", () => {
  test("lists every path that differs, renames as two, names as they are", async () => {
    const odd = 'sp ace\n\t"é.txt';
    const repo = await makeRepo(temporary.path, "repo", { "a.txt": "a\n", "old.txt": "same\n", [odd]: "1" });
    const from = (await repo.git("rev-parse", "HEAD")).trim();
    const to = await repo.commit({ "a.txt": "b\n", "old.txt": null, "dir/new.txt": "same\n", [odd]: "2" });
    const paths = await plannedPaths(found(repo.path), from, to);
    expect(paths.map(({ status, path }) => [status, path]).sort()).toEqual([
      ["A", "dir/new.txt"],
      ["D", "old.txt"],
      ["M", "a.txt"],
      ["M", odd],
    ]);
    expect(await plannedPaths(found(repo.path), to, to)).toEqual([]);
  });

  test("fails where a commit is missing: unknown is not nothing", async () => {
    const repo = await makeRepo(temporary.path, "lacking", {});
    const head = (await repo.git("rev-parse", "HEAD")).trim();
    await expect(plannedPaths(found(repo.path), head, "1".repeat(40))).rejects.toThrow(
      "Could not tell what a fast-forward",
    );
  });
});

describe("pathRefused()", () => {
  test("lets pass what is free, what git itself takes away, and empty folders", () => {
    const top = folderWith(["file", "folder/tracked"]);
    mkdirSync(join(top, "empty/inner"), { recursive: true });
    const free = [
      [planned("A", "new/deep/file.txt")],
      [planned("A", "empty")],
      [planned("A", "empty/inner/file.txt")],
      [planned("D", "file"), planned("A", "file/inside")],
      [planned("D", "folder/tracked"), planned("A", "folder")],
      [planned("A", "sub", "000000 160000")],
      [planned("M", "file")],
    ];
    for (const each of free) expect(pathRefused(top, each)).toBeNull();
  });

  test("names what is in the way", () => {
    const top = folderWith(["file", "folder/tracked", "folder/mine", "sub/.git"]);
    symlinkSync("nowhere", join(top, "link"));
    const taken: [TreeChange[], string, RegExp][] = [
      [[planned("A", "file")], "would_overwrite", /^file would be written:/],
      [[planned("A", "file/inside")], "would_overwrite", /and file is there/],
      [[planned("A", "link")], "would_overwrite", /^link would be written:/],
      [[planned("A", "link/inside")], "would_overwrite", /and link is there/],
      [[planned("D", "folder/tracked"), planned("A", "folder")], "would_overwrite", /and folder\/mine is there/],
      [[planned("M", "sub", "160000 160000")], "submodule", /the submodule sub /],
      [[planned("D", "sub", "160000 000000")], "submodule", /the submodule sub /],
    ];
    for (const [paths, code, observed] of taken)
      expect(pathRefused(top, paths)).toMatchObject({ code, observed: expect.stringMatching(observed) as string });
  });
});
