// The list of tunnels: the example is one that works, and what is left out is what most tunnels have.
import { afterAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { OpsFailure } from "../../../lib/failure.ts";
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
});

const good = "  - {name: a, ssh: {host: h}, listen: {port: 1}, target: {host: t, port: 2}}\n";

function refusal(text: string): OpsFailure {
  try {
    read(text);
  } catch (error) {
    if (error instanceof OpsFailure) return error;
    throw error;
  }
  throw new Error("It was read");
}

describe("readTunnels() of a list that is wrong", () => {
  const rows: readonly (readonly [string, string, string, string])[] = [
    ["a key that nobody knows", `${good}  - name: x\n    hots: y\n`, "4:5", "tunnel x: nobody knows the key hots"],
    ["such a key beside the list", `${good}tunels: []\n`, "3:1", "the file: nobody knows the key tunels"],
    ["a name that stands there twice", good + good, "3:6", "the name a stands there twice"],
    ["a key that stands there twice", "  - name: a\n    name: b\n", "3:5", "stands here a second time"],
    ["no ssh", good.replace("ssh: {host: h}, ", ""), "2:5", "tunnel a.ssh: is missing"],
    [
      "a port 0 to go to",
      good.replace("port: 2", "port: 0"),
      "2:68",
      "tunnel a.target.port: wants a port of 1 to 65535",
    ],
    [
      "a port that is a word",
      good.replace("port: 2", "port: ssh"),
      "2:68",
      "tunnel a.target.port: wants a port number",
    ],
    ["a port that is .nan", good.replace("port: 1", "port: .nan"), "2:40", "tunnel a.listen.port: wants a port number"],
    ["a port below 0", good.replace("port: 1", "port: -1"), "2:40", "tunnel a.listen.port: wants a port number"],
    ["a map instead of the list", "  a: {name: a}\n", "1:1", "tunnels: wants a list"],
    ["a list instead of a map", "  - name: a\n    ssh: [h]\n", "3:5", "tunnel a.ssh: wants `key: value` lines"],
    ["an empty item", "  -\n", "2:4", "tunnel 1: wants `key: value` lines"],
    ["aliases of aliases", "  - &b [x, x]\n  - &c [*b, *b]\n  - [*c, *c]\n", "2:8", "A YAML anchor"],
    ["a tag that would be run", "  - !!js/function 'function () {}'\n", "2:19", "A YAML tag"],
    ["brackets without end", `  ${"[".repeat(10_000)}\n`, "2:11", "nested too deeply"],
    ["an escape for a terminal", '  - name: "a\\u001b[31m"\n', "2:11", "control character"],
  ];
  for (const [given, text, place, says] of rows)
    test(`readTunnels() of ${given} says where: ${place}`, () => {
      const { observed, where } = refusal(`tunnels:\n${text}`);
      expect(observed).toContain(says);
      expect(where).toBe(`${join(folder.path, "tunnels.yaml")}:${place}`);
    });

  test("readTunnels() takes a thousand tunnels, and is not kept busy by more than a list can be", () => {
    const many = (count: number) =>
      `tunnels:\n${Array.from({ length: count }, (_, at) => good.replace("name: a", `name: a${at}`)).join("")}`;
    expect(read(many(1_000))).toHaveLength(1_000);
    const started = performance.now();
    expect(refusal(many(9_000)).observed).toContain("too many parts");
    expect(refusal(`tunnels: ${"x".repeat(10 * 1024 * 1024)}`).observed).toContain("bytes");
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});
