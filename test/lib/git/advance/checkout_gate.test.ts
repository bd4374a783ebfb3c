// The gate reads files and starts nothing: its answers must change with whatever a person's git changes.
import { afterAll, describe, expect, test } from "bun:test";
import { rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isOnBranch, passGate, passGateAgain, short } from "../../../../lib/git/advance/checkout_gate.ts";
import { temporaryFolder } from "../../../support/git_repo.ts";
import { copyOf, digestOf, found, makeScene, type Scene } from "./checkout_scene.ts";

const temporary = temporaryFolder();
afterAll(() => temporary.remove(), 60_000);
const plain = makeScene(temporary.path);
const fresh = async () => copyOf(await plain);
const at = ({ checkout }: Scene) => found(checkout.path);

function passed(scene: Scene) {
  const gate = passGate(at(scene), "main", "in_place");
  if (gate.state === "left") throw new Error(gate.observed);
  return gate;
}

describe("passGate()", () => {
  test("gives the branch's commit and writes nothing", async () => {
    const scene = await fresh();
    const before = digestOf(scene.checkout.path);
    expect(passed(scene)).toMatchObject({ state: "passed", tip: scene.base });
    expect(digestOf(scene.checkout.path)).toEqual(before);
  });

  test("minds what is under way in the files only where the files would move", async () => {
    const scene = await fresh();
    await scene.checkout.git("switch", "--quiet", "--create", "feature");
    writeFileSync(join(scene.checkout.path, ".git/MERGE_HEAD"), `${scene.base}\n`);
    writeFileSync(join(scene.checkout.path, ".git/index.lock"), "");
    expect(passGate(at(scene), "main", "in_place")).toMatchObject({ code: "merging" });
    expect(passGate(at(scene), "main", "ref_only")).toMatchObject({ state: "passed" });
    writeFileSync(join(scene.checkout.path, ".git/refs/heads/main.lock"), "");
    expect(passGate(at(scene), "main", "ref_only")).toMatchObject({ code: "locked" });
  });

  test("tells a rebase from the cherry-pick that it makes", async () => {
    const scene = await fresh();
    await scene.checkout.git("branch", "side");
    await scene.checkout.commit({ "a.txt": "main\n" });
    await scene.checkout.git("switch", "--quiet", "side");
    await scene.checkout.commit({ "a.txt": "side\n" });
    await scene.checkout.git("rebase", "main").catch(() => "stopped");
    expect(passGate(at(scene), "side", "in_place")).toMatchObject({ code: "rebasing" });
  });
});

describe("passGateAgain()", () => {
  const same: [string, (scene: Scene) => unknown][] = [
    ["nothing", () => {}],
    ["an edit, which git itself looks for", ({ checkout }) => checkout.edit({ "a.txt": "x" })],
    ["new objects", ({ checkout }) => checkout.git("hash-object", "-w", "a.txt")],
  ];
  for (const [what, happen] of same)
    test(`lets pass when there was ${what}`, async () => {
      const scene = await fresh();
      const gate = passed(scene);
      await happen(scene);
      expect(passGateAgain(at(scene), "main", "in_place", gate)).toBeNull();
    });

  const other: [string, RegExp, (scene: Scene) => unknown][] = [
    [
      "a commit",
      /^main moved meanwhile, from [0-9a-f]{12} to [0-9a-f]{12}$/,
      ({ checkout }) => checkout.commit({ "x.txt": "x" }),
    ],
    [
      "another branch",
      /^meanwhile HEAD is on feature/,
      ({ checkout }) => checkout.git("switch", "-q", "-c", "feature"),
    ],
    [
      "a lock",
      /^meanwhile .*index\.lock is there/,
      ({ checkout }) => writeFileSync(join(checkout.path, ".git/index.lock"), ""),
    ],
    [
      "a rebase",
      /^meanwhile a rebase/,
      ({ checkout }) => checkout.edit({ ".git/rebase-merge/head-name": "refs/heads/main\n" }),
    ],
    [
      "a staged file",
      /^its index or configuration changed/,
      async ({ checkout }) => {
        checkout.edit({ "x.txt": "x" });
        await checkout.git("add", "x.txt");
      },
    ],
    ["a new key", /^its index or configuration changed/, ({ checkout }) => checkout.git("config", "a.b", "c")],
    [
      "a new file of attributes",
      /^its index or configuration changed/,
      ({ checkout }) => checkout.edit({ ".git/info/attributes": "* text" }),
    ],
    [
      "an index that was put back with its old time",
      /^its index or configuration changed/,
      ({ checkout }) => {
        const index = join(checkout.path, ".git/index");
        rmSync(index);
        writeFileSync(index, "");
        utimesSync(index, 1, 1);
      },
    ],
  ];
  for (const [what, observed, happen] of other)
    test(`finds ${what}`, async () => {
      const scene = await fresh();
      const gate = passed(scene);
      await happen(scene);
      expect(passGateAgain(at(scene), "main", "in_place", gate)).toMatchObject({
        state: "left",
        code: "raced",
        observed: expect.stringMatching(observed) as string,
      });
    });
});

test("isOnBranch() takes the whole name", async () => {
  const checkout = at(await fresh());
  expect(isOnBranch(checkout, "main")).toBe(true);
  expect(isOnBranch(checkout, "mai")).toBe(false);
  expect(short("0123456789abcdef")).toBe("0123456789ab");
});
