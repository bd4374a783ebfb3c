// Tunnels that units keep: rendered, started by a user's systemd, led through a real sshd by an account that may do nothing
// else. What is said is the unit's state, whatever else listens at its address.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { dirname, join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { type RunResult, run } from "../../lib/process/run.ts";
import { readTunnels } from "../../lib/tunnel/read_tunnels.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import { freePort } from "../support/free_port.ts";
import { type KeptTunnel, keptTunnel, UNIT } from "../support/tunnel_kept.ts";
import { probeOf, shortOf, termsFor, writeTunnels } from "../support/tunnel_scene.ts";

const SHELL = ["-o", "SessionType=default"];
let kept: KeptTunnel;
let remotePort: number;
beforeAll(async () => {
  [kept, remotePort] = [await keptTunnel(), await freePort("127.0.0.1")];
});
afterAll(() => kept.stop());

const both = () => [
  kept.words(),
  kept.words({
    name: "back",
    direction: "remote",
    runs_as: "unit:state-hub-tunnel@back",
    listen: { port: remotePort },
  }),
];

/** With the same key, and settings of its own. */
function listenThere(at: number): Promise<RunResult> {
  const known = ["HostKeyAlias=tunnel", `UserKnownHostsFile=${kept.folder}/tunnels/hub/known_hosts`];
  const settings = [...known, "BatchMode=yes", "StrictHostKeyChecking=yes", "ExitOnForwardFailure=yes"];
  const words = ["-i", kept.key, "-p", String(kept.sshd.port), ...settings.flatMap((each) => ["-o", each])];
  return run(["ssh", "-F", "none", ...words, "-N", "-R", `${at}:127.0.0.1:1`, kept.sshd.address], {
    env: environmentForPrograms(),
    deadlineMs: 10_000,
  });
}

function ssh(...args: string[]): Promise<RunResult> {
  const config = join(kept.folder, "tunnels/hub/ssh_config");
  return run(["ssh", "-F", config, "-o", "ClearAllForwardings=yes", ...args], {
    env: environmentForPrograms(),
    deadlineMs: 10_000,
  });
}

describe("a tunnel that a unit keeps", () => {
  test("is rendered, started and healthy by the listener that the unit owns", async () => {
    const [line] = await kept.render([kept.words()]);
    kept.letIn(line?.authorized_keys ?? "");
    expect((await kept.manager.systemctl("start", UNIT)).stderr).toBe("");
    const report = await kept.becomes(kept.words(), "healthy");
    expect(probeOf(report, "forward").saw).toMatch(/^process \d+ of state-hub-tunnel@hub\.service listens on/);
    expect((await fetch(`http://127.0.0.1:${kept.port}/state/health`)).status).toBe(200);
  });

  test("lets its key do nothing else on the far side: no command, no shell, no files, no other port, either way", async () => {
    const command = await ssh(...SHELL, "tunnel", "id");
    expect({ code: command.exitCode, out: command.stdout }).toEqual({ code: 1, out: "" });
    expect((await ssh(...SHELL, "-tt", "tunnel")).stdout).toBe("");
    const files = await ssh("-o", "SessionType=subsystem", "tunnel", "sftp");
    expect({ code: files.exitCode, out: files.stdout }).toEqual({ code: 1, out: "" });
    const other = await ssh("-W", `127.0.0.1:${kept.sshd.port}`, "tunnel");
    expect(other.exitCode).not.toBe(0);
    expect(other.stderr).toContain("administratively prohibited");
    const back = await listenThere(await freePort("127.0.0.1"));
    expect(back.stderr).toContain("remote port forwarding failed for listen port");
    expect(back.exitCode).toBe(255);
  });

  test("in the remote direction is asked by the far side's listener", async () => {
    const lines = await kept.render(both());
    kept.letIn(lines.map(({ authorized_keys }) => authorized_keys).at(1) ?? "");
    const [, back] = both();
    expect((await kept.manager.systemctl("start", "state-hub-tunnel@back.service")).stderr).toBe("");
    const report = await kept.becomes(back ?? {}, "healthy");
    expect(probeOf(report, "forward").saw).toContain(`127.0.0.1:${remotePort} on the far side leads to`);
    await kept.manager.systemctl("stop", "state-hub-tunnel@back.service");
    expect(shortOf(await kept.becomes(back ?? {}, "down at forward"))).toBe("down at forward");
    kept.letIn(lines[0]?.authorized_keys ?? "");
  });

  test("works now, and would not come back: degraded, and the layer named", async () => {
    const file = join(dirname(kept.sshd.userKey), "authorized_keys");
    const before = readFileSync(file, "utf8");
    writeFileSync(file, "");
    const report = await kept.check(kept.words());
    writeFileSync(file, before);
    expect(shortOf(report)).toBe("degraded at auth");
    expect(report.cause).toStartWith("It works now, and would not come back after a restart");
    expect(probeOf(report, "health").ok).toBe(true);
  });

  test("works as it was rendered before, when the list has changed since: degraded, and what to type", async () => {
    const changed = kept.words({ target: { host: "localhost" } });
    const report = await kept.check(changed);
    expect(shortOf(report)).toBe("degraded at config");
    expect(report.cause).toBe("It works now, as it was rendered before: the list has changed since (ssh_config)");
    expect(probeOf(report, "config").remedy).toBe(
      `scripts/tunnel_health.ts render hub && systemctl --user restart ${UNIT}`,
    );
    expect(probeOf(report, "health").ok).toBe(true);
    rmSync(join(kept.folder, "tunnels/hub/known_hosts"));
    const gone = await kept.check(kept.words());
    expect([shortOf(gone), gone.cause]).toEqual([
      "degraded at config",
      expect.stringMatching(/: known_hosts cannot be read in \S+\/tunnels\/hub$/),
    ]);
    await kept.render([kept.words()]);
    expect(shortOf(await kept.check(kept.words()))).toBe("healthy");
  });

  test("is down when the unit is stopped, though a tunnel could be opened", async () => {
    await kept.manager.systemctl("stop", UNIT);
    const report = await kept.check(kept.words());
    expect(shortOf(report)).toBe("down at forward");
    expect(report.cause).toBe(`${UNIT} does not run (inactive, dead)`);
    expect(probeOf(report, "auth").ok).toBe(true);
    expect(shortOf(await kept.check(kept.words({ runs_as: "self" })))).toBe("healthy");
  });

  test("is down when somebody else holds its port, and that one is named", async () => {
    const stale = createServer((socket) => socket.on("error", () => {}));
    await listening(stale, kept.port);
    try {
      const stopped = await kept.check(kept.words());
      expect(stopped.cause).toBe(
        `${UNIT} does not run (inactive, dead); 127.0.0.1:${kept.port} is held by bun (process ${process.pid})`,
      );
      await kept.manager.systemctl("start", UNIT);
      const report = await waitUntil(
        { forWhat: "it to be tried again", deadlineMs: 15_000, intervalMs: 200 },
        async () => {
          const found = await kept.check(kept.words());
          return /started again|last result/.test(found.cause ?? "") ? { found } : { seen: found.cause ?? "nothing" };
        },
      );
      expect(shortOf(report)).toBe("down at forward");
      expect(report.cause).toContain(`held by bun (process ${process.pid})`);
    } finally {
      stale.close();
    }
    await kept.becomes(kept.words(), "healthy");
  });

  test("is down when its unit runs, and the listener is another unit's, or nobody's", async () => {
    writeFileSync(
      join(kept.manager.home, ".config/systemd/user/idle.service"),
      "[Service]\nExecStart=/bin/sleep 600\n",
    );
    await kept.manager.systemctl("start", "idle.service");
    const anothers = await kept.check(kept.words({ runs_as: "unit:idle" }));
    expect(shortOf(anothers)).toBe("down at forward");
    expect(anothers.cause).toMatch(/is held by ssh \(process \d+\), which is not of idle\.service$/);
    const nobodys = await kept.check(
      kept.words({ runs_as: "unit:idle", listen: { port: await freePort("127.0.0.1") } }),
    );
    expect(nobodys.cause).toStartWith("idle.service runs, and nobody listens on");
    await kept.manager.systemctl("stop", "idle.service");
  });

  test("two that listen on one port, or are kept by one unit, are down at config", async () => {
    const path = writeTunnels(kept.folder, [
      kept.words(),
      kept.words({ name: "twin", runs_as: "unit:state-hub-tunnel@twin" }),
    ]);
    const problems = readTunnels({ path, home: kept.manager.home }).map((tunnel) => tunnel.problems);
    expect(problems).toEqual([
      [`twin listens on 127.0.0.1:${kept.port}, too`],
      [`hub listens on 127.0.0.1:${kept.port}, too`],
    ]);
  });

  test("of a unit that systemd does not know, or that cannot be asked about, is down, or unknown", async () => {
    const report = await kept.check(kept.words({ runs_as: "unit:no-such" }));
    expect(report.cause).toStartWith("systemd does not know no-such.service (not-found)");
    expect(probeOf(report, "forward").remedy).toStartWith("systemctl --user list-unit-files");
    const env = { ...termsFor(kept.folder).env, XDG_RUNTIME_DIR: "/no/such" };
    const unasked = await kept.check(kept.words(), { env });
    expect(shortOf(unasked)).toBe("unknown");
    expect(unasked.cause).toMatch(/^forward: systemd cannot be asked: .+ \(try: .+\)$/);
  });
});

test("a unit whose template is not linked is down, and the link is what to type", async () => {
  const template = join(kept.manager.home, ".config/systemd/user/state-hub-tunnel@.service");
  renameSync(template, `${template}.away`);
  renameSync(`${template}.d`, `${template}.d.away`);
  await kept.manager.systemctl("daemon-reload");
  const words = kept.words({ name: "new", runs_as: "unit:state-hub-tunnel@new" });
  const report = await kept.check(words);
  expect(probeOf(report, "forward").remedy).toBe(
    "systemctl --user link ~/state-hub-ops/systemd/active/state-hub-tunnel@.service && systemctl --user enable --now state-hub-tunnel@new.service",
  );
});

function listening(server: Server, at: number): Promise<void> {
  return new Promise((resolve, reject) => server.once("error", reject).listen(at, "127.0.0.1", resolve));
}
