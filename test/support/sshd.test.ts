// What the sshd of the tests promises to the tests that stand on it: git works through it, each fault is the fault that
// it is called, and nothing of it is left.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { type RunResult, run } from "../../lib/process/run.ts";
import { shellQuoted } from "../../lib/shell_quoted.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import { makeRepo, openRepo, type TestRepo, temporaryFolder } from "./git_repo.ts";
import { processesIn } from "./processes_in.ts";
import { type Sshd, startSshd } from "./sshd.ts";

const folder = temporaryFolder();
let repo: TestRepo;
let sshd: Sshd;
beforeAll(async () => {
  repo = await makeRepo(folder.path, "a repo's", { "a.md": "one\n" });
  await repo.git("config", "receive.denyCurrentBranch", "ignore");
  sshd = await startSshd();
});
afterAll(async () => {
  await sshd.stop();
  folder.remove();
});

/** A file for each text, because one ssh may be reading it while the next is being started. */
function configFile(text: string): string {
  const file = join(folder.path, `ssh_config_${Bun.hash(text)}`);
  if (!existsSync(file)) writeFileSync(file, text);
  return file;
}

/** git as a client, its ssh configured by this text. */
function git(config: string, args: readonly string[], deadlineMs = 20_000): Promise<RunResult> {
  const env = {
    ...environmentForPrograms(),
    GIT_SSH_COMMAND: `ssh -F ${shellQuoted(configFile(config))} -o BatchMode=yes`,
    GIT_CONFIG_GLOBAL: "/dev/null",
  };
  return run(["git", ...args], { env, deadlineMs });
}

const lsRemote = (config = sshd.sshConfig, server = sshd) =>
  git(config, ["ls-remote", server.urlOf(repo.path), "HEAD"]);
const tip = async () => (await repo.git("rev-parse", "HEAD")).trim();

describe("startSshd()", () => {
  test("startSshd() serves ls-remote, clone and push", async () => {
    expect((await lsRemote()).stdout).toBe(`${await tip()}\tHEAD\n`);
    const clone = join(folder.path, "clone");
    expect((await git(sshd.sshConfig, ["clone", "--quiet", sshd.urlOf(repo.path), clone])).exitCode).toBe(0);
    const commit = await openRepo(clone).commit({ "b.md": "two\n" });
    expect((await git(sshd.sshConfig, ["-C", clone, "push", "--quiet", "origin", "main"])).exitCode).toBe(0);
    expect(await tip()).toBe(commit);
  });

  test("startSshd() takes many connections at once", async () => {
    const answers = await Promise.all(Array.from({ length: 24 }, () => lsRemote()));
    expect(new Set(answers.map(({ exitCode, stderr }) => `${exitCode} ${stderr}`))).toEqual(new Set(["0 "]));
  }, 60_000);

  test("startSshd() runs commands without what its account has set for its shell", async () => {
    const { stdout } = await ssh("echo $HOME; ls -A $HOME");
    expect(stdout).toMatch(/^\/\S+\/home\n$/);
  });

  test("startSshd() is refused by a client that knows another host key, or none", async () => {
    for (const config of [sshd.sshConfigWithWrongKey, sshd.sshConfigWithoutKey]) {
      const { exitCode, stderr } = await lsRemote(config);
      expect({ exitCode, stderr }).toEqual({
        exitCode: 128,
        stderr: expect.stringContaining("Host key verification failed"),
      });
    }
  });

  test("startSshd() with asksPassword lets no key in, and its texts can be joined with another server's", async () => {
    const asking = await startSshd({ bind: "127.0.0.2", asksPassword: true });
    const joined = sshd.sshConfig + asking.sshConfig;
    expect((await lsRemote(joined)).stderr).toBe("");
    expect((await lsRemote(joined, asking)).stderr).toContain("Permission denied (password)");
    await asking.stop();
  });

  test("startSshd() on a taken port says so", async () => {
    await expect(startSshd({ port: sshd.port })).rejects.toThrow("Could not start sshd");
  });

  test("stop() ends hung connections too, and removes the keys", async () => {
    const own = await startSshd({ bind: "127.0.0.3" });
    const within = join(folder.path, "hangs");
    mkdirSync(within);
    own.fault({ command: `cd '${within}' && exec sleep 1000` });
    const hung = lsRemote(own.sshConfig, own);
    await waitUntil({ forWhat: "the command", deadlineMs: 20_000 }, () =>
      processesIn(within).length > 0 ? { found: true } : { seen: own.log() },
    );
    await own.stop();
    expect((await hung).exitCode).toBe(128);
    expect(existsSync(own.userKey)).toBe(false);
    expect(processesIn(within)).toEqual([]);
  });
});

describe("fault()", () => {
  const wire = (deadlineMs: number) => {
    const argv = ["ssh", "-F", configFile(sshd.sshConfig), sshd.urlOf("").replace(/\/$/, ""), "seq 100000"];
    return received(argv, deadlineMs);
  };

  test.each([
    ["silent", 0, 0],
    ["first_byte", 1, 1],
    ["slow", 1, 3 * 1024],
  ] as const)("fault() %s hangs: between %d and %d bytes have come after two seconds", async (fault, least, most) => {
    sshd.fault(fault);
    const { bytes, ended } = await wire(2000);
    sshd.fault(null);
    expect(ended).toBe(false);
    expect(bytes).toBeGreaterThanOrEqual(least);
    expect(bytes).toBeLessThanOrEqual(most);
  });

  test("fault() slow changes no byte", async () => {
    const argv = [process.execPath, join(import.meta.dir, "trickle.ts"), "100000"];
    const stdin = Uint8Array.from({ length: 30_000 }, (_, index) => index % 256);
    const child = Bun.spawn(argv, { stdin: new Blob([stdin]), stdout: "pipe" });
    expect(new Uint8Array(await new Response(child.stdout).arrayBuffer())).toEqual(stdin);
  });

  test("fault() ends ends, and null is as before", async () => {
    sshd.fault("ends");
    const failed = await lsRemote();
    sshd.fault(null);
    expect(failed.exitCode).toBe(128);
    expect((await lsRemote()).exitCode).toBe(0);
  });
});

/** A command over there, as ssh runs it. */
function ssh(command: string): Promise<RunResult> {
  const argv = [
    "ssh",
    "-F",
    configFile(sshd.sshConfig),
    "-o",
    "BatchMode=yes",
    sshd.urlOf("").replace(/\/$/, ""),
    command,
  ];
  return run(argv, { env: environmentForPrograms(), deadlineMs: 20_000 });
}

/** How much a program says within the time, and whether it ended by itself. */
async function received(argv: readonly string[], deadlineMs: number): Promise<{ bytes: number; ended: boolean }> {
  const child = Bun.spawn([...argv], { stdin: "pipe", stdout: "pipe", stderr: "ignore" });
  let ended = true;
  const timer = setTimeout(() => {
    ended = false;
    child.kill("SIGKILL");
  }, deadlineMs);
  let bytes = 0;
  for await (const chunk of child.stdout) bytes += chunk.length;
  clearTimeout(timer);
  return { bytes, ended };
}
