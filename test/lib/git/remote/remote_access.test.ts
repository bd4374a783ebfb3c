// The environment of unattended git: asked of git itself, with everything around it that could prompt or run a program.
import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { askRemote } from "../../../../lib/git/remote/ask_remote.ts";
import { remoteOf } from "../../../../lib/git/remote/remote.ts";
import { remoteAccess } from "../../../../lib/git/remote/remote_access.ts";
import { temporaryFolder } from "../../../support/git_repo.ts";
import { makeRemote, plainAccess } from "../../../support/remotes.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());
let scene = 0;
const fresh = () => join(folder.path, String(++scene));
const limits = { knownBranch: null, deadlineMs: 20_000 };
const configOf = (access: { env: Readonly<Record<string, string>> }) => access.env.GIT_CONFIG_GLOBAL ?? "";

describe("remoteAccess()", () => {
  test("remoteAccess() opens three transports and no prompt, and marks the run for the hooks of checkouts", () => {
    const { env } = plainAccess(fresh());
    expect(env).toMatchObject({
      GIT_ALLOW_PROTOCOL: "file:ssh:https",
      GIT_TERMINAL_PROMPT: "0",
      GIT_ASKPASS: "",
      SSH_ASKPASS_REQUIRE: "never",
      GCM_INTERACTIVE: "never",
      STATE_HUB_SYNC: "1",
    });
    expect(env.GIT_SSH_COMMAND).toContain("-o BatchMode=yes -o StrictHostKeyChecking=yes");
  });

  test("remoteAccess() takes nothing of an inherited GIT_*", () => {
    process.env.GIT_SSH_COMMAND = "touch /x";
    process.env.GIT_CONFIG_COUNT = "1";
    try {
      const { env } = remoteAccess({ home: fresh(), safePaths: [] });
      expect(env.GIT_CONFIG_COUNT).toBeUndefined();
      expect(env.GIT_SSH_COMMAND).toStartWith("ssh -o");
    } finally {
      delete process.env.GIT_SSH_COMMAND;
      delete process.env.GIT_CONFIG_COUNT;
    }
  });

  test("remoteAccess() writes its config for its user alone, and writes none that is there", () => {
    const home = fresh();
    const path = configOf(plainAccess(home, ["/a"]));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
    const before = statSync(path).ino;
    expect(configOf(plainAccess(home, ["/a", "/a"]))).toBe(path);
    expect(statSync(path).ino).toBe(before);
  });

  test("remoteAccess() leaves the config of a run beside it alone, and removes those that nobody used for a day", () => {
    const home = fresh();
    const [one, two] = [configOf(plainAccess(home, ["/a"])), configOf(plainAccess(home, ["/b"]))];
    expect([existsSync(one), existsSync(two)]).toEqual([true, true]);
    utimesSync(one, 0, 0);
    const access = plainAccess(home, ["/c"]);
    const used = [configOf(access), configOf({ env: access.pushEnv })];
    expect(
      readdirSync(dirname(one))
        .map((name) => join(dirname(one), name))
        .sort(),
    ).toEqual([two, ...used].sort());
  });

  test("remoteAccess() gives ssh the config of the hub's home when there is one, whatever its path", async () => {
    const home = join(fresh(), "it's $(touch x); a home");
    mkdirSync(join(home, "ssh"), { recursive: true });
    const marker = join(folder.path, "canary");
    writeFileSync(
      join(home, "ssh/config"),
      `Host host.invalid\n  ProxyCommand sh -c 'echo read > ${marker}; exit 1'\n`,
    );
    const asked = await askRemote(remoteOf("host.invalid:a"), plainAccess(home), limits);
    expect(asked.state).toBe("unreachable");
    expect(existsSync(marker)).toBe(true);
  });

  test("remoteAccess() runs no program that the remote's repository or an asking user config names", async () => {
    const home = fresh();
    const { path, bare } = await makeRemote(home, { "a.md": "a\n" });
    const marker = join(home, "ran");
    const program = join(home, "program");
    writeFileSync(program, `#!/bin/sh\necho "$0 $@" >> '${marker}'\nexec "$@"\n`);
    chmodSync(program, 0o755);
    for (const key of [
      "uploadpack.packObjectsHook",
      "core.sshCommand",
      "core.fsmonitor",
      "core.gitProxy",
      "core.askPass",
    ]) {
      await bare.git("config", key, program);
    }
    await bare.git("config", "core.hooksPath", home);
    mkdirSync(join(home, "user"), { recursive: true });
    writeFileSync(join(home, "user/.gitconfig"), `[core]\n\taskPass = ${program}\n\tsshCommand = ${program}\n`);
    const access = plainAccess(home);
    expect((await askRemote(remoteOf(`file://${path}`), access, limits)).state).toBe("tip");
    expect((await askRemote(remoteOf("git@127.0.0.1:a"), access, limits)).state).toBe("unreachable");
    expect(existsSync(marker)).toBe(false);
  });

  test("remoteAccess() opens no other transport, though a URL be turned into one by the user's own config", async () => {
    const home = fresh();
    mkdirSync(join(home, "user"), { recursive: true });
    writeFileSync(join(home, "user/.gitconfig"), '[url "git://host.invalid/"]\n\tinsteadOf = https://host.invalid/\n');
    const asked = await askRemote(remoteOf("https://host.invalid/a"), plainAccess(home), limits);
    expect(asked).toMatchObject({ state: "unreachable", observed: "transport 'git' not allowed" });
  });
});

// Only root can make a repository that is another user's.
if (process.getuid?.() === 0) {
  describe("remoteAccess() as root", () => {
    test("remoteAccess() lets git read another user's repository only where it was registered", async () => {
      const home = fresh();
      const { path, clone, remote } = await makeRemote(home, { "a.md": "a\n" });
      for (const each of [path, clone.path]) Bun.spawnSync(["chown", "-R", "12345", each]);
      const bare = await askRemote(remote, plainAccess(home), limits);
      expect(bare).toMatchObject({ state: "unreachable", observed: expect.stringContaining("dubious ownership") });
      const access = plainAccess(home, [path, clone.path]);
      expect((await askRemote(remote, access, limits)).state).toBe("tip");
      expect((await askRemote(remoteOf(clone.path), access, limits)).state).toBe("tip");
      expect((await askRemote(remoteOf(join(clone.path, ".git")), access, limits)).state).toBe("tip");
    });
  });
}
