// What the other host of the tests promises: a real sshd on it, a delay that can be measured, a dead line that is silent,
// and nothing left of it, however the tests end.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { run } from "../../lib/process/run.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import { makeRepo, openRepo, type TestRepo, temporaryFolder } from "./git_repo.ts";
import { type OtherHost, otherHost } from "./other_host.ts";
import { processesIn } from "./processes_in.ts";
import { networkOf } from "./slow_link.ts";
import type { Sshd } from "./sshd.ts";

const folder = temporaryFolder();
let host: OtherHost;
let sshd: Sshd;
let repo: TestRepo;
beforeAll(async () => {
  repo = await makeRepo(folder.path, "repo", { "a.md": "one\n" });
  await repo.git("config", "receive.denyCurrentBranch", "ignore");
  host = await otherHost();
  sshd = await host.startSshd();
});
afterAll(async () => {
  await host.remove();
  folder.remove();
});

function git(...args: string[]) {
  writeFileSync(join(folder.path, "ssh_config"), sshd.sshConfig);
  const env = { ...environmentForPrograms(), GIT_SSH_COMMAND: `ssh -F ${folder.path}/ssh_config -o BatchMode=yes` };
  return run(["git", ...args], { env, deadlineMs: 30_000 });
}

interface Connection {
  readonly socket: Socket;
  /** What happened to it: "connected", "data", "close" or an error's code. */
  readonly seen: string[];
}

function open(to: OtherHost): Connection {
  const socket = connect(22, to.address);
  const seen: string[] = [];
  socket.on("connect", () => seen.push("connected"));
  socket.on("data", () => seen.push("data"));
  socket.on("close", () => seen.push("close"));
  socket.on("error", (error: NodeJS.ErrnoException) => seen.push(error.code ?? "error"));
  return { socket, seen };
}

const until = ({ seen }: Connection, what: string) =>
  waitUntil({ forWhat: what, deadlineMs: 20_000, intervalMs: 1 }, () =>
    seen.includes(what) ? { found: true } : { seen: seen.join(" ") || "nothing" },
  );

/** The fastest of several: on a busy machine the others measure the machine. */
async function handshakeMs(to: OtherHost): Promise<number> {
  const times: number[] = [];
  for (let time = 0; time < 8; time++) {
    const started = performance.now();
    const socket = connect(22, to.address);
    await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    times.push(performance.now() - started);
    socket.destroy();
  }
  return Math.min(...times);
}

describe("otherHost()", () => {
  test("otherHost() serves ls-remote, clone and push from an sshd of its own", async () => {
    const clone = join(folder.path, "clone");
    expect((await git("ls-remote", sshd.urlOf(repo.path), "HEAD")).stdout).toEndWith("\tHEAD\n");
    expect((await git("clone", "--quiet", sshd.urlOf(repo.path), clone)).stderr).toBe("");
    const commit = await openRepo(clone).commit({ "b.md": "two\n" });
    expect((await git("-C", clone, "push", "--quiet", "origin", "main")).stderr).toBe("");
    expect((await repo.git("rev-parse", "HEAD")).trim()).toBe(commit);
  });

  test("otherHost() reaches this machine at hostAddress, and nothing of it at 127.0.0.1", async () => {
    const server = Bun.serve({ hostname: host.hostAddress, port: 0, fetch: () => new Response("here") });
    const local = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("here") });
    const ask = (at: string) =>
      host.run([process.execPath, "-e", `console.log(await fetch("http://${at}").then((a) => a.text(), () => "no"))`]);
    expect((await ask(`${host.hostAddress}:${server.port}`)).stdout).toBe("here\n");
    expect((await ask(`127.0.0.1:${local.port}`)).stdout).toBe("no\n");
    await server.stop(true);
    await local.stop(true);
  });

  test("otherHost() can be had several times, each with its own line", async () => {
    const others = await Promise.all([otherHost(), otherHost()]);
    await Promise.all(others.map((each) => each.startSshd()));
    await others[0]?.drop();
    expect(new Set([host, ...others].map(({ address }) => address)).size).toBe(3);
    const alive = open(others[1] as OtherHost);
    await until(alive, "data");
    alive.socket.destroy();
    await Promise.all(others.map((each) => each.remove()));
    expect(linesOf(process.pid)).toHaveLength(1);
  });
});

describe("delay()", () => {
  test("delay() adds its time to a round trip, and goes", async () => {
    expect(await handshakeMs(host)).toBeLessThan(10);
    await host.delay(20);
    const slow = await handshakeMs(host);
    await host.delay(0);
    expect(slow).toBeGreaterThanOrEqual(20);
    expect(slow).toBeLessThan(40);
    expect(await handshakeMs(host)).toBeLessThan(10);
  });

  test("delay() loses nothing of what is on its way", async () => {
    const blob = join(folder.path, "blob");
    writeFileSync(blob, Buffer.alloc(3_000_000, "some bytes "));
    await host.delay(20);
    const copy = run(["ssh", "-F", `${folder.path}/ssh_config`, host.address, `sha256sum < ${blob}; cat ${blob}`], {
      env: environmentForPrograms(),
      deadlineMs: 30_000,
    });
    const { stdout } = await copy;
    await host.delay(0);
    expect(stdout.split("\n")[0]).toStartWith(new Bun.CryptoHasher("sha256").update(stdout.slice(68)).digest("hex"));
  });
});

describe("drop()", () => {
  test("drop() is silent, for old connections and for new ones, until restore()", async () => {
    const old = open(host);
    await until(old, "data");
    await host.drop();
    old.socket.write("SSH-2.0-late\r\n");
    const fresh = open(host);
    // Long enough for what a cut line does elsewhere: a neighbour that does not answer is an error after three seconds.
    await Bun.sleep(4_000);
    expect([old.seen, fresh.seen]).toEqual([["connected", "data"], []]);
    await host.restore();
    await until(fresh, "connected");
    await waitUntil({ forWhat: "an answer", deadlineMs: 20_000 }, () =>
      old.seen.length > 2 ? { found: true } : { seen: old.seen.join(" ") },
    );
    for (const { socket } of [old, fresh]) socket.destroy();
  }, 60_000);
});

/** The devices at this end of the lines that a process has to its other hosts. */
function linesOf(pid: number): string[] {
  return Object.keys(networkInterfaces()).filter((name) => name.startsWith(`hub${pid}x`));
}

/** Ids of the processes of a network. */
const runningIn = (network: string | null) => readdirSync("/proc").filter((name) => networkOf(name) === network);

describe("remove()", () => {
  test("remove() ends what runs there", async () => {
    const own = await otherHost();
    const running = own.run(["sh", "-c", `cd '${folder.path}' && exec sleep 1000`]);
    await waitUntil({ forWhat: "the program", deadlineMs: 20_000 }, () =>
      processesIn(folder.path).length > 0 ? { found: true } : { seen: "none" },
    );
    await own.remove();
    expect((await running).exitCode).not.toBe(0);
  });

  test.each(["SIGINT", "SIGKILL"] as const)("remove() happens by itself after %s to the tests", async (signal) => {
    const file = join(folder.path, "tests_that_end_early.test.ts");
    const text = `
      import { test } from "bun:test";
      import { otherHost } from "${import.meta.dir}/other_host.ts";
      test("it hangs", async () => {
        const host = await otherHost();
        await host.startSshd();
        console.log("up", host.through[1].split("=")[1], "!");
        await new Promise(() => setTimeout(() => {}, 1e6));
      }, 1e6);`;
    writeFileSync(file, text);
    const tests = Bun.spawn([process.execPath, "test", file], {
      cwd: folder.path,
      // What a killed run leaves of its files goes with this one's.
      env: { ...environmentForPrograms(), TMPDIR: folder.path },
      stdio: ["ignore", "pipe", "ignore"],
    });
    let said = "";
    for await (const chunk of tests.stdout) {
      said += new TextDecoder().decode(chunk);
      if (said.includes("!\n")) break;
    }
    expect(linesOf(tests.pid)).toHaveLength(1);
    const network = networkOf(Number(said.match(/up (\d+)/)?.[1]));
    expect(runningIn(network).length).toBeGreaterThan(1);
    tests.kill(signal);
    await tests.exited;
    await waitUntil({ forWhat: "the other host to go", deadlineMs: 20_000 }, () => {
      const left = [...linesOf(tests.pid), ...runningIn(network)];
      return left.length === 0 ? { found: true } : { seen: left.join(" ") };
    });
  });
});
