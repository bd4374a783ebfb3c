// What the HTTPS remote of the tests promises: git works through it, a password is asked for, each fault is the fault
// that it is called.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { type RunResult, run } from "../../lib/process/run.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import { makeRepo, openRepo, type TestRepo, temporaryFolder } from "./git_repo.ts";
import { type HttpsFault, type HttpsRemote, startHttpsRemote } from "./https_remote.ts";
import { processesIn } from "./processes_in.ts";

const folder = temporaryFolder();
const USER = "some@body";
const PASSWORD = "p:/@ss wörd";
let repo: TestRepo;
let open: HttpsRemote;
let locked: HttpsRemote;
beforeAll(async () => {
  repo = await makeRepo(folder.path, "a repo's", { "a.md": "one\n" });
  await repo.git("config", "receive.denyCurrentBranch", "ignore");
  open = await startHttpsRemote({ root: folder.path });
  locked = await startHttpsRemote({ root: folder.path, user: USER, password: PASSWORD });
});
afterAll(async () => {
  await open.stop();
  await locked.stop();
  folder.remove();
});

/** git with this text as the user's own configuration, and nobody to ask. */
function git(config: string, args: readonly string[], until: number | AbortSignal = 20_000): Promise<RunResult> {
  const file = join(folder.path, "gitconfig");
  writeFileSync(file, config);
  const env = {
    ...environmentForPrograms(),
    GIT_CONFIG_GLOBAL: file,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_ASKPASS: "",
    SSH_ASKPASS: "",
  };
  const ended = typeof until === "number" ? { deadlineMs: until } : { deadlineMs: 60_000, signal: until };
  return run(["git", ...args], { env, ...ended });
}

const lsRemote = (config: string, remote: HttpsRemote, deadlineMs?: number) =>
  git(config, ["ls-remote", remote.url("a repo's"), "HEAD"], deadlineMs);
const tip = async () => (await repo.git("rev-parse", "HEAD")).trim();

describe("startHttpsRemote()", () => {
  test("startHttpsRemote() serves ls-remote, clone and push", async () => {
    const clone = join(folder.path, "clone");
    expect(await lsRemote(open.gitConfig, open)).toEqual({ exitCode: 0, stdout: `${await tip()}\tHEAD\n`, stderr: "" });
    expect((await git(open.gitConfig, ["clone", "--quiet", open.url("a repo's"), clone])).stderr).toBe("");
    const commit = await openRepo(clone).commit({ "b.md": "two\n" });
    expect((await git(open.gitConfig, ["-C", clone, "push", "--quiet", "origin", "main"])).stderr).toBe("");
    expect(await tip()).toBe(commit);
  });

  test("startHttpsRemote() takes a push larger than git sends in one piece", async () => {
    const clone = join(folder.path, "large");
    await git(open.gitConfig, ["clone", "--quiet", open.url("a repo's"), clone]);
    const commit = await openRepo(clone).commit({ noise: noise(5_000_000) });
    expect((await git(open.gitConfig, ["-C", clone, "push", "--quiet", "origin", "main"])).stderr).toBe("");
    expect(await tip()).toBe(commit);
  });

  test("startHttpsRemote() is trusted by its CA file alone", async () => {
    expect((await lsRemote("", open)).stderr).toContain("certificate");
  });

  test("startHttpsRemote() with a password fails at once with nobody to ask, and answers a helper that knows it", async () => {
    const asked = await lsRemote(locked.gitConfig, locked, 5_000);
    expect(asked).toEqual({ exitCode: 128, stdout: "", stderr: expect.stringContaining("terminal prompts disabled") });
    expect(locked.requests().at(-1)).toMatch(/^GET \/a%20repo's\/info\/refs\?service=git-upload-pack 401$/);
    const known = await lsRemote(locked.gitConfig + locked.credentialConfig, locked);
    expect(known.stdout).toBe(`${await tip()}\tHEAD\n`);
  });

  test("startHttpsRemote() refuses a wrong password", async () => {
    const helper = `[credential]\n\thelper = "!f() { echo username=somebody; echo password=wrong; }; f"\n`;
    expect((await lsRemote(locked.gitConfig + helper, locked)).stderr).toContain("Authentication failed");
  });

  test("startHttpsRemote() says 404 for what is not there", async () => {
    const { stderr } = await git(open.gitConfig, ["ls-remote", open.url("nothing")]);
    expect(stderr).toContain("not found");
  });

  test("startHttpsRemote() ends git's own programs when a client goes away", async () => {
    const large = await makeRepo(folder.path, "large one", { noise: noise(3_000_000) });
    const seen = (wanted: boolean) => () => {
      const serving = processesIn(large.path);
      return serving.length > 0 === wanted ? { found: true } : { seen: serving.join(" ") || "no process" };
    };
    open.fault("slow");
    const client = new AbortController();
    const cloned = git(open.gitConfig, ["clone", open.url("large one"), join(folder.path, "never")], client.signal);
    await waitUntil({ forWhat: "git to serve the objects", deadlineMs: 20_000 }, () =>
      open.requests().filter((request) => request === "POST /large%20one/git-upload-pack 200").length === 2
        ? { found: true }
        : { seen: open.requests().at(-1) ?? "no request" },
    );
    expect(seen(true)()).toEqual({ found: true });
    client.abort(new Error("gone"));
    await expect(cloned).rejects.toThrow("gone");
    open.fault(null);
    await waitUntil({ forWhat: "git to end", deadlineMs: 10_000 }, seen(false));
  });

  test("startHttpsRemote() ends a hung hook when its client goes away", async () => {
    const guarded = await makeRepo(folder.path, "guarded");
    writeFileSync(join(guarded.path, ".git/hooks/pre-receive"), "#!/bin/sh\ntouch ../hangs; exec sleep 1000\n", {
      mode: 0o755,
    });
    const client = new AbortController();
    const push = ["-C", repo.path, "push", open.url("guarded"), "HEAD:refs/heads/new"];
    const pushed = git(open.gitConfig, push, client.signal);
    await waitUntil({ forWhat: "the hook", deadlineMs: 20_000 }, () =>
      existsSync(join(guarded.path, "hangs")) ? { found: true } : { seen: "nothing" },
    );
    client.abort(new Error("gone"));
    await expect(pushed).rejects.toThrow("gone");
    await waitUntil({ forWhat: "the hook to end", deadlineMs: 10_000 }, () => {
      const left = processesIn(guarded.path);
      return left.length === 0 ? { found: true } : { seen: left.join(" ") };
    });
  });

  test("stop() ends it, hung requests too", async () => {
    const own = await startHttpsRemote({ root: folder.path });
    own.fault("silent");
    const hung = lsRemote(own.gitConfig, own);
    await waitUntil({ forWhat: "the request", deadlineMs: 20_000 }, () =>
      own.waiting() > 0 ? { found: true } : { seen: "none" },
    );
    await own.stop();
    expect((await hung).exitCode).toBe(128);
  });
});

function noise(size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(bytes.subarray(at, Math.min(size, at + 65_536)));
  return bytes;
}

describe("fault()", () => {
  /** How many bytes of an answer come within two seconds, and whether it ended. */
  async function received(fault: HttpsFault): Promise<{ bytes: number; ended: boolean }> {
    open.fault(fault);
    const signal = AbortSignal.timeout(2_000);
    let bytes = 0;
    try {
      const url = `${open.url("many")}/info/refs?service=git-upload-pack`;
      const answer = await fetch(url, { signal, tls: { ca: await Bun.file(open.caFile).text() } });
      for await (const chunk of answer.body ?? []) bytes += chunk.length;
      return { bytes, ended: true };
    } catch (error) {
      if (!signal.aborted) throw error;
      return { bytes, ended: false };
    } finally {
      open.fault(null);
    }
  }

  beforeAll(async () => {
    const many = await makeRepo(folder.path, "many");
    const updates = Array.from({ length: 500 }, (_, index) => `create refs/heads/branch-${index} HEAD\n`).join("");
    const argv = ["git", "-C", many.path, "update-ref", "--stdin"];
    await run(argv, { env: environmentForPrograms(), deadlineMs: 20_000, stdin: updates });
  });

  test.each([
    ["silent", 0, 0],
    ["first_byte", 1, 1],
    ["slow", 1, 3 * 1024],
  ] as const)("fault() %s hangs: between %d and %d bytes have come after two seconds", async (fault, least, most) => {
    const { bytes, ended } = await received(fault);
    expect(ended).toBe(false);
    expect(bytes).toBeGreaterThanOrEqual(least);
    expect(bytes).toBeLessThanOrEqual(most);
  });

  test.each(["silent", "first_byte"] as const)("fault() %s keeps git waiting", async (fault) => {
    open.fault(fault);
    const asked = lsRemote(open.gitConfig, open, 1_500);
    await expect(asked).rejects.toThrow("Could not finish git");
    open.fault(null);
  });

  test.each([
    ["error", "500"],
    ["redirects", "redirect"],
  ] as const)("fault() %s makes git say %p, and null is as before", async (fault, said) => {
    open.fault(fault);
    const { exitCode, stderr } = await lsRemote(open.gitConfig, open);
    open.fault(null);
    expect({ exitCode, stderr }).toEqual({ exitCode: 128, stderr: expect.stringContaining(said) });
    expect((await lsRemote(open.gitConfig, open)).exitCode).toBe(0);
  });
});
