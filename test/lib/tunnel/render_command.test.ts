// What render refuses before it writes anything: a key that ssh would not find by that name, and one whose public half is none.
// And the command that it names next goes to the same list and the same tunnels.
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../../lib/config.ts";
import { type RunResult, run } from "../../../lib/process/run.ts";
import { temporaryFolder } from "../../support/git_repo.ts";
import { type TunnelWords, writeTunnels } from "../../support/tunnel_scene.ts";

const SCRIPT = join(import.meta.dir, "../../../scripts/tunnel_health.ts");
const HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1k0R3vZ0bT3m8k8m1mVt0m2oJ8mXQyq1l8yJtq6b3E";
const folder = temporaryFolder();
afterAll(() => folder.remove());

function words(name: string, identity_file: string, port = 8000): TunnelWords {
  const ssh = { host: "hub.example", host_key: HOST_KEY, identity_file };
  return { name, runs_as: `unit:state-hub-tunnel@${name}`, ssh, listen: { port }, target: { host: "127.0.0.1", port } };
}

function makeKey(name: string): string {
  const key = join(folder.path, name);
  const { exitCode, stderr } = Bun.spawnSync(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key]);
  if (exitCode !== 0) throw new Error(`ssh-keygen: ${stderr}`);
  return key;
}

async function render(tunnels: readonly TunnelWords[], ...args: string[]): Promise<RunResult & { config: string }> {
  const config = writeTunnels(folder.path, tunnels);
  const done = await run([SCRIPT, "render", "--config", config, ...args], {
    env: environmentForPrograms(),
    deadlineMs: 20_000,
  });
  return { ...done, config };
}

async function refused(identity: string): Promise<string> {
  const { exitCode, stdout, stderr } = await render([words("hub", identity)]);
  expect({ exitCode, stdout }).toEqual({ exitCode: 64, stdout: "" });
  expect(existsSync(join(folder.path, "tunnels"))).toBe(false);
  return stderr;
}

describe("tunnel_health.ts render", () => {
  for (const [what, name] of [
    ["a quote", 'a"b'],
    ["a percent sign", "50%d"],
    ["a line break", "a\nProxyCommand touch x"],
    ["a variable", ["$", "{HOME}"].join("")],
  ] as const)
    test(`refuses an identity_file with ${what}, which ssh would read as something else`, async () => {
      const said = await refused(join(folder.path, name));
      expect(said).toContain("tunnel hub: ssh.identity_file is ");
      expect(said).toContain("ssh does not read as they stand");
    });

  test("refuses a public half that is empty, is none, is a folder, or is not there: each in words, with what to type", async () => {
    const key = makeKey("odd_key");
    const half = `${key}.pub`;
    writeFileSync(half, "\n");
    expect(await refused(key)).toMatch(/odd_key\.pub is empty[\s\S]*ssh-keygen -y -f \S*odd_key > \S*odd_key\.pub/);
    writeFileSync(half, "-----BEGIN OPENSSH PRIVATE KEY-----\n");
    expect(await refused(key)).toContain("odd_key.pub holds no public key");
    rmSync(half);
    mkdirSync(half);
    expect(await refused(key)).toMatch(/odd_key\.pub cannot be read \(EISDIR\)[\s\S]*ls -ld /);
    rmSync(half, { recursive: true });
    expect(await refused(key)).toMatch(/odd_key\.pub is not there[\s\S]*ssh-keygen -t ed25519/);
  });

  test("names next the same tunnels of the same list, and all their units", async () => {
    const key = makeKey("key");
    const all = [words("a", key), words("b", key, 8001), words("c", key, 8002)];
    const dry = await render(all, "a", "b", "--dry-run");
    expect(dry.stdout).toEndWith(`Next: scripts/tunnel_health.ts render a b --config ${dry.config}\n`);
    const done = await render(all, "a", "b");
    const units = "state-hub-tunnel@a.service state-hub-tunnel@b.service";
    expect(done.stdout).toEndWith(`Next: systemctl --user enable --now ${units}\n`);
  });
});
