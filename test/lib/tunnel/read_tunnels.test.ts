// The list of tunnels: the example is one that works, and what is left out is what most tunnels have.
import { afterAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readTunnels } from "../../../lib/tunnel/read_tunnels.ts";
import { temporaryFolder } from "../../support/git_repo.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

function read(text: string) {
  const path = join(folder.path, "tunnels.yaml");
  writeFileSync(path, text);
  return readTunnels({ path, home: "/home/me" });
}

describe("readTunnels()", () => {
  test("readTunnels() finds nothing wrong with the example", () => {
    const path = join(import.meta.dir, "../../../tunnels.example.yaml");
    const tunnels = readTunnels({ path, home: "/home/me" });
    expect(tunnels.map(({ name, unit, problems }) => ({ name, unit, problems }))).toEqual([
      { name: "hub", unit: "state-hub-tunnel@hub.service", problems: [] },
      { name: "hub-from-outside", unit: null, problems: [] },
    ]);
    expect(tunnels[0]?.ssh.identity_file).toBe("/home/me/.ssh/state_hub_tunnel");
    expect(tunnels[0]?.health.system_identifier).toBe("7500000000000000000");
  });

  test("readTunnels() takes the usual for what is left out, and a key's path from the list's folder", () => {
    const [tunnel] = read(`tunnels:
  - name: a
    ssh: {host: h, identity_file: key, host_key: ~}
    listen: {port: 1}
    target: {host: t, port: 2}
`);
    expect(tunnel).toMatchObject({
      unit: null,
      direction: "local",
      listen: { host: "127.0.0.1", port: 1 },
      health: { path: "/state/health" },
      ssh: { identity_file: join(folder.path, "key") },
      problems: ["no ssh.host_key: whoever answers at the address would be believed"],
    });
  });

  test("readTunnels() refuses a name that stands there twice", () => {
    const one = "  - {name: a, ssh: {host: h}, listen: {port: 1}, target: {host: t, port: 2}}\n";
    expect(() => read(`tunnels:\n${one}${one}`)).toThrow("Could not use the list of tunnels");
    expect(read(`tunnels:\n${one}`)).toHaveLength(1);
  });
});
