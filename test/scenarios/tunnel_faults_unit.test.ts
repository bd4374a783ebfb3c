// What stands in a unit's way at its own port, and what its ssh hears of a line that is dead: a listener takes connections for
// as long as its process lives, whatever has become of the tunnel behind it.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { run } from "../../lib/process/run.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import { freePort } from "../support/free_port.ts";
import { listenerOn } from "../support/port_listener.ts";
import { relayTo } from "../support/tcp_relay.ts";
import { type KeptTunnel, keptTunnel, UNIT } from "../support/tunnel_kept.ts";
import { probeOf, shortOf } from "../support/tunnel_scene.ts";

let kept: KeptTunnel;
beforeAll(async () => {
  kept = await keptTunnel();
  const [line] = await kept.render([kept.words()]);
  kept.letIn(line?.authorized_keys ?? "");
});
afterAll(() => kept.stop());

const systemctl = async (...args: string[]) => expect((await kept.manager.systemctl(...args)).stderr).toBe("");
const sshConfig = () => join(kept.folder, "tunnels/hub/ssh_config");

async function listener(): Promise<number> {
  const found = await waitUntil({ forWhat: "somebody to listen", deadlineMs: 10_000 }, () => {
    const here = listenerOn(String(kept.port));
    return here === null ? { seen: "nobody" } : { found: here.pid };
  });
  return found;
}

async function ended(pid: number): Promise<void> {
  process.kill(pid, "SIGKILL");
  await waitUntil({ forWhat: "it to end", deadlineMs: 5_000 }, () =>
    listenerOn(String(kept.port)) === null ? { found: true } : { seen: "it listens" },
  );
}

describe("the port of a unit's tunnel", () => {
  test("held by an ssh that somebody left running, and that answers nothing any more: down, and it is named", async () => {
    const argv = ["ssh", "-f", "-F", sshConfig(), "tunnel"];
    expect((await run(argv, { env: environmentForPrograms(), deadlineMs: 10_000 })).exitCode).toBe(0);
    const stale = await listener();
    process.kill(stale, "SIGSTOP");
    try {
      await systemctl("start", UNIT);
      const report = await waitUntil({ forWhat: "the unit to fail", deadlineMs: 10_000 }, async () => {
        const found = await kept.check(kept.words());
        return found.cause?.startsWith(`${UNIT} does not run`) ? { found } : { seen: found.cause ?? "nothing" };
      });
      expect(shortOf(report)).toBe("down at forward");
      expect(report.cause).toEndWith(`127.0.0.1:${kept.port} is held by ssh (process ${stale})`);
      expect(probeOf(report, "health").saw).toBe("not tried: it stands on forward");
    } finally {
      await ended(stale);
    }
    expect(shortOf(await kept.becomes(kept.words(), "healthy"))).toBe("healthy");
    await systemctl("stop", UNIT);
  });

  test("held by what an earlier run of the same unit left behind: down, and that is said", async () => {
    const second = join(kept.folder, "second_run");
    const line = `test -e ${second} || ssh -f -F ${sshConfig()} tunnel; exec sleep 600`;
    const text = `[Service]\nKillMode=process\nExecStart=/bin/sh -c '${line}'\n`;
    writeFileSync(join(kept.manager.home, ".config/systemd/user/careless.service"), text);
    await systemctl("start", "careless.service");
    const words = kept.words({ runs_as: "unit:careless" });
    expect(shortOf(await kept.becomes(words, "healthy"))).toBe("healthy");
    const stale = await listener();
    writeFileSync(second, "");
    await systemctl("restart", "careless.service");
    try {
      const report = await kept.check(words);
      expect(shortOf(report)).toBe("down at forward");
      expect(report.cause).toBe(
        `127.0.0.1:${kept.port} is held by ssh (process ${stale}), left over from an earlier run of careless.service`,
      );
    } finally {
      await systemctl("stop", "careless.service");
      await ended(stale);
    }
  });
});

describe("the last byte of a unit's tunnel", () => {
  test("is what its ssh received last: silence on a dead line, and none before a silent target", async () => {
    const relay = await relayTo(`http://127.0.0.1:${kept.sshd.port}`);
    const words = kept.words({ ssh: { port: Number(new URL(relay.url).port) } });
    await kept.render([words]);
    await systemctl("start", UNIT);
    try {
      const working = await kept.becomes(words, "healthy");
      expect(probeOf(working, "last_byte")).toMatchObject({ ok: true, saw: "0.0 s ago" });
      relay.swallow();
      await Bun.sleep(1_500);
      const dead = await kept.check(words, { quietMs: 1_000, timeoutMs: 4_000 });
      expect(shortOf(dead)).toBe("down at host_key");
      expect(probeOf(dead, "health").saw).toMatch(/^no answer within/);
      const { ok, saw, remedy } = probeOf(dead, "last_byte");
      expect({ ok, remedy }).toEqual({ ok: false, remedy: `systemctl --user restart ${UNIT}` });
      expect(Number.parseFloat(saw)).toBeGreaterThan(1.5);
    } finally {
      relay.close();
      await systemctl("stop", UNIT);
    }
  });

  test("is young where the target alone is silent", async () => {
    const silent = createServer(() => {});
    const port = await freePort("127.0.0.1");
    await new Promise<void>((resolve) => silent.listen(port, "127.0.0.1", resolve));
    const words = kept.words({ target: { port } });
    const [line] = await kept.render([words]);
    kept.letIn(line?.authorized_keys ?? "");
    await systemctl("start", UNIT);
    try {
      const report = await kept.becomes(words, "down at health");
      expect(report.cause).toMatch(/^no answer within/);
      expect(probeOf(report, "last_byte").ok).toBe(true);
    } finally {
      silent.close();
      await systemctl("stop", UNIT);
    }
  });
});
