// Filters of the user's own work on the files that a repository picks for them: not in a sweep.
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../../../support/git_repo.ts";
import {
  advance,
  copyOf,
  digestOf,
  makeScene,
  type Scene,
  type SceneOptions,
  withUserConfig,
} from "./checkout_scene.ts";

const temporary = temporaryFolder();
const folder = temporary.path;
afterAll(() => temporary.remove(), 60_000);
const marker = join(folder, "somebody-ran-it");
const driver = (name: string) =>
  `[filter "${name}"]\n\tclean = cat\n\tsmudge = "touch ${marker}; cat"\n\trequired = true\n`;
const withFilter = (name: string, body: () => Promise<unknown>) =>
  withUserConfig(join(folder, crypto.randomUUID()), driver(name), body);

describe("filterRefused()", () => {
  const chosen: [string, SceneOptions][] = [
    ["by the attributes that are there", { after: { "new.txt": "x\n" } }],
    ["by the attributes that come with it", { after: { "new.md": "x\n", ".gitattributes": "*.md filter=evil\n" } }],
    ["by attributes of its folder", { after: { "sub/new.md": "x\n", "sub/.gitattributes": "*.md filter=evil\n" } }],
  ];
  for (const [how, options] of chosen)
    test(`leaves a checkout of which a planned file is chosen ${how}`, async () => {
      const scene = await makeScene(folder, options);
      const before = digestOf(scene.checkout.path);
      const result = await withFilter("evil", () => advance(scene));
      expect(result).toMatchObject({
        state: "left",
        code: "program_key",
        observed: expect.stringMatching(
          /^filter\.evil of the user's own configuration would work on .*new\./,
        ) as string,
      });
      expect(digestOf(scene.checkout.path)).toEqual(before);
      expect(existsSync(marker)).toBe(false);
    });

  test("leaves one whose own file of attributes chooses it", async () => {
    const scene = copyOf(await makeScene(folder, { after: { "new.md": "x\n" } }));
    writeFileSync(join(scene.checkout.path, ".git/info/attributes"), "new.md filter=evil\n");
    expect(await withFilter("evil", () => advance(scene))).toMatchObject({ state: "left", code: "program_key" });
  });

  const free: [string, string, SceneOptions][] = [
    ["no planned file is chosen", "evil", { after: { "new.md": "x\n" } }],
    ["another one is chosen", "lfs", { after: { "new.txt": "x\n" } }],
    ["the chosen file goes", "evil", { after: { "gone.txt": null } }],
  ];
  for (const [why, name, options] of free)
    test(`lets pass where ${why}`, async () => {
      const scene: Scene = await makeScene(folder, options);
      expect(await withFilter(name, () => advance(scene))).toEqual({ state: "advanced", from: scene.base });
      expect(existsSync(marker)).toBe(false);
    });

  test("has a mark that a person's own git leaves", async () => {
    const scene = await makeScene(folder, { after: { "new.txt": "x\n" } });
    // The fixture's git reads no configuration of a user's: so it is given as the person's own by an include.
    writeFileSync(join(scene.folder, "person"), driver("evil"));
    await scene.checkout.git("-c", `include.path=${scene.folder}/person`, "pull", "--quiet", "--ff-only");
    expect(readFileSync(join(scene.checkout.path, "new.txt"), "utf8")).toBe("x\n");
    expect(existsSync(marker)).toBe(true);
    rmSync(marker);
  });
});
