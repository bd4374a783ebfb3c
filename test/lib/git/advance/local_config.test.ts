// A repository's own configuration as text: what is written there, and not what git would make of it.
import { afterAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { isTrue, localConfig } from "../../../../lib/git/advance/local_config.ts";
import { makeRepo, temporaryFolder } from "../../../support/git_repo.ts";
import { found } from "./checkout_scene.ts";

const temporary = temporaryFolder();
afterAll(() => temporary.remove(), 60_000);
const fresh = () => makeRepo(temporary.path, crypto.randomUUID(), {});
const values = async (path: string) => (await localConfig(found(path))).map(({ key, value }) => [key, value]);

test("localConfig() gives keys without a value, with line ends and with capitals, and follows no include", async () => {
  const repo = await fresh();
  writeFileSync(join(repo.path, "included"), "[core]\n\tfsmonitor = evil\n");
  const text = `[core]\n\tBARE\n[Include]\n\tpath = ${repo.path}/included\n[remote "Or.igin"]\n\tURL = "a\\nb"\n\turl =\n`;
  writeFileSync(join(repo.path, ".git/config"), text);
  expect(await values(repo.path)).toEqual([
    ["core.bare", null],
    ["include.path", `${repo.path}/included`],
    ["remote.Or.igin.url", "a\nb"],
    ["remote.Or.igin.url", ""],
  ]);
});

test("localConfig() reads the worktree's file only where the first one says so", async () => {
  const repo = await fresh();
  writeFileSync(join(repo.path, ".git/config.worktree"), "[a]\n\tb = c\n");
  expect(await values(repo.path)).not.toContainEqual(["a.b", "c"]);
  await repo.git("config", "extensions.worktreeConfig", "true");
  expect(await values(repo.path)).toContainEqual(["a.b", "c"]);
});

test("isTrue() takes the last value, as git reads one", () => {
  const all = (...given: (string | null)[]) => given.map((value) => ({ key: "core.bare", value, file: "config" }));
  for (const value of [null, "true", "Yes", "on", "1"]) expect(isTrue(all("false", value), "core.bare")).toBe(true);
  for (const value of ["", "false", "no", "off", "0"]) expect(isTrue(all("true", value), "core.bare")).toBe(false);
  expect(isTrue([], "core.bare")).toBe(false);
});
