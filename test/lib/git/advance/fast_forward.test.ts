// A person who comes in between the last look and the move goes first, and what git could not finish is told as it is.
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../../../support/git_repo.ts";
import { advance, copyOf, headOf, makeScene, must, type Scene, withUserConfig } from "./checkout_scene.ts";

const temporary = temporaryFolder();
const folder = temporary.path;
afterAll(() => temporary.remove(), 60_000);
const plain = makeScene(folder);

/** A checkout of its own, clean and behind. */
const fresh = async () => copyOf(await plain);
const dotGit = ({ checkout }: Scene, name: string) => join(checkout.path, ".git", name);

describe("advanceCheckout() when a person comes in between", () => {
  /** Does `script` while the mirror packs the objects: the checkout was found fit, and nothing has moved yet. */
  async function meanwhile<T>(scene: Scene, script: string, body: () => Promise<T>): Promise<T> {
    const home = join(scene.folder, `home-${crypto.randomUUID()}`);
    mkdirSync(home);
    const hook = join(home, "person");
    const person = "unset GIT_DIR GIT_CONFIG_PARAMETERS GIT_CONFIG_COUNT GIT_INDEX_FILE";
    const act = `( ${person}; cd ${JSON.stringify(scene.checkout.path)} && ${script} && touch ${home}/done ) >&2`;
    writeFileSync(hook, `#!/bin/sh\n${act}\nexec "$@"\n`, { mode: 0o755 });
    const config = `[uploadpack]\n\tpackObjectsHook = ${hook}\n[user]\n\tname = P\n\temail = p@x\n`;
    const result = await withUserConfig(home, config, body);
    expect(existsSync(join(home, "done"))).toBe(true);
    return result;
  }

  const cases: [string, string, RegExp, (scene: Scene) => Promise<void>][] = [
    [
      "with a commit",
      "echo mine > mine.txt && git add mine.txt && git commit -qm Mine",
      /moved meanwhile/,
      async ({ checkout }) => {
        expect(await checkout.git("show", "HEAD:mine.txt")).toBe("mine\n");
        expect(await checkout.git("status", "--porcelain")).toBe("");
      },
    ],
    [
      "with another branch",
      "git switch -qc feature",
      /HEAD is on feature/,
      async ({ checkout, base }) => {
        expect(await headOf(checkout, "feature")).toBe(base);
        expect(await headOf(checkout, "main")).toBe(base);
      },
    ],
    [
      "with a staged file",
      "echo mine > mine.txt && git add mine.txt",
      /index or configuration changed/,
      async ({ checkout }) => {
        expect(await checkout.git("status", "--porcelain")).toBe("A  mine.txt\n");
      },
    ],
    [
      "with a git at work",
      "touch .git/index.lock",
      /index\.lock is there/,
      async (scene) => {
        rmSync(dotGit(scene, "index.lock"));
        expect(await scene.checkout.git("status", "--porcelain")).toBe("");
      },
    ],
    ["with a merge", "git update-ref MERGE_HEAD HEAD", /merge is under way/, async () => {}],
    [
      "with a program in the configuration",
      "git config filter.evil.smudge 'touch ../ran; cat'",
      /configuration changed/,
      async ({ folder: at }) => {
        expect(existsSync(join(at, "ran"))).toBe(false);
      },
    ],
    [
      "with an edit of a file that would change",
      "echo edited > a.txt",
      /would be overwritten by merge: a\.txt/,
      async ({ checkout }) => {
        expect(readFileSync(join(checkout.path, "a.txt"), "utf8")).toBe("edited\n");
        expect(await checkout.git("status", "--porcelain")).toBe(" M a.txt\n");
      },
    ],
    [
      "with a file where one is to be written",
      "mkdir plans && echo mine > plans/new.md",
      /would be overwritten by merge: plans\/new\.md/,
      async ({ checkout }) => {
        expect(readFileSync(join(checkout.path, "plans/new.md"), "utf8")).toBe("mine\n");
      },
    ],
    [
      "with an ignored file where one is to be written",
      "echo '*.md' >> .git/info/exclude && mkdir plans && echo mine > plans/new.md",
      /would be overwritten by merge: plans\/new\.md/,
      async ({ checkout }) => {
        expect(readFileSync(join(checkout.path, "plans/new.md"), "utf8")).toBe("mine\n");
      },
    ],
  ];
  for (const [what, script, observed, then] of cases)
    test(`${what} leaves the person's work as it is (raced)`, async () => {
      const scene = await fresh();
      const result = await meanwhile(scene, script, () => advance(scene));
      expect(result).toMatchObject({
        state: "left",
        code: "raced",
        observed: expect.stringMatching(observed) as string,
      });
      if (what !== "with a commit") expect(await headOf(scene.checkout, "main")).toBe(scene.base);
      expect(readFileSync(join(scene.checkout.path, "gone.txt"), "utf8")).toBe("to be removed\n");
      await then(scene);
    });

  test("with an edit of a file that does not change keeps the edit, and the checkout comes up", async () => {
    const scene = await fresh();
    const result = await meanwhile(scene, "echo edited > keep/b.txt", () => advance(scene));
    expect(result).toEqual({ state: "advanced", from: scene.base });
    expect(await scene.checkout.git("status", "--porcelain")).toBe(" M keep/b.txt\n");
    expect(readFileSync(join(scene.checkout.path, "keep/b.txt"), "utf8")).toBe("edited\n");
  });

  test("with a commit on a branch that nobody has checked out loses to the person's", async () => {
    const scene = await fresh();
    await scene.checkout.git("switch", "--quiet", "--create", "feature");
    const script = "git update-ref refs/heads/main $(git commit-tree -p main -m Mine main^{tree})";
    const result = await meanwhile(scene, script, () => advance(scene, { ownRemote: true }));
    expect(result).toMatchObject({
      state: "left",
      code: "raced",
      observed: expect.stringMatching(/moved meanwhile/) as string,
    });
    expect(await scene.checkout.git("log", "-1", "--format=%s", "main")).toBe("Mine\n");
  });
});

describe("fastForward()", () => {
  const root = process.geteuid?.() === 0;
  test("says so when git moved the files and could not move the branch (failed)", async () => {
    const scene = await fresh();
    await scene.checkout.git("pack-refs", "--all");
    // A folder of this name stops git when it writes the ref, which is the last that it does.
    scene.checkout.edit({ ".git/refs/heads/main/.stray": "x" });
    const result = await advance(scene);
    expect(result).toMatchObject({ state: "left", code: "failed" });
    expect((result as { observed: string }).observed).toMatch(
      /refs\/heads\/main.*: git stopped half-way, not as in HEAD: 3 files, among them /,
    );
    expect(await headOf(scene.checkout)).toBe(scene.base);
  });

  test.if(root)("says so when git stopped half-way after all (failed)", async () => {
    const scene = await fresh();
    // A file that is a mount cannot be replaced, and nothing tells that before.
    const file = join(scene.checkout.path, "a.txt");
    await must("mount", "--bind", file, file);
    try {
      expect(await advance(scene)).toMatchObject({
        state: "left",
        code: "failed",
        observed: expect.stringMatching(/a\.txt'?: Device or resource busy: git stopped half-way, /) as string,
      });
      expect(existsSync(dotGit(scene, "index.lock"))).toBe(false);
    } finally {
      await must("umount", file);
    }
  });
});
