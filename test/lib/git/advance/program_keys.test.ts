// Every key with which git starts a program, set to one that leaves a mark: either the checkout comes up without the mark,
// or it is left alone and the key is named. What git itself does with some of them shows that the mark can be left.
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../../../lib/config.ts";
import { judgeKey, type LocalKey, OVERRIDES, refusedKey } from "../../../../lib/git/advance/program_keys.ts";
import { run } from "../../../../lib/process/run.ts";
import { temporaryFolder } from "../../../support/git_repo.ts";
import { advance, copyOf, digestOf, headOf, makeScene, type Scene } from "./checkout_scene.ts";

const temporary = temporaryFolder();
const folder = temporary.path;
afterAll(() => temporary.remove(), 60_000);
const marker = join(folder, "somebody-ran-it");
const canary = join(folder, "canary");
// Does what a program in its place should, as far as one can: passes on what it gets, and says yes.
writeFileSync(canary, `#!/bin/sh\necho "$0 $*" >> ${marker}\n[ -t 0 ] || cat\n`, { mode: 0o755 });
const plain = makeScene(folder);
const fresh = async () => copyOf(await plain);

function addHooks(at: string): void {
  mkdirSync(at, { recursive: true });
  const names =
    "applypatch-msg pre-applypatch post-applypatch pre-commit pre-merge-commit prepare-commit-msg commit-msg " +
    "post-commit pre-rebase post-checkout post-merge pre-push pre-auto-gc post-rewrite reference-transaction " +
    "post-index-change fsmonitor-watchman push-to-checkout update pre-receive post-receive post-update proc-receive";
  for (const name of names.split(" ")) writeFileSync(join(at, name), `#!/bin/sh\ntouch ${marker}\n`, { mode: 0o755 });
}

const HARMLESS: Readonly<Record<string, string>> = {
  "core.fsmonitor": canary,
  "core.sshCommand": canary,
  "core.gitProxy": canary,
  "core.askPass": canary,
  "core.editor": canary,
  "core.pager": canary,
  "sequence.editor": canary,
  "credential.helper": `!${canary}`,
  "credential.https://example.invalid.helper": canary,
  "http.proxy": "http://127.0.0.1:1",
  "gpg.program": canary,
  "gpg.ssh.program": canary,
  "gpg.x509.program": canary,
  "gpg.ssh.defaultKeyCommand": canary,
  "commit.gpgSign": "true",
  "merge.verifySignatures": "true",
  "merge.evil.driver": `${canary} %A`,
  "merge.autoStash": "true",
  "merge.ff": "false",
  "merge.tool": "evil",
  "mergetool.evil.cmd": canary,
  "mergetool.evil.path": canary,
  "diff.external": canary,
  "diff.evil.command": canary,
  "diff.evil.textconv": canary,
  "diff.tool": "evil",
  "difftool.evil.cmd": canary,
  "interactive.diffFilter": canary,
  "pager.status": canary,
  "pager.merge": canary,
  "pager.fetch": canary,
  "pager.config": canary,
  "alias.status": `!${canary}`,
  "alias.merge": `!${canary}`,
  "alias.fetch": `!${canary}`,
  "alias.read-tree": `!${canary}`,
  "alias.update-ref": `!${canary}`,
  "alias.config": `!${canary}`,
  "remote.origin.uploadpack": canary,
  "remote.origin.receivepack": canary,
  "remote.origin.vcs": "evil",
  "remote.origin.url": `ext::${canary}`,
  "remote.origin.proxy": "http://127.0.0.1:1",
  "uploadpack.packObjectsHook": canary,
  "receive.procReceiveRefs": "refs",
  "protocol.allow": "always",
  "protocol.ext.allow": "always",
  "protocol.version": "0",
  "submodule.recurse": "true",
  "submodule.evil.update": `!${canary}`,
  "submodule.evil.url": `ext::${canary}`,
  "fetch.recurseSubmodules": "true",
  "fetch.prune": "true",
  "fetch.pruneTags": "true",
  "branch.main.mergeOptions": "--squash --no-commit",
  "branch.main.remote": "evil",
  "trailer.evil.command": canary,
  "trailer.evil.cmd": canary,
  "web.browser": "evil",
  "browser.evil.cmd": canary,
  "help.browser": canary,
  "man.evil.cmd": canary,
  "instaweb.httpd": canary,
  "guitool.evil.cmd": canary,
  "sendemail.smtpServer": canary,
  "sendemail.toCmd": canary,
  "imap.tunnel": canary,
  "tar.evil.command": canary,
  "gc.auto": "1",
  "maintenance.auto": "true",
  "core.untrackedCache": "true",
  "core.splitIndex": "true",
  "index.version": "4",
  "url.https://example.invalid/.insteadOf": "example:",
  "url.https://example.invalid/.pushInsteadOf": "/",
  "gitflow.path.hooks": "/somewhere/.git/hooks",
  "lfs.repositoryformatversion": "0",
  "filter.lfs.required": "true",
};

const REFUSED: Readonly<Record<string, string>> = {
  "filter.evil.clean": canary,
  "filter.evil.smudge": canary,
  "filter.evil.process": canary,
  "core.worktree": "/tmp",
  "core.alternateRefsCommand": canary,
  "core.virtualFilesystem": canary,
  "core.someKeyOfTheFuture": "true",
  "include.path": "included",
  "includeIf.gitdir:/.path": "included",
  "hook.evil.command": canary,
  "hook.evil.event": "reference-transaction",
  "fetch.bundleURI": "file:///nowhere",
  "url.ext::sh -c canary% .insteadOf": "/",
  "url.ext::canary% .insteadOf": "",
  "extensions.refStorage": "reftable",
  "extensions.someKeyOfTheFuture": "true",
  "lfs.customtransfer.evil.path": canary,
  "lfs.standaloneTransferAgent": "evil",
  "lfs.extension.evil.clean": canary,
  "future.evil.command": canary,
};

describe("a key of the repository's configuration", () => {
  for (const [key, value] of Object.entries(HARMLESS))
    test(`${key} starts nothing, and the checkout comes up`, async () => {
      const scene = await fresh();
      await scene.checkout.git("config", key, value);
      expect(await advance(scene)).toEqual({ state: "advanced", from: scene.base });
      expect(await headOf(scene.checkout, "refs/heads/main")).toBe(scene.commit);
      expect(existsSync(marker)).toBe(false);
    });

  for (const [key, value] of Object.entries(REFUSED))
    test(`${key} leaves the checkout alone, and is named`, async () => {
      const scene = await fresh();
      await scene.checkout.git("config", key, value);
      writeFileSync(join(scene.checkout.path, ".git/included"), `[core]\n\tfsmonitor = ${canary}\n`);
      const before = digestOf(scene.checkout.path);
      const result = await advance(scene);
      expect(result).toMatchObject({ state: "left", code: "program_key" });
      const { observed } = result as { observed: string };
      expect(observed.toLowerCase()).toStartWith(
        `${key.toLowerCase()} in ${scene.checkout.path}/.git/config: `.toLowerCase(),
      );
      expect(observed).not.toContain(canary);
      expect(digestOf(scene.checkout.path)).toEqual(before);
      expect(existsSync(marker)).toBe(false);
    });

  test("of a partial clone leaves it alone where git might start it for what is missing", async () => {
    const scene = await fresh();
    await scene.checkout.git("config", "remote.origin.promisor", "true");
    expect(await advance(scene)).toMatchObject({ state: "advanced" });
    const other = await fresh();
    await other.checkout.git("config", "remote.origin.promisor", "true");
    await other.checkout.git("config", "remote.origin.uploadpack", canary);
    expect(await advance(other)).toMatchObject({ state: "left", code: "program_key" });
  });
});

describe("a hook of the repository", () => {
  const places: [string, (scene: Scene) => Promise<unknown>][] = [
    ["in its hooks folder", async ({ checkout }) => addHooks(join(checkout.path, ".git/hooks"))],
    [
      "where core.hooksPath leads",
      async ({ checkout }) => {
        addHooks(join(checkout.path, ".git/elsewhere"));
        await checkout.git("config", "core.hooksPath", join(checkout.path, ".git/elsewhere"));
      },
    ],
  ];
  for (const [place, add] of places)
    test(`${place} does not run`, async () => {
      const scene = await fresh();
      await add(scene);
      rmSync(marker, { force: true });
      expect(await advance(scene)).toEqual({ state: "advanced", from: scene.base });
      expect(existsSync(marker)).toBe(false);
    });
});

describe("the mark", () => {
  const control: [string, (scene: Scene) => Promise<unknown>, readonly string[]][] = [
    ["a hook", async ({ checkout }) => addHooks(join(checkout.path, ".git/hooks")), ["pull", "--ff-only"]],
    ["core.fsmonitor", ({ checkout }) => checkout.git("config", "core.fsmonitor", canary), ["status"]],
    [
      "filter.evil.smudge",
      ({ checkout }) => checkout.git("config", "filter.evil.smudge", canary),
      ["pull", "--ff-only"],
    ],
    [
      "filter.evil.clean",
      ({ checkout }) => checkout.git("config", "filter.evil.clean", canary),
      ["add", "--renormalize", "a.txt"],
    ],
    [
      "remote.origin.uploadpack",
      ({ checkout }) => checkout.git("config", "remote.origin.uploadpack", `touch ${marker};:`),
      ["fetch"],
    ],
  ];
  for (const [what, set, command] of control)
    test(`is left by ${what} when somebody's own git runs`, async () => {
      const scene = await fresh();
      await set(scene);
      rmSync(marker, { force: true });
      await scene.checkout.git(...command).catch(() => "");
      expect(existsSync(marker)).toBe(true);
      rmSync(marker);
    });
});

describe("judgeKey()", () => {
  const key = (name: string, value: string | null = "x"): LocalKey => ({ key: name, value, file: "config" });

  test("knows every key of the section core that this machine's git knows", async () => {
    const asked = await run(["git", "help", "--config"], { env: environmentForPrograms(), deadlineMs: 10_000 });
    const names = asked.stdout.split("\n").filter((line) => line.startsWith("core."));
    expect(names.length).toBeGreaterThan(50);
    const refused = names.filter((name) => judgeKey(key(name.toLowerCase()), []).verdict === "refused");
    expect(refused).toEqual(["core.alternateRefsCommand", "core.worktree"]);
  });

  test("tells a name that is a program's from a value that is none", () => {
    expect(judgeKey(key("future.command", "touch x"), []).verdict).toBe("refused");
    for (const value of [null, "", "true", "off", "3", "10m"])
      expect(judgeKey(key("future.command", value), []).verdict).toBe("harmless");
    expect(judgeKey(key("future.colour", "touch x"), []).verdict).toBe("harmless");
  });

  test("takes a filter without a program for none, and a key without a value for one", () => {
    expect(judgeKey(key("filter.lfs.smudge", ""), []).verdict).toBe("harmless");
    expect(judgeKey(key("filter.lfs.smudge", null), []).verdict).toBe("refused");
  });

  test("reads a subsection with dots and capitals as one", () => {
    expect(judgeKey(key("filter.a.b.Clean.smudge"), []).verdict).toBe("refused");
    expect(judgeKey(key("branch.release/1.2.mergeoptions"), []).verdict).toBe("overridden");
  });
});

test("refusedKey() gives the first key in the way, and null for a plain clone's configuration", () => {
  const plainKeys = [
    "core.repositoryformatversion",
    "core.filemode",
    "core.bare",
    "remote.origin.url",
    "branch.main.merge",
  ];
  const all = plainKeys.map((name) => ({ key: name, value: "x", file: "config" }));
  expect(refusedKey(all)).toBeNull();
  const more = [
    ...all,
    { key: "include.path", value: "x", file: "other" },
    { key: "hook.x.event", value: "y", file: "config" },
  ];
  expect(refusedKey(more)).toMatchObject({ key: "include.path", file: "other" });
});

test("OVERRIDES are settings as git -c takes them", () => {
  for (const setting of OVERRIDES) expect(setting).toMatch(/^[a-z]+\.[A-Za-z]+=\S+$/);
});
