// git in somebody's checkout, one step at a time: what only looks writes nothing, and what moves refuses by itself too.
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, lstatSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  changedFiles,
  copyIndex,
  fetchObjects,
  mergeFastForward,
  moveRef,
  namedFew,
  reasonIn,
  rehearse,
} from "../../../../lib/git/advance/work_tree_git.ts";
import { temporaryFolder } from "../../../support/git_repo.ts";
import { copyOf, digestOf, found, headOf, makeScene, type Scene } from "./checkout_scene.ts";

const temporary = temporaryFolder();
afterAll(() => temporary.remove(), 60_000);
const plain = makeScene(temporary.path);
const fresh = async () => copyOf(await plain);
const at = ({ checkout }: Scene) => found(checkout.path);

describe("changedFiles() and rehearse()", () => {
  test("write nothing to the checkout, neither for times that changed nor for objects that are missing", async () => {
    const scene = await fresh();
    utimesSync(join(scene.checkout.path, "a.txt"), 1_000_000, 1_000_000);
    const before = digestOf(scene.checkout.path);
    const index = copyIndex(at(scene));
    try {
      expect(await changedFiles(at(scene), index)).toEqual([]);
      const step = { mirror: scene.mirror, from: scene.base, to: scene.commit };
      expect(await rehearse(at(scene), index, step)).toBeNull();
    } finally {
      index.remove();
    }
    expect(digestOf(scene.checkout.path)).toEqual(before);
    expect(existsSync(index.path)).toBe(false);
    await expect(scene.checkout.git("cat-file", "-e", scene.commit)).rejects.toThrow();
  });

  test("name files as they are, spaces, line ends and conflicts included", async () => {
    const scene = await fresh();
    const odd = "sp ace\n'\"é.txt";
    await scene.checkout.commit({ [odd]: "1\n" });
    await scene.checkout.git("branch", "side");
    await scene.checkout.commit({ "keep/b.txt": "main\n" });
    await scene.checkout.git("switch", "--quiet", "side");
    await scene.checkout.commit({ "keep/b.txt": "side\n" });
    await scene.checkout.git("merge", "main").catch(() => "conflict");
    scene.checkout.edit({ [odd]: "2\n", "untracked.txt": "x" });
    const index = copyIndex(at(scene));
    expect((await changedFiles(at(scene), index)).sort()).toEqual(["keep/b.txt", odd]);
    index.remove();
  });

  test("say git's word against an untracked file", async () => {
    const scene = await fresh();
    scene.checkout.edit({ "plans/new.md": "mine" });
    const index = copyIndex(at(scene));
    await changedFiles(at(scene), index);
    const step = { mirror: scene.mirror, from: scene.base, to: scene.commit };
    expect(await rehearse(at(scene), index, step)).toMatch(/^Untracked working tree file 'plans\/new\.md'/);
    index.remove();
  });
});

test("copyIndex() is never newer than the index", async () => {
  const scene = await fresh();
  const original = join(scene.checkout.path, ".git/index");
  utimesSync(original, 1_700_000_000.9, 1_700_000_000.9);
  const copy = copyIndex(at(scene));
  expect(lstatSync(copy.path).mtimeMs).toBe(1_700_000_000_000);
  expect(readFileSync(copy.path)).toEqual(readFileSync(original));
  copy.remove();
});

test("fetchObjects() brings the commit and touches no ref, index or FETCH_HEAD", async () => {
  const scene = await fresh();
  const git = join(scene.checkout.path, ".git");
  const seen = () =>
    Object.entries(digestOf(git)).filter(([path]) => path !== git && !path.startsWith(join(git, "objects")));
  const before = seen();
  expect(await fetchObjects(at(scene), scene.mirror, scene.commit)).toMatchObject({ exitCode: 0 });
  expect(seen()).toEqual(before);
  expect(await scene.checkout.git("cat-file", "-t", scene.commit)).toBe("commit\n");
});

describe("mergeFastForward()", () => {
  const withObjects = async () => {
    const scene = await fresh();
    await fetchObjects(at(scene), scene.mirror, scene.commit);
    return scene;
  };

  test("refuses by itself what the gate would have found, and changes nothing then", async () => {
    const spoilers: [RegExp, (scene: Scene) => unknown][] = [
      [/would be overwritten by merge: a\.txt/, ({ checkout }) => checkout.edit({ "a.txt": "mine" })],
      [/would be overwritten by merge: plans\/new\.md/, ({ checkout }) => checkout.edit({ "plans/new.md": "mine" })],
      [
        /would be overwritten by merge: plans\/new\.md/,
        ({ checkout }) => checkout.edit({ "plans/new.md": "mine", ".git/info/exclude": "*.md\n" }),
      ],
      [/File exists/, ({ checkout }) => writeFileSync(join(checkout.path, ".git/index.lock"), "")],
      [/Not possible to fast-forward/, ({ checkout }) => checkout.commit({ "mine.txt": "mine" })],
    ];
    for (const [why, spoil] of spoilers) {
      const scene = await withObjects();
      await spoil(scene);
      const head = await headOf(scene.checkout);
      const status = await scene.checkout.git("status", "--porcelain");
      const result = await mergeFastForward(at(scene), "main", scene.commit);
      expect(result.exitCode).not.toBe(0);
      expect(reasonIn(result.stderr)).toMatch(why);
      expect(await headOf(scene.checkout)).toBe(head);
      expect(await scene.checkout.git("status", "--porcelain")).toBe(status);
    }
  });

  test("takes no option from the branch's configuration", async () => {
    for (const options of ["--squash", "--no-commit --no-ff", "--abort", "--strategy=ours", "--verify-signatures"]) {
      const scene = await withObjects();
      await scene.checkout.git("config", "branch.main.mergeOptions", options);
      expect(await mergeFastForward(at(scene), "main", scene.commit)).toMatchObject({ exitCode: 0 });
      expect(await headOf(scene.checkout)).toBe(scene.commit);
      expect(await scene.checkout.git("status", "--porcelain")).toBe("");
    }
  });
});

test("moveRef() moves a ref only from where it was seen", async () => {
  const scene = await fresh();
  await fetchObjects(at(scene), scene.mirror, scene.commit);
  await scene.checkout.git("branch", "other");
  const late = await moveRef(at(scene), "refs/heads/other", scene.commit, scene.commit);
  expect(late.exitCode).not.toBe(0);
  expect(reasonIn(late.stderr)).toMatch(/cannot lock ref/);
  expect(await moveRef(at(scene), "refs/heads/other", scene.base, scene.commit)).toMatchObject({ exitCode: 0 });
  expect(await headOf(scene.checkout, "other")).toBe(scene.commit);
});

test("reasonIn() gives the line that says why, with the file, and no secret", () => {
  const stderr = "warning: x\nerror: These files would be overwritten:\n\ta.txt\nPlease commit.\nAborting\n";
  expect(reasonIn(stderr)).toBe("These files would be overwritten: a.txt");
  expect(reasonIn("fatal: unable to access 'https://me:pass@host/x'\n")).toBe("unable to access 'https://host/x'");
  expect(reasonIn("Killed\n")).toBe("Killed");
  expect(reasonIn("")).toBe("");
});

test("namedFew() speaks of one file and of many", () => {
  expect(namedFew(["a"])).toBe("the file a");
  expect(namedFew(["a", "b"])).toBe("2 files, among them a,");
});
