import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { environmentForPrograms } from "../../../lib/config.ts";
import { openWorkspace } from "../../../lib/drill/workspace.ts";
import { parsePostmasterPid } from "../../../lib/postgres/postmaster.ts";
import { isPidInUse, listProcesses } from "../../../lib/postgres/process_table.ts";
import { serverUser } from "../../../lib/postgres/server_user.ts";
import { waitUntil } from "../../../lib/wait_until.ts";
import { folderForServers, removeFolderForServers } from "../../support/disposable_server.ts";
import { testServer } from "../../support/postgres_server.ts";

const WATCHDOG = 60_000;
const NOBODY = 65_534;
const env = environmentForPrograms();
const asRoot = process.getuid?.() === 0;
let folder: string;
let notes: string[];
const children: Bun.Subprocess[] = [];

beforeEach(() => {
  folder = join(folderForServers(), "drill");
  notes = [];
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await removeFolderForServers(dirname(folder));
}, WATCHDOG);

const open = (at = folder) => openWorkspace({ folder: at, env, note: (line) => notes.push(line) });

interface OtherRun {
  readonly child: Bun.Subprocess;
  readonly workspace: string;
  kill(): Promise<void>;
}

/** @param until a file of the workspace that is there when the run has come far enough */
async function otherRun(until: string): Promise<OtherRun> {
  const argv = [process.execPath, join(import.meta.dir, "hold_workspace.ts"), JSON.stringify({ folder })];
  const child = Bun.spawn(argv, { stdout: "pipe", stderr: "inherit" });
  children.push(child);
  const { value } = await child.stdout.getReader().read();
  const workspace = new TextDecoder().decode(value).trim().split("\n")[0] ?? "";
  const wait = { forWhat: until, deadlineMs: 20_000, intervalMs: 1 };
  await waitUntil(wait, () => (existsSync(join(workspace, until)) ? { found: true } : { seen: "not yet" }));
  const kill = async () => {
    child.kill("SIGKILL");
    await child.exited;
  };
  return { child, workspace, kill };
}

/** The pid that stands in the workspace's pid file, once the server says that it is ready. */
async function serverIn(workspace: string): Promise<number> {
  const file = join(workspace, "server/data/postmaster.pid");
  return waitUntil({ forWhat: "the server to be ready", deadlineMs: 20_000 }, () => {
    // initdb's own server has such a file too, and takes it away.
    const found = existsSync(file) ? parsePostmasterPid(readFileSync(file, "utf8")) : null;
    return found?.status === "ready" ? { found: found.pid } : { seen: found?.status ?? "nothing" };
  });
}

function runs(): string[] {
  return readdirSync(folder).filter((name) => name.startsWith("drill-"));
}

function processesNaming(path: string) {
  return listProcesses().filter(({ command }) => command.includes(path));
}

test("openWorkspace() makes a folder that only we and the server's account may enter, and close() removes it", async () => {
  const workspace = await open();
  const user = serverUser(null);
  const mayEnter = (command: string[]) => Bun.spawnSync(command, { stderr: "ignore" }).exitCode === 0;
  expect(statSync(workspace.folder).mode & 0o777).toBe(user.switched ? 0o710 : 0o700);
  expect(mayEnter(user.command(["test", "-x", workspace.folder]))).toBe(true);
  if (asRoot) {
    const nobody = ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", "--"];
    expect(mayEnter([...nobody, "test", "-x", folder])).toBe(true);
    expect(mayEnter([...nobody, "test", "-x", workspace.folder])).toBe(false);
    expect(mayEnter([...nobody, "ls", folder])).toBe(false);
    expect(mayEnter(user.command(["ls", workspace.folder]))).toBe(false);
  }
  await Promise.all([workspace.close(), workspace.close()]);
  expect(runs()).toEqual([]);
  expect(notes).toEqual([]);
});

test("openWorkspace() does so under a closed umask too", async () => {
  const before = process.umask(0o077);
  try {
    const workspace = await open(join(folder, "deeper"));
    await workspace.close();
  } finally {
    process.umask(before);
  }
});

test(
  "openWorkspace() leaves the runs alone that live, in this process and in another, and works beside them",
  async () => {
    const here = await open();
    const there = await otherRun("server/version");
    const pid = await serverIn(there.workspace);
    const third = await open();
    expect(notes).toEqual([]);
    expect(runs()).toHaveLength(3);
    expect(isPidInUse(pid)).toBe(true);
    await third.close();
    await here.close();
    expect(runs()).toHaveLength(1);
    await there.kill();
    await (await open()).close();
    expect(runs()).toEqual([]);
  },
  WATCHDOG,
);

for (const [moment, until] of [
  ["while initdb runs", "server/data/PG_VERSION"],
  ["with a running server", "server/version"],
] as const) {
  test(
    `openWorkspace() ends and removes what a run left that was killed ${moment}`,
    async () => {
      const dead = await otherRun(until);
      if (until.endsWith("version")) await serverIn(dead.workspace);
      await dead.kill();
      expect(processesNaming(dead.workspace)).not.toEqual([]);
      const workspace = await open();
      expect(notes.join()).toMatch(
        new RegExp(`Removed ${dead.workspace}, left by .* \\(pid ${dead.child.pid}\\) and ended (postgres|initdb)`),
      );
      expect(processesNaming(dead.workspace)).toEqual([]);
      await workspace.close();
      expect(runs()).toEqual([]);
    },
    WATCHDOG,
  );
}

test(
  "openWorkspace() ends a dead run's server that hangs, and no server or program of anybody else",
  async () => {
    const { pid: stranger } = await testServer();
    const dead = await otherRun("server/version");
    const pid = await serverIn(dead.workspace);
    process.kill(pid, "SIGSTOP");
    const recipient = /age1\w+/.exec(Bun.spawnSync(["age-keygen"]).stdout.toString())?.[0] ?? "";
    const age = Bun.spawn(["age", "-r", recipient, "-o", join(dead.workspace, "x")], { stdin: "pipe" });
    const bystander = Bun.spawn(["sleep", "60"], { cwd: dead.workspace });
    await dead.kill();
    const workspace = await open();
    expect(isPidInUse(stranger)).toBe(true);
    expect(bystander.signalCode).toBe(null);
    bystander.kill();
    await age.exited;
    expect(notes.join()).toContain(`age (pid ${age.pid})`);
    expect(notes.join()).toContain(`postgres (pid ${pid})`);
    expect(runs()).toHaveLength(1);
    await workspace.close();
  },
  WATCHDOG,
);

test("openWorkspace() touches no folder of another name or another account", async () => {
  mkdirSync(join(folder, "drill-of-1998"), { recursive: true });
  mkdirSync(join(folder, "drill-1-0123abcd"));
  if (asRoot) Bun.spawnSync(["chown", String(NOBODY), join(folder, "drill-1-0123abcd")]);
  await (await open()).close();
  expect(runs().sort()).toEqual(asRoot ? ["drill-1-0123abcd", "drill-of-1998"] : ["drill-of-1998"]);
});

test("openWorkspace() says what stands in the way, and leaves nothing", async () => {
  mkdirSync(folder);
  writeFileSync(join(folder, "file"), "");
  await expect(open(join(folder, "file"))).rejects.toMatchObject({
    message: "Could not use the drill's workspace",
    observed: "it is a file",
    hint: expect.stringContaining("--workspace DIR"),
  });
  if (!asRoot) return;
  const closed = join(folder, "closed");
  mkdirSync(closed);
  chmodSync(closed, 0o700);
  await expect(open(join(closed, "drill"))).rejects.toMatchObject({
    observed: expect.stringContaining(`may not enter ${closed}, which is mode 0700 of root`),
    hint: "--workspace DIR",
  });
  expect(readdirSync(join(closed, "drill")).filter((name) => name.startsWith("drill-"))).toEqual([]);
});

test("openWorkspace() says that the disk is full or read-only", async () => {
  mkdirSync(folder);
  for (const [flags, observed] of [
    ["size=64k,nr_inodes=2", "no space left on device"],
    ["ro", "the file system is read-only"],
  ] as const) {
    const mounted = Bun.spawnSync(["mount", "-t", "tmpfs", "-o", flags, "tmpfs", folder]).exitCode === 0;
    expect(mounted).toBe(true);
    try {
      await expect(open()).rejects.toMatchObject({ message: "Could not use the drill's workspace", observed });
    } finally {
      Bun.spawnSync(["umount", "--lazy", folder]);
    }
  }
});
