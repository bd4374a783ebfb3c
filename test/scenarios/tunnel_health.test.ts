// The script as an operator and a timer run it: exit codes, one document, lists that are wrong, a watch that notices a dead
// line in time, and the hub that is told when a verdict changes.
import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { type RunResult, run } from "../../lib/process/run.ts";
import type { HealthReport } from "../../lib/tunnel/report.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import { freePort } from "../support/free_port.ts";
import { hubBehindSshd } from "../support/hub_behind_sshd.ts";
import { relayTo } from "../support/tcp_relay.ts";
import { behind } from "../support/tunnel_fault_scene.ts";
import { type TunnelWords, writeTunnels } from "../support/tunnel_scene.ts";

const SCRIPT = join(import.meta.dir, "../../scripts/tunnel_health.ts");
const scene = hubBehindSshd();

const { words } = scene;

function environment(more: Record<string, string> = {}): Record<string, string> {
  const { SSH_AUTH_SOCK: _, ...env } = environmentForPrograms();
  return { ...env, STATE_HUB_HOME: join(scene.folder, "state"), STATE_HUB_URL: "http://127.0.0.1:1", ...more };
}

function tunnelHealth(args: readonly string[], env = environment()): Promise<RunResult> {
  return run([SCRIPT, ...args], { env, deadlineMs: 30_000 });
}

describe("tunnel_health.ts", () => {
  test("exits 0 for a healthy tunnel, 1 for one that is down, and says in one document which layer is broken", async () => {
    const dead = words({ name: "dead", ssh: { port: await freePort("127.0.0.1") } });
    const config = writeTunnels(join(scene.folder, "two"), [words(), dead]);
    const good = await tunnelHealth(["hub", "--config", config, "--json", "--slow", "5000"]);
    expect(good.exitCode).toBe(0);
    expect(JSON.parse(good.stdout)).toMatchObject({ schema_version: 1, verdict: "healthy" });
    const all = await tunnelHealth(["--config", config, "--json", "--slow", "5000"]);
    expect(all.exitCode).toBe(1);
    const { tunnels } = JSON.parse(all.stdout) as HealthReport;
    expect(tunnels.map(({ name, verdict, broken }) => `${name} ${verdict} ${broken}`)).toEqual([
      "hub healthy null",
      "dead down tcp",
    ]);
    const people = await tunnelHealth(["--config", config, "--slow", "5000"]);
    expect(people.stdout).toMatch(/dead +.*down +.*tcp/);
    expect(people.stdout).toContain("Try: on the host: systemctl status ssh");
    expect(people.stdout).toEndWith(`Next: scripts/tunnel_health.ts dead --config ${config} --watch\n`);
  });

  test("names a slow tunnel on stderr, and exits 0", async () => {
    const config = writeTunnels(join(scene.folder, "slow"), [words()]);
    const { exitCode, stderr } = await tunnelHealth(["--config", config, "--slow", "1", "--json"]);
    expect(exitCode).toBe(0);
    expect(stderr).toContain("Degraded: hub: It answers after");
  });

  const wrong: readonly (readonly [string, string | null, string])[] = [
    ["is not there", null, "no such file"],
    ["is empty", "", "an empty file"],
    ["is huge", `# ${"x".repeat(10 * 1024 * 1024)}`, "at most 1048576 bytes"],
    ["is no UTF-8", "\xff", "no UTF-8"],
    ["is no YAML", "tunnels: [", "Could not use the list of tunnels"],
    ["holds an alias", "tunnels: &a [*a]", "YAML a"],
    ["has no tunnel", "tunnels: []", "wants one tunnel at least"],
    ["has a key that nobody knows", "tunnels:\n  - name: x\n    hots: y\n", "wrong.yaml:3:5"],
    ["has a port that is none", "tunnels:\n  - name: x\n    ssh: {host: a, port: 70000}\n", "tunnel x.ssh.port"],
    [
      "would put an option into a command",
      "tunnels:\n  - name: x\n    ssh: {host: -oProxyCommand=x}\n",
      "tunnel x.ssh.host",
    ],
  ];
  for (const [given, text, says] of wrong)
    test(`refuses a list that ${given}: exit 64, and where`, async () => {
      const config = join(scene.folder, "wrong.yaml");
      writeFileSync(config, Buffer.from(text ?? "", "latin1"));
      const file = text === null ? join(scene.folder, "none.yaml") : config;
      const { exitCode, stdout, stderr } = await tunnelHealth(["--config", file]);
      expect({ exitCode, stdout }).toEqual({ exitCode: 64, stdout: "" });
      expect(stderr).toContain(says);
      expect(stderr).toContain(file);
    });

  test("refuses a name that the list does not have, and a --hold that does not fit into --timeout", async () => {
    const config = writeTunnels(join(scene.folder, "names"), [words()]);
    const unknown = await tunnelHealth(["nobody", "--config", config]);
    expect(unknown.exitCode).toBe(64);
    expect(unknown.stderr).toContain("nobody");
    expect((await tunnelHealth(["--config", config, "--hold", "10", "--timeout", "10"])).exitCode).toBe(64);
  });

  test("takes no longer than --timeout where the line is silent, and the hub that is to be told, too", async () => {
    const silentHub = await behind(() => {});
    const relay = await relayTo(`http://127.0.0.1:${scene.sshd.port}`);
    relay.swallow();
    const config = writeTunnels(join(scene.folder, "silent"), [
      words({ ssh: { port: Number(new URL(relay.url).port) } }),
    ]);
    const started = performance.now();
    const env = environment({
      STATE_HUB_HOME: join(scene.folder, "silent/state"),
      STATE_HUB_URL: `http://127.0.0.1:${silentHub.port}`,
    });
    const { exitCode, stdout } = await tunnelHealth(["--config", config, "--timeout", "2", "--json"], env);
    relay.close();
    silentHub.close();
    expect(exitCode).toBe(1);
    expect((JSON.parse(stdout) as HealthReport).ms).toBeLessThan(2_000);
    // With the start of the program itself.
    expect(performance.now() - started).toBeLessThan(4_500);
  });

  test("tells the hub when a verdict changes, by its database or its API, once, and later what it could not tell", async () => {
    const home = join(scene.folder, "told");
    const env = (more: Record<string, string>) => environment({ STATE_HUB_HOME: home, ...more });
    const events = async () => {
      const rows = await scene.hub.database.sql<{ detail: { tunnel: string; from: string | null; to: string } }[]>`
        select detail from progress_events where event_type = 'tunnel_health' order by created_at, id`;
      return rows.map(({ detail }) => `${detail.from} to ${detail.to}`);
    };
    const list = (ssh: TunnelWords["ssh"] = {}) => writeTunnels(join(home, ".config/state-hub"), [words({ ssh })]);
    const checked = async (more: Record<string, string>) =>
      (await tunnelHealth(["--slow", "60000"], env({ HOME: home, ...more }))).exitCode;
    list();
    await checked({ DATABASE_URL: scene.hub.url });
    await checked({ DATABASE_URL: scene.hub.url });
    expect(await events()).toEqual(["null to healthy"]);
    list({ port: await freePort("127.0.0.1") });
    expect(await checked({})).toBe(1);
    expect(await events()).toEqual(["null to healthy"]);
    list();
    await checked({ STATE_HUB_URL: scene.hub.at });
    expect(await events()).toEqual(["null to healthy", "healthy to down", "down to healthy"]);
    const kept = JSON.parse(readFileSync(join(home, "tunnels/verdicts.json"), "utf8"));
    expect(kept).toMatchObject({ verdicts: { hub: { verdict: "healthy" } }, untold: [] });
  });

  test("checks all the same where its home cannot be written", async () => {
    const home = join(scene.folder, "a-file");
    writeFileSync(home, "");
    const config = writeTunnels(join(scene.folder, "home"), [words()]);
    const found = await tunnelHealth(["--config", config, "--slow", "60000"], environment({ STATE_HUB_HOME: home }));
    expect(found.exitCode).toBe(0);
    expect(found.stderr).toContain("Could not keep the tunnels' verdicts");
  });
});

describe("tunnel_health.ts --watch", () => {
  test("notices a line whose packets vanish within three intervals, also where the hub is to be told by it", async () => {
    const interval = 2;
    const silentHub = await behind(() => {});
    const relay = await relayTo(`http://127.0.0.1:${scene.sshd.port}`);
    const at = Number(new URL(relay.url).port);
    mkdirSync(join(scene.folder, "watched"), { recursive: true });
    const config = writeTunnels(join(scene.folder, "watched"), [words({ ssh: { port: at } })]);
    const argv = [SCRIPT, "--config", config, "--watch", "--interval", String(interval), "--slow", "60000"];
    const env = environment({ STATE_HUB_URL: `http://127.0.0.1:${silentHub.port}` });
    const child = Bun.spawn(argv, { env, stdio: ["ignore", "pipe", "pipe"] });
    const lines: HealthReport[] = [];
    const reading = (async () => {
      let rest = "";
      for await (const chunk of child.stdout) {
        const parts = (rest + Buffer.from(chunk).toString("utf8")).split("\n");
        rest = parts.pop() ?? "";
        lines.push(...parts.map((line) => JSON.parse(line) as HealthReport));
      }
    })();
    const says = (verdict: string, count: number) =>
      waitUntil({ forWhat: `it to say ${verdict}`, deadlineMs: 20_000 }, () =>
        lines.filter((line) => line.verdict === verdict).length >= count && lines.at(-1)?.verdict === verdict
          ? { found: true }
          : { seen: lines.map((line) => line.verdict).join(" ") },
      );
    try {
      await says("healthy", 2);
      // The second round went over the connection of the first.
      expect(lines[1]?.tunnels[0]?.probes.find(({ id }) => id === "auth")?.saw).toEndWith(", as before");
      relay.swallow();
      const cut = performance.now();
      await says("down", 1);
      expect(performance.now() - cut).toBeLessThan(3 * interval * 1_000 + 500);
      expect(lines.at(-2)?.verdict).toBe("degraded");
    } finally {
      child.kill("SIGINT");
      await reading;
      relay.close();
      silentHub.close();
    }
    expect(await child.exited).toBe(130);
  });
});
