// Tunnels that units keep: rendered, started by a user's systemd, led through a real sshd by an account that may do nothing
// else. What is said is the unit's state, whatever else listens at its address.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { dirname, join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { type RunResult, run } from "../../lib/process/run.ts";
import { checkAll } from "../../lib/tunnel/check_all.ts";
import { readTunnels } from "../../lib/tunnel/read_tunnels.ts";
import type { TunnelReport } from "../../lib/tunnel/report.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import { freePort } from "../support/free_port.ts";
import { type ServedHub, servedHub } from "../support/served_hub.ts";
import { type Sshd, startSshd } from "../support/sshd.ts";
import { probeOf, shortOf, type TunnelWords, termsFor, tunnelWords, writeTunnels } from "../support/tunnel_scene.ts";
import { accountEnvironment, startUserManager, type UserManager } from "../support/user_manager.ts";

const ROOT = join(import.meta.dir, "../..");
const SHELL = ["-o", "SessionType=default"];
const UNIT = "state-hub-tunnel@hub.service";
let manager: UserManager;
let sshd: Sshd;
let hub: ServedHub;
let folder: string;
let port: number;
let remotePort: number;
let key: string;
beforeAll(async () => {
  [manager, sshd, hub, port, remotePort] = [
    await startUserManager(),
    await startSshd(),
    await servedHub(),
    await freePort("127.0.0.1"),
    await freePort("127.0.0.1"),
  ];
  folder = join(manager.home, ".config/state-hub");
  mkdirSync(join(manager.home, ".ssh"), { recursive: true });
  key = join(manager.home, ".ssh/tunnel_key");
  copyFileSync(sshd.userKey, key);
  copyFileSync(`${sshd.userKey}.pub`, `${key}.pub`);
  chmodSync(key, 0o600);
  const units = join(manager.home, ".config/systemd/user");
  mkdirSync(units, { recursive: true });
  cpSync(join(ROOT, "systemd/active/state-hub-tunnel@.service"), join(units, "state-hub-tunnel@.service"));
  mkdirSync(join(units, "state-hub-tunnel@.service.d"));
  // The home of this test lies below /tmp.
  writeFileSync(
    join(units, "state-hub-tunnel@.service.d/test.conf"),
    `[Service]\nRestartSec=200ms\nPrivateTmp=no\nStandardError=append:${manager.home}/ssh.log\n`,
  );
  await manager.systemctl("daemon-reload");
});
afterAll(async () => {
  await manager.systemctl("stop", "state-hub-tunnel@*.service");
  await hub.close();
  await sshd.stop();
  await manager.stop();
});

const hostKey = () => sshd.hostKeyLine.split(" ").slice(1, 3).join(" ");
const words = (more: TunnelWords = {}) =>
  tunnelWords(
    sshd,
    { port: Number(new URL(hub.at).port) },
    {
      runs_as: `unit:${UNIT}`,
      listen: { port },
      ...more,
      ssh: { host_key: hostKey(), identity_file: "~/.ssh/tunnel_key", ...more.ssh },
    },
  );
const both = () => [
  words(),
  words({ name: "back", direction: "remote", runs_as: "unit:state-hub-tunnel@back", listen: { port: remotePort } }),
];

async function check(tunnel: TunnelWords): Promise<TunnelReport> {
  const path = writeTunnels(folder, [tunnel]);
  const { XDG_RUNTIME_DIR = "" } = accountEnvironment(manager.home);
  const env = { ...termsFor(folder).env, XDG_RUNTIME_DIR };
  const tunnels = readTunnels({ path, home: manager.home });
  const terms = { path: termsFor(folder, { env }), timeoutMs: 15_000, signal: new AbortController().signal };
  const [report] = (await checkAll(tunnels, terms)).tunnels;
  if (report === undefined) throw new Error("No tunnel was checked");
  return report;
}

/** As an operator: the script, and the line for the far side from what it prints. */
async function render(tunnels: readonly TunnelWords[]): Promise<readonly { authorized_keys: string }[]> {
  const path = writeTunnels(folder, tunnels);
  const env = accountEnvironment(manager.home);
  const { stdout, exitCode } = await run(
    [join(ROOT, "scripts/tunnel_health.ts"), "render", "--config", path, "--json"],
    {
      env,
      deadlineMs: 20_000,
    },
  );
  expect(exitCode).toBe(0);
  return (JSON.parse(stdout) as { tunnels: { authorized_keys: string }[] }).tunnels;
}

function letIn(line: string): void {
  writeFileSync(join(dirname(sshd.userKey), "authorized_keys"), `${line}\n`);
}

/** With the same key, and settings of its own. */
function listenThere(at: number): Promise<RunResult> {
  const known = ["HostKeyAlias=tunnel", `UserKnownHostsFile=${folder}/tunnels/hub/known_hosts`];
  const settings = [...known, "BatchMode=yes", "StrictHostKeyChecking=yes", "ExitOnForwardFailure=yes"];
  const words = ["-i", key, "-p", String(sshd.port), ...settings.flatMap((each) => ["-o", each])];
  return run(["ssh", "-F", "none", ...words, "-N", "-R", `${at}:127.0.0.1:1`, sshd.address], {
    env: environmentForPrograms(),
    deadlineMs: 10_000,
  });
}

function logged(): string {
  const log = join(manager.home, "ssh.log");
  return existsSync(log) ? readFileSync(log, "utf8").slice(-400) : "nothing logged";
}

/** As soon as it is what it should be. */
function becomes(tunnel: TunnelWords, short: string): Promise<TunnelReport> {
  return waitUntil({ forWhat: `it to be ${short}`, deadlineMs: 15_000, intervalMs: 200 }, async () => {
    const found = await check(tunnel);
    if (shortOf(found) === short) return { found };
    return { seen: `${shortOf(found)}: ${found.cause}; ${logged()}` };
  });
}

function ssh(...args: string[]): Promise<RunResult> {
  const config = join(folder, "tunnels/hub/ssh_config");
  return run(["ssh", "-F", config, "-o", "ClearAllForwardings=yes", ...args], {
    env: environmentForPrograms(),
    deadlineMs: 10_000,
  });
}

describe("a tunnel that a unit keeps", () => {
  test("is rendered, started and healthy by the listener that the unit owns", async () => {
    const [line] = await render([words()]);
    letIn(line?.authorized_keys ?? "");
    expect((await manager.systemctl("start", UNIT)).stderr).toBe("");
    const report = await becomes(words(), "healthy");
    expect(probeOf(report, "forward").saw).toMatch(/^process \d+ of state-hub-tunnel@hub\.service listens on/);
    expect((await fetch(`http://127.0.0.1:${port}/state/health`)).status).toBe(200);
  });

  test("lets its key do nothing else on the far side: no command, no shell, no files, no other port, either way", async () => {
    const command = await ssh(...SHELL, "tunnel", "id");
    expect({ code: command.exitCode, out: command.stdout }).toEqual({ code: 1, out: "" });
    expect((await ssh(...SHELL, "-tt", "tunnel")).stdout).toBe("");
    const files = await ssh("-o", "SessionType=subsystem", "tunnel", "sftp");
    expect({ code: files.exitCode, out: files.stdout }).toEqual({ code: 1, out: "" });
    const other = await ssh("-W", `127.0.0.1:${sshd.port}`, "tunnel");
    expect(other.exitCode).not.toBe(0);
    expect(other.stderr).toContain("administratively prohibited");
    const back = await listenThere(await freePort("127.0.0.1"));
    expect(back.stderr).toContain("remote port forwarding failed for listen port");
    expect(back.exitCode).toBe(255);
  });

  test("in the remote direction is asked by the far side's listener", async () => {
    const lines = await render(both());
    letIn(lines.map(({ authorized_keys }) => authorized_keys).at(1) ?? "");
    const [, back] = both();
    expect((await manager.systemctl("start", "state-hub-tunnel@back.service")).stderr).toBe("");
    const report = await becomes(back ?? {}, "healthy");
    expect(probeOf(report, "forward").saw).toContain(`127.0.0.1:${remotePort} on the far side leads to`);
    await manager.systemctl("stop", "state-hub-tunnel@back.service");
    expect(shortOf(await becomes(back ?? {}, "down at forward"))).toBe("down at forward");
    letIn(lines[0]?.authorized_keys ?? "");
  });

  test("works now, and would not come back: degraded, and the layer named", async () => {
    const file = join(dirname(sshd.userKey), "authorized_keys");
    const before = readFileSync(file, "utf8");
    writeFileSync(file, "");
    const report = await check(words());
    writeFileSync(file, before);
    expect(shortOf(report)).toBe("degraded at auth");
    expect(report.cause).toStartWith("It works now, and would not come back after a restart");
    expect(probeOf(report, "health").ok).toBe(true);
  });

  test("is down when the unit is stopped, though a tunnel could be opened", async () => {
    await manager.systemctl("stop", UNIT);
    const report = await check(words());
    expect(shortOf(report)).toBe("down at forward");
    expect(report.cause).toBe(`${UNIT} does not run (inactive, dead)`);
    expect(probeOf(report, "auth").ok).toBe(true);
    expect(shortOf(await check(words({ runs_as: "self" })))).toBe("healthy");
  });

  test("is down when somebody else holds its port, and that one is named", async () => {
    const stale = createServer((socket) => socket.on("error", () => {}));
    await listening(stale, port);
    try {
      const stopped = await check(words());
      expect(stopped.cause).toBe(
        `${UNIT} does not run (inactive, dead); 127.0.0.1:${port} is held by bun (process ${process.pid})`,
      );
      await manager.systemctl("start", UNIT);
      const report = await waitUntil(
        { forWhat: "it to be tried again", deadlineMs: 15_000, intervalMs: 200 },
        async () => {
          const found = await check(words());
          return /started again|last result/.test(found.cause ?? "") ? { found } : { seen: found.cause ?? "nothing" };
        },
      );
      expect(shortOf(report)).toBe("down at forward");
      expect(report.cause).toContain(`held by bun (process ${process.pid})`);
    } finally {
      stale.close();
    }
    await becomes(words(), "healthy");
  });

  test("is down when its unit runs, and the listener is another unit's, or nobody's", async () => {
    writeFileSync(join(manager.home, ".config/systemd/user/idle.service"), "[Service]\nExecStart=/bin/sleep 600\n");
    await manager.systemctl("start", "idle.service");
    const anothers = await check(words({ runs_as: "unit:idle" }));
    expect(shortOf(anothers)).toBe("down at forward");
    expect(anothers.cause).toMatch(/is held by ssh \(process \d+\), which is not of idle\.service$/);
    const nobodys = await check(words({ runs_as: "unit:idle", listen: { port: await freePort("127.0.0.1") } }));
    expect(nobodys.cause).toStartWith("idle.service runs, and nobody listens on");
    await manager.systemctl("stop", "idle.service");
  });

  test("two that listen on one port, or are kept by one unit, are down at config", async () => {
    const path = writeTunnels(folder, [words(), words({ name: "twin", runs_as: "unit:state-hub-tunnel@twin" })]);
    const problems = readTunnels({ path, home: manager.home }).map((tunnel) => tunnel.problems);
    expect(problems).toEqual([[`twin listens on 127.0.0.1:${port}, too`], [`hub listens on 127.0.0.1:${port}, too`]]);
  });

  test("of a unit that systemd does not know, or that cannot be asked about, is down, or unknown", async () => {
    const report = await check(words({ runs_as: "unit:no-such" }));
    expect(report.cause).toStartWith("systemd does not know no-such.service (not-found)");
    const path = writeTunnels(folder, [words()]);
    const env = { ...termsFor(folder).env, XDG_RUNTIME_DIR: "/no/such" };
    const terms = { path: termsFor(folder, { env }), timeoutMs: 15_000, signal: new AbortController().signal };
    const unasked = await checkAll(readTunnels({ path, home: manager.home }), terms);
    expect(unasked.verdict).toBe("unknown");
    expect(unasked.tunnels[0]?.cause).toStartWith("forward: systemd cannot be asked");
  });
});

function listening(server: Server, at: number): Promise<void> {
  return new Promise((resolve, reject) => server.once("error", reject).listen(at, "127.0.0.1", resolve));
}
