// Publishing a commit on real remotes: it arrives as a fast-forward of the tip that it was built on, or nothing changes.
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Checkout, readRef } from "../../../../lib/git/checkout.ts";
import { commitOffTree } from "../../../../lib/git/commit_off_tree.ts";
import { fetchTip, openMirror } from "../../../../lib/git/mirror/mirror.ts";
import { pushCommit } from "../../../../lib/git/remote/push.ts";
import { type Remote, remoteOf } from "../../../../lib/git/remote/remote.ts";
import type { RemoteAccess } from "../../../../lib/git/remote/remote_access.ts";
import { openRepo, temporaryFolder } from "../../../support/git_repo.ts";
import { startHttpsRemote } from "../../../support/https_remote.ts";
import { makeRemote, plainAccess, type TestRemote } from "../../../support/remotes.ts";
import { startSshd } from "../../../support/sshd.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());
let scene = 0;
const fresh = () => join(folder.path, String(++scene));

interface Reached {
  readonly home: string;
  readonly origin: TestRemote;
  readonly remote: Remote;
  readonly access: RemoteAccess;
}

/** A commit in a mirror, ready to be pushed. */
async function ready({ home, origin, remote, access }: Reached, bytes: Uint8Array = Buffer.from("new\n")) {
  const parent = (await origin.bare.git("rev-parse", "main")).trim();
  const mirror = await openMirror(home, `m${++scene}`, parent);
  await fetchTip(mirror, remote, access, { branch: "main", commit: parent }, { deadlineMs: 20_000 });
  const files = [{ path: "workplans/a.md", mode: "100644", bytes }] as const;
  const commit = String(await commitOffTree(mirror, { parent, files, message: "Write" }));
  const push = (deadlineMs = 20_000) =>
    pushCommit(mirror, remote, access, { commit, parent, branch: "main", deadlineMs });
  return { mirror, parent, commit, push };
}

async function local(...initFlags: string[]) {
  const home = fresh();
  const origin = await makeRemote(home, { "workplans/a.md": "a\n" }, ...initFlags);
  const reached = { home, origin, remote: origin.remote, access: plainAccess(home) };
  return { ...reached, ...(await ready(reached)) };
}

const tipOf = (mirror: Checkout) => readRef(mirror, "refs/heads/main");
const remoteTip = async ({ bare }: TestRemote) => (await bare.git("rev-parse", "main")).trim();
const hook = ({ path }: TestRemote, name: string, text: string) => {
  mkdirSync(join(path, "hooks"), { recursive: true });
  writeFileSync(join(path, "hooks", name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
};

/** The remote is whole and where it was; the mirror's branch as well; no half push lies about. */
async function expectUntouched(origin: TestRemote, mirror: Checkout, tip: string): Promise<void> {
  expect(await remoteTip(origin)).toBe(tip);
  expect(tipOf(mirror)).toBe(tip);
  await origin.bare.git("fsck", "--strict", "--no-dangling");
  expect(readdirSync(join(origin.path, "objects")).filter((name) => name.startsWith("tmp_"))).toEqual([]);
}

describe("pushCommit() to a remote on this machine", () => {
  test("pushCommit() moves the branch, here and there, and pushes nothing else", async () => {
    const { origin, mirror, commit, push } = await local();
    expect(await push()).toEqual({ state: "pushed" });
    expect([await remoteTip(origin), tipOf(mirror)]).toEqual([commit, commit]);
    expect(await origin.bare.git("for-each-ref", "--format=%(refname)")).toBe("refs/heads/main\n");
    await origin.bare.git("fsck", "--strict", "--no-dangling");
  });

  test("pushCommit() of what was pushed already is a success", async () => {
    const { origin, commit, push } = await local();
    expect([await push(), await push()]).toEqual([{ state: "pushed" }, { state: "pushed" }]);
    expect(await remoteTip(origin)).toBe(commit);
  });

  test("pushCommit() loses a race against a newer commit, and leaves it alone", async () => {
    const { origin, mirror, parent, push } = await local();
    const newer = await origin.push({ "b.md": "b\n" });
    expect(await push()).toEqual({ state: "raced", observed: "stale info" });
    expect(await remoteTip(origin)).toBe(newer);
    expect(tipOf(mirror)).toBe(parent);
  });

  test("pushCommit() does not bring back what a force push took away in the meantime", async () => {
    const home = fresh();
    const origin = await makeRemote(home, { "a.md": "a\n" });
    const root = await remoteTip(origin);
    await origin.push({ "secret.md": "to be forgotten\n" });
    const reached = { home, origin, remote: origin.remote, access: plainAccess(home) };
    const { push } = await ready(reached);
    await origin.bare.git("update-ref", "refs/heads/main", root);
    expect(await push()).toEqual({ state: "raced", observed: "stale info" });
    expect(await remoteTip(origin)).toBe(root);
  });

  test("pushCommit() does not bring back a branch that was deleted in the meantime", async () => {
    const { origin, push } = await local();
    await origin.bare.git("update-ref", "-d", "refs/heads/main");
    expect(await push()).toEqual({ state: "raced", observed: "stale info" });
    expect(await origin.bare.git("for-each-ref")).toBe("");
  });

  test("pushCommit() loses a race that the remote itself decides", async () => {
    const { origin, mirror, parent, push } = await local();
    const other = (await origin.bare.git("commit-tree", "-p", parent, "-m", "Faster", `${parent}^{tree}`)).trim();
    hook(origin, "pre-receive", `env -u GIT_QUARANTINE_PATH git update-ref refs/heads/main ${other}`);
    const end = await push();
    expect(end).toMatchObject({ state: "raced", observed: expect.stringContaining("but expected") });
    expect([await remoteTip(origin), tipOf(mirror)]).toEqual([other, parent]);
  });

  test.each(["pre-receive", "update"])("pushCommit() gives the words of a %s hook that refuses", async (name) => {
    const { origin, mirror, parent, push } = await local();
    hook(origin, name, "printf 'no pushes on Friday\\033[31m\\nask Ann\\n' >&2; exit 1");
    const end = await push();
    expect(end).toMatchObject({ state: "refused", observed: expect.stringContaining("no pushes on Friday; ask Ann") });
    await expectUntouched(origin, mirror, parent);
  });

  test("pushCommit() is refused where the branch is checked out", async () => {
    const home = fresh();
    const origin = await makeRemote(home, { "a.md": "a\n" });
    const reached = { home, origin, remote: remoteOf(origin.clone.path), access: plainAccess(home) };
    const { push } = await ready(reached);
    expect(await push()).toMatchObject({ state: "refused", observed: expect.stringContaining("checked out") });
    expect(await origin.clone.git("status", "--porcelain")).toBe("");
  });

  test("pushCommit() runs no hook of ours, and signs and adds nothing that the user's config asks for", async () => {
    const { home, origin, commit, push } = await local();
    const ran = join(home, "ran");
    mkdirSync(join(home, "user/hooks"), { recursive: true });
    writeFileSync(join(home, "user/hooks/pre-push"), `#!/bin/sh\ntouch '${ran}'\nexit 1\n`, { mode: 0o755 });
    const config = `[core]\n\thooksPath = ${home}/user/hooks\n[push]\n\tfollowTags = true\n\tgpgSign = true\n\tpushOption = x\n\trecurseSubmodules = on-demand\n`;
    writeFileSync(join(home, "user/.gitconfig"), config);
    expect(await push()).toEqual({ state: "pushed" });
    expect(await remoteTip(origin)).toBe(commit);
    expect(existsSync(ran)).toBe(false);
  });

  test("pushCommit() pushes to a remote with SHA-256, and from a shallow one", async () => {
    const big = await local("--object-format=sha256");
    expect(await big.push()).toEqual({ state: "pushed" });
    const home = fresh();
    const origin = await makeRemote(home, { "workplans/a.md": "a\n" });
    await origin.push({ "b.md": "b\n" });
    const path = join(home, "shallow.git");
    await origin.clone.git("clone", "--quiet", "--bare", "--depth=1", `file://${origin.path}`, path);
    const shallow = { ...origin, path, bare: openRepo(path) };
    const { push, commit } = await ready({ home, origin: shallow, remote: remoteOf(path), access: plainAccess(home) });
    expect(await push()).toEqual({ state: "pushed" });
    expect(await remoteTip(shallow)).toBe(commit);
  });

  test.each(["-x", "--force", "$(touch$IFS-x)", "a;b'c\"d"])(
    "pushCommit() takes the branch name %j as a name",
    async (branch) => {
      const { origin, mirror, remote, access, parent, commit } = await local();
      await origin.bare.git("update-ref", `refs/heads/${branch}`, parent);
      expect(await pushCommit(mirror, remote, access, { commit, parent, branch, deadlineMs: 20_000 })).toEqual({
        state: "pushed",
      });
      expect((await origin.bare.git("rev-parse", `refs/heads/${branch}`)).trim()).toBe(commit);
      expect(await remoteTip(origin)).toBe(parent);
    },
  );

  test("pushCommit() refuses to begin with a name that is none", async () => {
    const { origin, mirror, remote, access, parent, commit } = await local();
    const begin = (o: Partial<Parameters<typeof pushCommit>[3]>) =>
      pushCommit(mirror, remote, access, { commit, parent, branch: "main", deadlineMs: 20_000, ...o });
    await expect(begin({ parent: "HEAD" })).rejects.toThrow("Could not push the commit");
    await expect(begin({ branch: "a..b" })).rejects.toThrow("Could not push the commit");
    await expect(begin({ commit: "" })).rejects.toThrow("Could not push the commit");
    expect(await remoteTip(origin)).toBe(parent);
  });

  test("pushCommit() does not wait for a hook that never ends", async () => {
    const { origin, mirror, parent, push } = await local();
    hook(origin, "pre-receive", "exec tail -f /dev/null");
    expect(await push(1_000)).toMatchObject({ state: "unreachable", observed: "no answer within 1 s" });
    expect([await remoteTip(origin), tipOf(mirror)]).toEqual([parent, parent]);
    hook(origin, "pre-receive", "exit 0");
    expect(await push()).toEqual({ state: "pushed" });
  });

  test("pushCommit() does not reach a remote that is gone", async () => {
    const { home, mirror, access, commit, parent } = await local();
    const gone = remoteOf(join(home, "gone.git"));
    const end = await pushCommit(mirror, gone, access, { commit, parent, branch: "main", deadlineMs: 20_000 });
    expect(end).toMatchObject({ state: "unreachable", observed: expect.stringContaining("does not appear to be") });
  });
});

describe("pushCommit() over ssh and https", async () => {
  const at = fresh();
  mkdirSync(at);
  const sshd = await startSshd();
  const server = await startHttpsRemote({ root: at, user: "somebody", password: "s3cret-word" });
  afterAll(async () => {
    await sshd.stop();
    await server.stop();
  });
  const home = join(at, "home");
  mkdirSync(join(home, "ssh"), { recursive: true });
  mkdirSync(join(home, "user"), { recursive: true });
  writeFileSync(join(home, "ssh/config"), sshd.sshConfig);
  writeFileSync(join(home, "user/.gitconfig"), server.gitConfig + server.credentialConfig);
  const access = plainAccess(home);
  const over = async (kind: "ssh" | "https", bytes?: Uint8Array) => {
    sshd.fault(null);
    server.fault(null);
    const origin = await makeRemote(join(at, String(++scene)), { "workplans/a.md": "a\n" });
    const remote = remoteOf(kind === "ssh" ? sshd.urlOf(origin.path) : server.url(origin.path.slice(at.length)));
    return { origin, remote, ...(await ready({ home, origin, remote, access }, bytes)) };
  };

  test.each(["ssh", "https"] as const)(
    "pushCommit() over %s pushes, loses races and is refused as on this machine",
    async (kind) => {
      const { origin, mirror, remote, commit, parent, push } = await over(kind);
      hook(origin, "pre-receive", "echo no pushes on Friday >&2; exit 1");
      expect(await push()).toEqual({ state: "refused", observed: "pre-receive hook declined: no pushes on Friday" });
      hook(origin, "pre-receive", "exit 0");
      await expectUntouched(origin, mirror, parent);
      expect(await push()).toEqual({ state: "pushed" });
      expect([await remoteTip(origin), tipOf(mirror)]).toEqual([commit, commit]);
      const next = await ready({ home, origin, remote, access }, Buffer.from("third\n"));
      await origin.bare.git("update-ref", "refs/heads/main", parent);
      expect(await next.push()).toEqual({ state: "raced", observed: "stale info" });
      expect(await remoteTip(origin)).toBe(parent);
    },
  );

  test.each(["silent", "first_byte"] as const)(
    "pushCommit() over ssh and https gives up at its deadline on a remote that is %s",
    async (fault) => {
      for (const kind of ["ssh", "https"] as const) {
        const { origin, mirror, parent, push } = await over(kind);
        (kind === "ssh" ? sshd : server).fault(fault);
        expect(await push(1_200)).toEqual({ state: "unreachable", observed: "no answer within 1.2 s" });
        await expectUntouched(origin, mirror, parent);
      }
    },
    30_000,
  );

  test("pushCommit() over ssh leaves nothing behind where the remote's disk quota is used up", async () => {
    const { origin, mirror, parent, push } = await over("ssh", crypto.getRandomValues(new Uint8Array(200_000)));
    sshd.fault({ command: 'ulimit -f 16; exec sh -c "$SSH_ORIGINAL_COMMAND"' });
    const end = await push();
    expect(end.state).not.toBe("pushed");
    expect(end).toMatchObject({ observed: expect.stringMatching(/\S/) });
    sshd.fault(null);
    expect(await remoteTip(origin)).toBe(parent);
    expect(tipOf(mirror)).toBe(parent);
    expect(await push()).toEqual({ state: "pushed" });
  });
});

if (process.getuid?.() === 0 && process.platform === "linux") {
  describe("pushCommit() to another account's repository on this machine", () => {
    test("pushCommit() is refused before a hook of it runs, while it is read", async () => {
      const home = fresh();
      const origin = await makeRemote(home, { "workplans/a.md": "a\n" });
      const marker = join(home, "ran");
      hook(origin, "pre-receive", `touch ${marker}`);
      expect(Bun.spawnSync(["chown", "-R", "12345:12345", origin.path]).exitCode).toBe(0);
      const access = plainAccess(home, [origin.path]);
      const parent = (await origin.clone.git("rev-parse", "main")).trim();
      const mirror = await openMirror(home, `m${++scene}`, parent);
      await fetchTip(mirror, origin.remote, access, { branch: "main", commit: parent }, { deadlineMs: 20_000 });
      const files = [{ path: "workplans/a.md", mode: "100644", bytes: Buffer.from("new\n") }] as const;
      const commit = String(await commitOffTree(mirror, { parent, files, message: "Write" }));
      const end = await pushCommit(mirror, origin.remote, access, {
        commit,
        parent,
        branch: "main",
        deadlineMs: 20_000,
      });
      expect(end).toMatchObject({ state: "unreachable", observed: expect.stringContaining("dubious ownership") });
      expect(existsSync(marker)).toBe(false);
    });
  });

  describe("pushCommit() to a full disk", () => {
    test("pushCommit() is refused where the remote's disk is full, and succeeds when there is room", async () => {
      const at = fresh();
      mkdirSync(at, { recursive: true });
      const mounted = Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", at]);
      expect(mounted.exitCode).toBe(0);
      try {
        const home = fresh();
        const made = await makeRemote(home, { "workplans/a.md": "a\n" });
        const path = join(at, "r.git");
        await made.clone.git("clone", "--quiet", "--bare", "--template=", ".", path);
        const origin = { ...made, path, bare: openRepo(path) };
        const bytes = crypto.getRandomValues(new Uint8Array(500_000));
        const reached = { home, origin, remote: remoteOf(path), access: plainAccess(home) };
        const { mirror, parent, push } = await ready(reached, bytes);
        expect(await push()).toMatchObject({
          state: "refused",
          observed: expect.stringContaining("No space left on device"),
        });
        await expectUntouched(origin, mirror, parent);
        Bun.spawnSync(["mount", "-o", "remount,size=4m", at]);
        expect(await push()).toEqual({ state: "pushed" });
      } finally {
        Bun.spawnSync(["umount", at]);
      }
    });
  });
}
