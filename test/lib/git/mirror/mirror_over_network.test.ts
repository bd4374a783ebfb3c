// Fetching from servers that are slow, silent or end in the middle: the deadline holds, and nothing half fetched is left.
import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Checkout, readRef } from "../../../../lib/git/checkout.ts";
import { fetchTip, openMirror } from "../../../../lib/git/mirror/mirror.ts";
import { remoteOf } from "../../../../lib/git/remote/remote.ts";
import { waitUntil } from "../../../../lib/wait_until.ts";
import { openRepo, temporaryFolder } from "../../../support/git_repo.ts";
import { startHttpsRemote } from "../../../support/https_remote.ts";
import { makeRemote, plainAccess, type TestRemote } from "../../../support/remotes.ts";
import { startSshd } from "../../../support/sshd.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());
let scene = 0;
const fresh = () => join(folder.path, String(++scene));
const tipOf = (mirror: Checkout, branch = "main") => readRef(mirror, `refs/heads/${branch}`);
const fsck = (mirror: Checkout) => openRepo(mirror.path).git("fsck", "--strict", "--no-dangling");
const filesOf = (path: string) => readdirSync(path, { recursive: true }).map(String).sort();

/** So many that git streams them into one pack, which takes its time on a slow line. */
function manyFiles(): Record<string, Uint8Array> {
  const bytes = () => crypto.getRandomValues(new Uint8Array(2_000));
  return Object.fromEntries(Array.from({ length: 150 }, (_, at) => [`${at}.bin`, bytes()]));
}

describe("fetchTip() over ssh and https", async () => {
  const sshd = await startSshd();
  const at = fresh();
  mkdirSync(at);
  const server = await startHttpsRemote({ root: at });
  afterAll(async () => {
    await sshd.stop();
    await server.stop();
  });
  const home = join(at, "home");
  mkdirSync(join(home, "ssh"), { recursive: true });
  mkdirSync(join(home, "user"), { recursive: true });
  writeFileSync(join(home, "ssh/config"), sshd.sshConfig);
  writeFileSync(join(home, "user/.gitconfig"), server.gitConfig);
  const access = plainAccess(home);
  const faults = { ssh: sshd.fault, https: server.fault };
  const urlOf = {
    ssh: (origin: TestRemote) => sshd.urlOf(origin.path),
    https: (origin: TestRemote) => server.url(origin.path.slice(at.length)),
  };

  test.each(["ssh", "https"] as const)(
    "fetchTip() over %s gives up at its deadline on a silent or slow remote, shows nothing of it and leaves no half pack",
    async (kind) => {
      faults[kind](null);
      const origin = await makeRemote(join(at, kind), { "a.md": "1\n" });
      const remote = remoteOf(urlOf[kind](origin));
      const first = (await origin.clone.git("rev-parse", "HEAD")).trim();
      const mirror = await openMirror(home, kind, first);
      const fetch = (commit: string, deadlineMs: number) =>
        fetchTip(mirror, remote, access, { branch: "main", commit }, { deadlineMs });
      expect((await fetch(first, 20_000)).commit).toBe(first);
      const commit = await origin.push(manyFiles());
      for (const fault of ["silent", "first_byte", "slow"] as const) {
        faults[kind](fault);
        const fetched = fetch(commit, 1_500);
        await expect(fetched).rejects.toMatchObject({
          message: "Could not fetch the branch",
          observed: expect.stringContaining("no answer within"),
        });
        expect(tipOf(mirror)).toBe(first);
        expect(filesOf(mirror.path).filter((name) => /tmp_|\.lock$/.test(name))).toEqual([]);
      }
      faults[kind](null);
      expect((await fetch(commit, 20_000)).commit).toBe(commit);
      await fsck(mirror);
    },
    40_000,
  );

  // Half of the pack comes at once, the rest at a hundred bytes a second. More than 65,520 bytes, since that is the most
  // that one packet holds (gitprotocol-common), and git takes only whole ones.
  const trickle = `'${process.execPath}' '${join(import.meta.dir, "../../../support/trickle.ts")}' 100`;
  const half = {
    command: `sh -c "$SSH_ORIGINAL_COMMAND" | { dd bs=1 count=150000 2>/dev/null; exec ${trickle}; }`,
  };

  async function halfFetched(name: string) {
    sshd.fault(null);
    const origin = await makeRemote(join(at, name), { "a.md": "1\n" });
    const commit = await origin.push(manyFiles());
    const mirror = await openMirror(home, name, commit);
    sshd.fault(half);
    const url = sshd.urlOf(origin.path);
    const fetch = (deadlineMs: number) =>
      fetchTip(mirror, remoteOf(url), access, { branch: "main", commit }, { deadlineMs });
    return { mirror, commit, url, fetch };
  }

  test("fetchTip() leaves no half pack where a pack stopped coming", async () => {
    const { mirror, commit, fetch } = await halfFetched("half");
    await expect(fetch(2_500)).rejects.toMatchObject({ observed: "main: no answer within 2.5 s" });
    expect(filesOf(mirror.path).filter((name) => /tmp_|\.lock$/.test(name))).toEqual([]);
    expect(tipOf(mirror)).toBeNull();
    sshd.fault(null);
    expect((await fetch(20_000)).commit).toBe(commit);
  }, 40_000);

  test("fetchTip() finds a mirror in order that a run was killed in", async () => {
    const { mirror, commit, url, fetch } = await halfFetched("killed");
    const argv = ["git", `--git-dir=${mirror.gitDir}`, "fetch", "--quiet", url, "+main:refs/heads/main"];
    const killed = Bun.spawn(argv, { env: access.env, stderr: "ignore", detached: true });
    await waitUntil({ forWhat: "half a pack", deadlineMs: 20_000 }, () =>
      filesOf(mirror.path).some((name) => name.includes("tmp_pack")) ? { found: true } : { seen: "none" },
    );
    process.kill(-killed.pid, "SIGKILL");
    await killed.exited;
    sshd.fault(null);
    await openMirror(home, "killed", commit);
    expect(filesOf(mirror.path).filter((name) => /tmp_|\.lock$/.test(name))).toEqual([]);
    expect((await fetch(20_000)).commit).toBe(commit);
  }, 40_000);
});
