// What `state_hub.ts hook ...` answers an operator: for which repositories, what was refused and why, and what to type next.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { addRepo, checkoutOfPath, removeRepo } from "../../../../lib/consistency/repo_registry.ts";
import { hookInstall, hookRemove, hookStatus } from "../../../../lib/hub/git_hook/hook_commands.ts";
import { makeRepo, type TestRepo, temporaryFolder } from "../../../support/git_repo.ts";
import { freshHub, TEST_HOST, type TestHub } from "../../../support/hub.ts";
import { plainView } from "../../../support/plain_view.ts";

const folder = temporaryFolder();
let hub: TestHub;
const repos: Record<string, TestRepo> = {};
beforeAll(async () => {
  hub = await freshHub();
  for (const name of ["garden", "it's a kitchen", "cellar", "attic"]) {
    const repo = await makeRepo(folder.path, name, { "a.md": "a\n" });
    repos[name] = repo;
    if (name !== "attic") await hub.database.transaction((tx) => addRepo(tx, asked(repo.path)));
  }
});
afterAll(async () => {
  await hub.close();
  folder.remove();
});

const asked = (path: string) => ({ path, host: TEST_HOST, slug: null, domain: null, remoteUrl: null });
const at = (name: string) => repos[name]?.path ?? "";
const request = (names: readonly string[], dryRun = false) => ({
  paths: names.map(at),
  host: TEST_HOST,
  dryRun,
  checkoutOf: checkoutOfPath,
});
const hookOf = (name: string) => join(at(name), ".git/hooks/post-commit");
const quoted = () => `'${folder.path}/it'\\''s a kitchen'`;

test("a dry run writes nothing and names the command that does; then all repositories that were named have it", async () => {
  const names = ["garden", "it's a kitchen"];
  const dry = await hookInstall(hub.database, request(names, true));
  const command = `scripts/state_hub.ts hook install ${at("garden")} ${quoted()}`;
  expect([dry.exitCode, dry.next, existsSync(hookOf("garden"))]).toEqual([0, command, false]);
  expect(dry.render(await plainView())).toStartWith("Dry run: nothing was written.\n\nrepository");
  const done = await hookInstall(hub.database, request(names));
  expect([done.exitCode, done.next]).toEqual([0, `scripts/state_hub.ts hook status ${at("garden")} ${quoted()}`]);
  expect(done.document).toMatchObject({
    dry_run: false,
    hooks: [
      { slug: "garden", path: at("garden"), hook: hookOf("garden"), state: "installed", did: "installed" },
      { slug: "it-s-a-kitchen", state: "installed", did: "installed", why: null, block: null },
    ],
  });
  const status = await hookStatus(hub.database, request([...names, "cellar"]));
  expect(status.next).toBe(`scripts/state_hub.ts hook install ${at("cellar")} --dry-run`);
  expect(status.render(await plainView(200)).replace(/ +/g, " ")).toContain(`cellar ${hookOf("cellar")} not installed`);
  expect((await hookStatus(hub.database, request(names))).next).toBe("scripts/state_hub.ts status");
});

test("the same repository named twice gets it once", async () => {
  const { document } = await hookInstall(hub.database, request(["cellar", "cellar"]));
  expect((document.hooks as { did: string }[]).map(({ did }) => did)).toEqual(["installed", "nothing"]);
  expect((await hookRemove(hub.database, request(["cellar"]))).exitCode).toBe(0);
});

test("one that is refused is told with the lines to paste, exit 1, and the others are done", async () => {
  writeFileSync(hookOf("cellar"), "#!/usr/bin/env python3\n", { mode: 0o755 });
  const outcome = await hookInstall(hub.database, request(["cellar", "garden"]));
  expect(outcome.exitCode).toBe(1);
  const text = outcome.render(await plainView(200));
  expect(text).toContain(`${hookOf("cellar")}: it is no script for sh or bash\nPaste these lines into a shell script`);
  expect(text).toContain("\n# custodian-sync-hook begin");
  expect((outcome.document.hooks as { did: string }[]).map(({ did }) => did)).toEqual(["refused", "nothing"]);
});

test("a repository that is not registered is wrong usage, before anything is written; it can be looked at and tidied", async () => {
  await hookRemove(hub.database, request(["garden"]));
  await expect(hookInstall(hub.database, request(["garden", "attic"]))).rejects.toMatchObject({
    kind: "usage",
    observed: "the repository is not registered on this host",
    hint: `scripts/state_hub.ts repo add ${at("attic")}`,
  });
  expect(existsSync(hookOf("garden"))).toBe(false);
  await expect(hookStatus(hub.database, { ...request([]), paths: [folder.path] })).rejects.toMatchObject({
    kind: "usage",
  });
  expect((await hookStatus(hub.database, request(["attic"]))).render(await plainView())).toContain("not registered");
});

test("the hook of a repository that was taken out of the hub can still be removed", async () => {
  await hookInstall(hub.database, request(["garden"]));
  await hub.database.transaction((tx) => removeRepo(tx, "garden"));
  expect((await hookStatus(hub.database, request(["garden"]))).document).toMatchObject({
    hooks: [{ slug: null, state: "installed" }],
  });
  const removed = await hookRemove(hub.database, request(["garden"]));
  expect(removed.document).toMatchObject({ hooks: [{ did: "removed", state: "not_installed" }] });
  expect(existsSync(hookOf("garden"))).toBe(false);
});
