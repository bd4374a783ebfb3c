// One git process answers for a whole repository: order, sizes and absences must survive, and damage must be an error.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { OpsFailure } from "../../../lib/failure.ts";
import { ObjectReader } from "../../../lib/git/object_reader.ts";
import { makeRepo, type TestRepo, temporaryFolder } from "../../support/git_repo.ts";
import { commitEntries, writeObject } from "../../support/hostile_repo.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

async function reading<T>(repo: TestRepo, work: (reader: ObjectReader) => Promise<T>): Promise<T> {
  const reader = new ObjectReader(join(repo.path, ".git"));
  try {
    return await work(reader);
  } finally {
    await reader.close();
  }
}

const LIMITS = { each: 1_000, together: 10_000_000 };

describe("ObjectReader", () => {
  let repo: TestRepo;
  let commit: string;
  beforeAll(async () => {
    repo = await makeRepo(folder.path, "repo", {
      "top.md": "top",
      "plans/a.md": "a",
      "plans/in/b.md": "bb",
      "plansx/c.md": "c",
    });
    commit = await commitEntries(
      repo,
      [
        { path: "plans/link.md", content: "/etc/passwd", mode: "120000" },
        { path: "plans/module", content: "1".repeat(40), mode: "160000" },
        { path: "plans/two\nlines.md", content: "n" },
        { path: Buffer.from("plans/caf\xe9.md", "latin1"), content: "e" },
      ],
      { checkOut: false },
    );
  });

  test("lists every file of a folder with its mode, folders walked and links named", async () => {
    const { tree, entries } = await reading(repo, (reader) => reader.list(commit, "plans"));
    expect(tree).toBe((await repo.git("rev-parse", `${commit}:plans`)).trim());
    expect(entries.map(({ mode, path, named }) => [mode, path, named])).toEqual([
      ["100644", "plans/a.md", true],
      ["100644", "plans/caf\\xe9.md", false],
      ["120000", "plans/link.md", true],
      ["160000", "plans/module", true],
      ["100644", "plans/two\nlines.md", true],
      ["100644", "plans/in/b.md", true],
    ]);
  });

  test("gives no entries for a folder that the commit does not have, and fails for a commit that git does not have", async () => {
    expect(await reading(repo, (reader) => reader.list(commit, "nowhere"))).toEqual({ tree: null, entries: [] });
    await expect(reading(repo, (reader) => reader.list("1".repeat(40), "plans"))).rejects.toThrow("Could not read");
  });

  test("gives contents in the order asked, sizes alone of what is too large, null for what is missing", async () => {
    const content = ["one", "", "x".repeat(100_000), "a\nb missing\n\0", "é"];
    const ids = [];
    for (const each of content) ids.push(await writeObject(repo, "blob", each));
    const asked = [...ids, "2".repeat(40), ids[0] ?? ""];
    const answers = await reading(repo, (reader) => reader.blobs(asked, LIMITS));
    const told = answers.map((each) => (each && "bytes" in each ? Buffer.from(each.bytes).toString() : each));
    expect(told).toEqual(["one", "", { size: 100_000 }, "a\nb missing\n\0", "é", null, "one"]);
  });

  test("answers thousands of questions at once without getting stuck", async () => {
    const id = await writeObject(repo, "blob", "y".repeat(200));
    const answers = await reading(repo, (reader) =>
      reader.blobs(
        Array.from({ length: 20_000 }, () => id),
        LIMITS,
      ),
    );
    expect(answers).toHaveLength(20_000);
    expect(answers.every((each) => each !== null && "bytes" in each && each.bytes.length === 200)).toBe(true);
  });

  test("fails on blobs that are too much together, before it reads one", async () => {
    const ids = [await writeObject(repo, "blob", "a".repeat(600)), await writeObject(repo, "blob", "b".repeat(600))];
    await expect(reading(repo, (reader) => reader.blobs(ids, { each: 1_000, together: 1_199 }))).rejects.toThrow(
      OpsFailure,
    );
    await expect(reading(repo, (reader) => reader.blobs(ids, { each: 1_000, together: 1_200 }))).resolves.toHaveLength(
      2,
    );
  });

  test("gives the hint to look for damage only where something is damaged: a new mirror is made for it", async () => {
    const hintOf = (work: (reader: ObjectReader) => Promise<unknown>) =>
      reading(repo, work).then(
        () => "nothing thrown",
        (error: OpsFailure) => error.hint ?? "no hint",
      );
    const large = await writeObject(repo, "blob", "c".repeat(600));
    const tree = await deepTree(repo, 40);
    const deep = (await repo.git("commit-tree", "-m", "deep", tree)).trim();
    expect(await hintOf((reader) => reader.blobs([large], { each: 1_000, together: 599 }))).toBe("no hint");
    expect(await hintOf((reader) => reader.list(deep, "d"))).toBe("no hint");
    expect(await hintOf((reader) => reader.list("1".repeat(40), "plans"))).toContain("fsck");
  });

  test("fails on a folder whose object is gone: unknown, not empty", async () => {
    const damaged = await makeRepo(folder.path, "damaged", { "plans/in/b.md": "b" });
    const head = (await damaged.git("rev-parse", "HEAD")).trim();
    const inner = (await damaged.git("rev-parse", "HEAD:plans/in")).trim();
    rmSync(join(damaged.path, ".git/objects", inner.slice(0, 2), inner.slice(2)));
    await expect(reading(damaged, (reader) => reader.list(head, "plans"))).rejects.toThrow(
      "Could not read the repository",
    );
  });

  test("leaves no process behind when it is closed before it was asked", async () => {
    await new ObjectReader(join(repo.path, ".git")).close();
    const argvs = readdirSync("/proc")
      .filter((pid) => /^\d+$/.test(pid))
      .map(commandLine);
    expect(argvs.filter((argv) => argv.includes(repo.path))).toEqual([]);
  });
});

/** A tree with folders named `d` in each other. */
async function deepTree(repo: TestRepo, depth: number): Promise<string> {
  let tree = (await repo.git("rev-parse", "HEAD^{tree}")).trim();
  for (let at = 0; at < depth; at++) {
    const entry = Buffer.concat([Buffer.from("40000 d\0"), Buffer.from(tree, "hex")]);
    tree = await writeObject(repo, "tree", entry);
  }
  return tree;
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}
