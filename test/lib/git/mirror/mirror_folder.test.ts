// A mirror is made whole or not at all, and one that is visibly damaged is made anew when it is opened.
import { afterAll, describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type Checkout, readRef } from "../../../../lib/git/checkout.ts";
import { discardMirror, openMirror } from "../../../../lib/git/mirror/mirror.ts";
import { openRepo, temporaryFolder } from "../../../support/git_repo.ts";
import { makeMirrored } from "../../../support/remotes.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());
let scene = 0;
const fresh = () => join(folder.path, String(++scene));
const SHA1 = "0".repeat(40);
const SHA256 = "0".repeat(64);
const tipOf = (mirror: Checkout, branch = "main") => readRef(mirror, `refs/heads/${branch}`);
const fsck = (mirror: Checkout) => openRepo(mirror.path).git("fsck", "--strict", "--no-dangling");
const filesOf = (path: string) => readdirSync(path, { recursive: true }).map(String).sort();

function replaceByFile(path: string, text = ""): void {
  rmSync(path, { recursive: true });
  writeFileSync(path, text);
}

function replaceBySymlink(path: string): void {
  renameSync(path, `${path}.real`);
  symlinkSync(`${path}.real`, path);
}

function emptyFolder(path: string): void {
  rmSync(path, { recursive: true });
  mkdirSync(path);
}

describe("openMirror()", () => {
  test("openMirror() makes a bare repository without hooks, and opens the same again", async () => {
    const home = fresh();
    const made = await openMirror(home, "a-repo", SHA1);
    expect(made).toMatchObject({ path: join(home, "mirrors/a-repo"), bare: true, head: "ref: refs/heads/main\n" });
    const before = filesOf(home);
    expect(await openMirror(home, "a-repo", SHA1)).toEqual(made);
    expect(filesOf(home)).toEqual(before);
    expect(before.filter((name) => name.includes("hooks"))).toEqual([]);
  });

  test.each(["", ".", "..", "../x", "a/b", ".making", "a\nb", "a b", "x".repeat(201)])(
    "openMirror() refuses the name %j",
    async (name) => {
      await expect(openMirror(fresh(), name, SHA1)).rejects.toThrow("Could not name a mirror");
    },
  );

  test.each(["-x", ".x", "_", "a.b-c_d"])("openMirror() takes the name %j", async (name) => {
    const home = fresh();
    expect((await openMirror(home, name, SHA1)).path).toBe(join(home, "mirrors", name));
    await discardMirror(home, name);
    expect(filesOf(join(home, "mirrors"))).toEqual([".making"]);
  });

  test.each<[string, (path: string) => void]>([
    ["whose HEAD is empty", (path) => writeFileSync(join(path, "HEAD"), "")],
    ["whose HEAD is gone", (path) => rmSync(join(path, "HEAD"))],
    ["without a config", (path) => rmSync(join(path, "config"))],
    ["with half a config", (path) => writeFileSync(join(path, "config"), "[co")],
    ["without refs", (path) => rmSync(join(path, "refs"), { recursive: true })],
    ["whose objects are a file", (path) => replaceByFile(join(path, "objects"))],
    ["that is a file", (path) => replaceByFile(path)],
    ["that is a symlink", replaceBySymlink],
    ["that is an empty folder", (path) => emptyFolder(path)],
  ])("openMirror() makes one anew %s", async (_what, damage) => {
    const { home, mirror, first, fetch } = await makeMirrored(fresh());
    damage(mirror.path);
    const opened = await openMirror(home, "a", first);
    expect(opened.path).toBe(mirror.path);
    expect(tipOf(opened)).toBeNull();
    expect((await fetch(first)).commit).toBe(first);
    await fsck(opened);
  });

  test("openMirror() makes one anew for the other object format", async () => {
    const home = fresh();
    await openMirror(home, "a", SHA1);
    await openMirror(home, "a", SHA256);
    expect(readFileSync(join(home, "mirrors/a/config"), "utf8")).toContain("objectformat = sha256");
    await openMirror(home, "a", SHA1);
    expect(readFileSync(join(home, "mirrors/a/config"), "utf8")).not.toContain("objectformat");
  });

  test("openMirror() clears what a killed git left: its locks and its half packs", async () => {
    const { home, origin, mirror, first, fetch } = await makeMirrored(fresh());
    const left = [
      "HEAD.lock",
      "packed-refs.lock",
      "shallow.lock",
      "refs/heads/main.lock",
      "objects/pack/tmp_pack_x",
      "objects/pack/pack-1.keep",
      "logs/refs/heads/main.lock",
    ];
    for (const name of left) writeFileSync(join(mirror.path, name), "");
    mkdirSync(join(mirror.path, "objects/tmp_objdir-incoming-x"));
    await openMirror(home, "a", first);
    for (const name of [...left, "objects/tmp_objdir-incoming-x"])
      expect(existsSync(join(mirror.path, name))).toBe(false);
    const commit = await origin.push({ "workplans/a.md": "2\n" });
    expect((await fetch(commit)).commit).toBe(commit);
  });

  test("discardMirror() forgets a mirror, and is content when there is none", async () => {
    const { home, mirror, first } = await makeMirrored(fresh());
    await discardMirror(home, "a");
    expect(existsSync(mirror.path)).toBe(false);
    await discardMirror(home, "a");
    expect(tipOf(await openMirror(home, "a", first))).toBeNull();
  });
});
