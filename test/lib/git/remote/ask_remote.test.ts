// What a sweep asks of every remote, and what it takes for an answer: unknown must never look like empty.
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { type Asked, askRemote } from "../../../../lib/git/remote/ask_remote.ts";
import { remoteOf } from "../../../../lib/git/remote/remote.ts";
import { remoteAccess } from "../../../../lib/git/remote/remote_access.ts";
import { waitUntil } from "../../../../lib/wait_until.ts";
import { openRepo, temporaryFolder } from "../../../support/git_repo.ts";
import { startHttpsRemote } from "../../../support/https_remote.ts";
import { makeRemote, plainAccess } from "../../../support/remotes.ts";
import { startSshd } from "../../../support/sshd.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());
let scene = 0;
const fresh = () => join(folder.path, String(++scene));
const access = plainAccess(join(folder.path, "home"));
const ask = (url: string, knownBranch: string | null = null, deadlineMs = 20_000, use = access) =>
  askRemote(remoteOf(url), use, { knownBranch, deadlineMs });
const observed = (asked: Asked) => ("observed" in asked ? asked.observed : "");

describe("askRemote() of a remote on this machine", () => {
  test("askRemote() gives the tip of the branch that HEAD names, now and after a push", async () => {
    const { path, push } = await makeRemote(fresh(), { "a.md": "1\n" });
    const commit = await push({ "a.md": "2\n" });
    expect(await ask(path)).toEqual({ state: "tip", branch: "main", commit });
    expect(await ask(`file://${path}`, "other")).toEqual({ state: "tip", branch: "main", commit });
  });

  test("askRemote() gives the new tip after a force push", async () => {
    const { path, clone, push } = await makeRemote(fresh(), { "a.md": "1\n" });
    await push({ "a.md": "2\n" });
    await clone.git("reset", "--quiet", "--hard", "HEAD~1");
    const commit = await push({ "b.md": "other\n" }, "--force");
    expect(await ask(path)).toEqual({ state: "tip", branch: "main", commit });
  });

  test("askRemote() follows a default branch that was renamed", async () => {
    const { path, bare } = await makeRemote(fresh(), { "a.md": "1\n" });
    await bare.git("branch", "--move", "main", "trunk");
    expect(await ask(path, "main")).toMatchObject({ state: "tip", branch: "trunk" });
  });

  test("askRemote() takes the known branch where HEAD names none that exists, and guesses no other", async () => {
    const { path, bare } = await makeRemote(fresh(), { "a.md": "1\n" });
    await bare.git("symbolic-ref", "HEAD", "refs/heads/nowhere");
    expect(await ask(path, "main")).toMatchObject({ state: "tip", branch: "main" });
    expect(await ask(path)).toEqual({ state: "no_branch", observed: "its HEAD names no branch that exists" });
    const gone = { state: "no_branch", observed: "its HEAD names no branch that exists, and work is gone" } as const;
    expect(await ask(path, "work")).toEqual(gone);
  });

  test("askRemote() takes the known branch where HEAD is on no branch", async () => {
    const { path, bare } = await makeRemote(fresh(), { "a.md": "1\n" });
    writeFileSync(join(path, "HEAD"), await bare.git("rev-parse", "main"));
    expect(await ask(path, "main")).toMatchObject({ state: "tip", branch: "main" });
    expect(await ask(path)).toMatchObject({ state: "no_branch" });
  });

  test("askRemote() is not led astray by branches and other refs with such a name within", async () => {
    const { path, bare } = await makeRemote(fresh(), { "a.md": "1\n" });
    const commit = (await bare.git("rev-parse", "main")).trim();
    for (const ref of [
      "refs/heads/x/HEAD",
      "refs/remotes/origin/HEAD",
      "refs/x/refs/heads/main",
      "refs/heads/refs/heads/main",
    ]) {
      await bare.git("update-ref", ref, commit);
    }
    await bare.git("symbolic-ref", "refs/remotes/up/HEAD", "refs/heads/x/HEAD");
    expect(await ask(path)).toEqual({ state: "tip", branch: "main", commit });
  });

  test("askRemote() tells an empty remote from one that is not there", async () => {
    const at = fresh();
    mkdirSync(at);
    await openRepo(at).git("init", "--quiet", "--bare", "empty.git");
    expect(await ask(join(at, "empty.git"), "main")).toEqual({ state: "no_branch", observed: "the remote is empty" });
    const missing = await ask(join(at, "missing.git"));
    expect(missing.state).toBe("unreachable");
    expect(observed(missing)).toContain("does not appear to be a git repository");
    mkdirSync(join(at, "folder"));
    expect((await ask(join(at, "folder"))).state).toBe("unreachable");
  });

  test("askRemote() cannot reach one that was moved away, until it is back", async () => {
    const { path } = await makeRemote(fresh(), { "a.md": "1\n" });
    renameSync(path, `${path}.moved`);
    expect((await ask(path, "main")).state).toBe("unreachable");
    renameSync(`${path}.moved`, path);
    expect((await ask(path, "main")).state).toBe("tip");
  });

  test("askRemote() reads a shallow remote and one with SHA-256", async () => {
    const at = fresh();
    const { clone, push } = await makeRemote(at, { "a.md": "1\n" });
    const commit = await push({ "a.md": "2\n" });
    await clone.git("clone", "--quiet", "--bare", "--depth=1", `file://${clone.path}`, join(at, "shallow.git"));
    expect(await ask(join(at, "shallow.git"))).toEqual({ state: "tip", branch: "main", commit });
    const { path } = await makeRemote(fresh(), { "a.md": "1\n" }, "--object-format=sha256");
    expect(await ask(path)).toMatchObject({ state: "tip", commit: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  test.each(["-x", "--upload-pack=touch", "$(touch$IFS-x)", "a;b", "a'b\"c", "ü/漢", "x&&y|z", "HEAD"])(
    "askRemote() takes the branch name %j as a name",
    async (branch) => {
      const { path, bare } = await makeRemote(fresh(), { "a.md": "1\n" });
      await bare.git("update-ref", `refs/heads/${branch}`, "refs/heads/main");
      await bare.git("symbolic-ref", "HEAD", `refs/heads/${branch}`);
      expect(await ask(path)).toMatchObject({ state: "tip", branch });
      await bare.git("symbolic-ref", "HEAD", "refs/heads/nowhere");
      expect(await ask(path, branch)).toMatchObject({ state: "tip", branch });
    },
  );

  test("askRemote() takes no HEAD that names something else than a branch", async () => {
    const { path, bare } = await makeRemote(fresh(), { "a.md": "1\n" });
    await bare.git("update-ref", "refs/notes/x", "refs/heads/main");
    writeFileSync(join(path, "HEAD"), "ref: refs/notes/x\n");
    expect((await ask(path)).state).toBe("no_branch");
    expect(await ask(path, "main")).toMatchObject({ state: "tip", branch: "main" });
  });

  test("askRemote() does not care about the folder that it was started in", async () => {
    const at = fresh();
    const { path } = await makeRemote(at, { "a.md": "1\n" });
    const before = process.cwd();
    mkdirSync(join(at, "gone"));
    process.chdir(join(at, "gone"));
    rmSync(join(at, "gone"), { recursive: true });
    try {
      expect((await ask(path)).state).toBe("tip");
    } finally {
      process.chdir(before);
    }
  });

  test("askRemote() keeps its deadline though a proxy of the user's leaves the process group and holds the line", async () => {
    const home = fresh();
    mkdirSync(join(home, "ssh"), { recursive: true });
    const pid = join(home, "pid");
    const proxy = join(home, "proxy.ts");
    // What it starts is in a process group of its own, outlives ssh and keeps its stderr, which is ours.
    const start = 'Bun.spawn(["tail", "-f", "/dev/null"], { detached: true, stdio: ["ignore", "ignore", "inherit"] })';
    writeFileSync(
      proxy,
      `const child = ${start};\nawait Bun.write("${pid}", String(child.pid));\nawait child.exited;\n`,
    );
    writeFileSync(join(home, "ssh/config"), `Host host.invalid\n  ProxyCommand '${process.execPath}' '${proxy}'\n`);
    const asked = await ask("host.invalid:a", null, 3_000, plainAccess(home));
    process.kill(Number(readFileSync(pid, "utf8")), "SIGKILL");
    expect(asked).toEqual({ state: "unreachable", observed: "no answer within 3 s" });
  }, 20_000);

  test("askRemote() throws when git itself is missing: that is no news about the remote", async () => {
    const env = { ...access.env, PATH: "/nowhere" };
    const asked = askRemote(remoteOf("/x"), { ...access, env }, { knownBranch: null, deadlineMs: 20_000 });
    await expect(asked).rejects.toThrow("Could not start git");
  });
});

describe("askRemote() over ssh", async () => {
  const sshd = await startSshd();
  afterAll(() => sshd.stop());
  const { path } = await makeRemote(fresh(), { "a.md": "1\n" });
  const accessWith = (config: string) => {
    const home = fresh();
    mkdirSync(join(home, "ssh"), { recursive: true });
    writeFileSync(join(home, "ssh/config"), config);
    return plainAccess(home);
  };
  const trusted = accessWith(sshd.sshConfig);

  test("askRemote() reads a remote behind sshd", async () => {
    sshd.fault(null);
    expect(await ask(sshd.urlOf(path), null, 20_000, trusted)).toMatchObject({ state: "tip", branch: "main" });
    const missing = await ask(sshd.urlOf("/srv/missing; touch x"), null, 20_000, trusted);
    expect(observed(missing)).toContain("does not appear to be a git repository");
  });

  test("askRemote() refuses a host whose key is another or not known", async () => {
    const wrong = await ask(sshd.urlOf(path), null, 20_000, accessWith(sshd.sshConfigWithWrongKey));
    expect(wrong).toEqual({
      state: "unreachable",
      observed: "Host key verification failed. The host's key is not the one that is known",
    });
    const without = accessWith(
      sshd.sshConfigWithoutKey.replace("StrictHostKeyChecking yes", "StrictHostKeyChecking no"),
    );
    expect(observed(await ask(sshd.urlOf(path), null, 20_000, without))).toBe("Host key verification failed.");
  });

  test.each(["silent", "first_byte"] as const)(
    "askRemote() gives up at its deadline on a host that is %s",
    async (fault) => {
      sshd.fault(fault);
      const started = performance.now();
      const asked = await ask(sshd.urlOf(path), null, 2_000, trusted);
      expect(performance.now() - started).toBeLessThan(6_000);
      expect(asked).toEqual({ state: "unreachable", observed: "no answer within 2 s" });
    },
  );

  test("askRemote() takes no more than so much from a host that never stops talking", async () => {
    sshd.fault({ command: "yes >&2" });
    const asked = await ask(sshd.urlOf(path), null, 20_000, trusted);
    expect(observed(asked)).toStartWith("its answer had more than");
  });

  test("askRemote() is told at once by a host that ends the connection, and by one that wants a password", async () => {
    sshd.fault("ends");
    expect((await ask(sshd.urlOf(path), null, 20_000, trusted)).state).toBe("unreachable");
    const asking = await startSshd({ asksPassword: true });
    const asked = await ask(asking.urlOf(path), null, 20_000, accessWith(asking.sshConfig));
    await asking.stop();
    expect(observed(asked)).toContain("Permission denied");
  });
});

describe("askRemote() over https", async () => {
  const at = fresh();
  await makeRemote(at, { "a.md": "1\n" });
  const remote = await startHttpsRemote({ root: at, user: "somebody", password: "s3cret-word" });
  afterAll(() => remote.stop());
  const accessWith = (...lines: string[]) => {
    const home = fresh();
    mkdirSync(join(home, "user"), { recursive: true });
    writeFileSync(join(home, "user/.gitconfig"), lines.join(""));
    return plainAccess(home);
  };
  const url = remote.url("origin.git");
  const trusted = accessWith(remote.gitConfig, remote.credentialConfig);

  test("askRemote() uses the certificates and the credential helper of the user", async () => {
    expect(await ask(url, null, 20_000, trusted)).toMatchObject({ state: "tip", branch: "main" });
  });

  test("askRemote() starts no program that would ask for a password, whoever names it", async () => {
    const home = fresh();
    mkdirSync(join(home, "user"), { recursive: true });
    const program = join(home, "askpass");
    writeFileSync(program, `#!/bin/sh\ntouch '${home}/asked'\necho s3cret-word\n`, { mode: 0o755 });
    writeFileSync(join(home, "user/.gitconfig"), `${remote.gitConfig}[core]\n\taskPass = ${program}\n`);
    const { PATH = "", HOME = "" } = plainAccess(home).env;
    const environment = { PATH, HOME, SSH_ASKPASS: program, DISPLAY: ":0", GIT_ASKPASS: program };
    const asked = await ask(url, null, 20_000, remoteAccess({ home, safePaths: [], environment }));
    expect(observed(asked)).toContain("could not read Username");
    expect(existsSync(join(home, "asked"))).toBe(false);
  });

  test("askRemote() asks nobody for a password, and trusts no unknown certificate", async () => {
    const prompted = observed(await ask(url, null, 20_000, accessWith(remote.gitConfig)));
    expect(prompted).toBe(`could not read Username for 'https://127.0.0.1:${remote.port}': terminal prompts disabled`);
    expect(observed(await ask(url, null, 20_000, accessWith()))).toContain("certificate");
  });

  test.each(["silent", "first_byte"] as const)(
    "askRemote() gives up at its deadline on a server that is %s",
    async (fault) => {
      remote.fault(fault);
      const asked = await ask(url, null, 2_000, trusted);
      remote.fault(null);
      expect(asked).toEqual({ state: "unreachable", observed: "no answer within 2 s" });
    },
  );

  test.each([
    ["error", "500"],
    ["redirects", "redirects"],
  ] as const)("askRemote() says what was wrong with a server that answers with %s", async (fault, word) => {
    remote.fault(fault);
    const asked = await ask(url, null, 20_000, trusted);
    remote.fault(null);
    expect(asked).toMatchObject({ state: "unreachable", observed: expect.stringContaining(word) });
  });
});

describe("askRemote() of something that is no git server", () => {
  const sockets = new Set<Socket>();
  let server: Server;
  /** Listens and does with each connection what it is told. */
  const listen = (greet: (socket: Socket) => void) =>
    new Promise<number>((resolve) => {
      server = createServer((socket) => {
        sockets.add(socket.on("error", () => {}).resume());
        greet(socket);
      });
      server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
    });
  const close = () => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  };

  test("askRemote() gives up at its deadline on a listener that says nothing, and leaves no process", async () => {
    const port = await listen(() => {});
    const asked = await ask(`ssh://git@127.0.0.1:${port}/a`, null, 1_500);
    expect(asked).toEqual({ state: "unreachable", observed: "no answer within 1.5 s" });
    const open = () => [...sockets].filter((socket) => !socket.closed).length;
    await waitUntil({ forWhat: "ssh to be gone", deadlineMs: 5_000 }, () =>
      sockets.size > 0 && open() === 0 ? { found: true } : { seen: `${open()} of ${sockets.size} connections open` },
    );
    await close();
  });

  test("askRemote() stops when its signal is aborted", async () => {
    const port = await listen(() => stop.abort(new Error("the lock is gone")));
    const stop = new AbortController();
    const asked = askRemote(remoteOf(`ssh://git@127.0.0.1:${port}/a`), access, {
      knownBranch: null,
      deadlineMs: 20_000,
      signal: stop.signal,
    });
    await expect(asked).rejects.toThrow("the lock is gone");
    await close();
  });
});
