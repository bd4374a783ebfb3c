// What an install of Debian packages may do to a machine, tried on temporary folders with the real policy script.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { policyText, withoutMainCluster, withServicesHeld } from "./support/hold_services.ts";
import { lineToType, SYSTEM_PACKAGES } from "./system_packages.ts";

let temp: string;
beforeAll(() => {
  temp = mkdtempSync(join(tmpdir(), "packages-"));
});
afterAll(() => rmSync(temp, { recursive: true, force: true }));

function folder(files: Record<string, string> = {}): string {
  const path = mkdtempSync(join(temp, "f"));
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(path, name), text);
    chmodSync(join(path, name), 0o755);
  }
  return path;
}
const answer = (policy: string) => Bun.spawnSync([policy, "postgresql", "start"]).exitCode;
const dead = () => Bun.spawnSync(["true"]).pid;

describe("withServicesHeld()", () => {
  test("withServicesHeld() refuses every start while work runs, and leaves nothing behind", async () => {
    const at = folder();
    expect(await withServicesHeld(async () => answer(join(at, "policy")), join(at, "policy"))).toBe(101);
    expect(readdirSync(at)).toEqual([]);
  });

  test("withServicesHeld() keeps a policy that refuses already", async () => {
    const at = folder({ policy: "#!/bin/sh\nexit 101\n" });
    await withServicesHeld(async () => expect(readdirSync(at)).toEqual(["policy"]), join(at, "policy"));
    expect(readFileSync(join(at, "policy"), "utf8")).toBe("#!/bin/sh\nexit 101\n");
  });

  test("withServicesHeld() brings back another policy, also when work throws", async () => {
    const at = folder({ policy: "#!/bin/sh\nexit 104\n" });
    const work = async () => {
      expect(answer(join(at, "policy"))).toBe(101);
      throw new Error("apt failed");
    };
    expect(withServicesHeld(work, join(at, "policy"))).rejects.toThrow("apt failed");
    expect(answer(join(at, "policy"))).toBe(104);
    expect(readdirSync(at)).toEqual(["policy"]);
  });

  test("withServicesHeld() cleans up what a killed run left, and that one did not refuse in the meantime", async () => {
    const at = folder({ "policy.set_aside": "#!/bin/sh\nexit 104\n" });
    writeFileSync(join(at, "policy"), policyText(dead(), join(at, "policy.set_aside")), { mode: 0o755 });
    expect(answer(join(at, "policy"))).toBe(104);
    await withServicesHeld(async () => expect(answer(join(at, "policy"))).toBe(101), join(at, "policy"));
    expect(readdirSync(at)).toEqual(["policy"]);
    expect(readFileSync(join(at, "policy"), "utf8")).toBe("#!/bin/sh\nexit 104\n");
  });
});

describe("withoutMainCluster()", () => {
  test("withoutMainCluster() sets create_main_cluster = false in a file of its own, for the time of the work", async () => {
    const at = folder({ "createcluster.conf": `ssl = on\ninclude_dir '/x'\n` });
    const ours = join(at, "createcluster.d/state_hub_tests.conf");
    await withoutMainCluster(
      async () => expect(readFileSync(ours, "utf8")).toContain("\ncreate_main_cluster = false\n"),
      at,
    );
    expect(readdirSync(at)).toEqual(["createcluster.conf"]);
  });

  test("withoutMainCluster() leaves a neighbour's file in createcluster.d", async () => {
    const at = folder();
    mkdirSync(join(at, "createcluster.d"));
    writeFileSync(join(at, "createcluster.d/theirs.conf"), "");
    await withoutMainCluster(async () => {}, at);
    expect(readdirSync(join(at, "createcluster.d"))).toEqual(["theirs.conf"]);
  });

  test("withoutMainCluster() appends to a createcluster.conf that includes nothing, and keeps its lines", async () => {
    const at = folder({ "createcluster.conf": "ssl = off" });
    await withoutMainCluster(async () => {}, at);
    expect(readFileSync(join(at, "createcluster.conf"), "utf8")).toBe("ssl = off\ncreate_main_cluster = false\n");
  });
});

describe("lineToType()", () => {
  test.each([
    ["Debian", { debian: true, brew: false }, /^sudo ".*scripts\/bun" ".*test\/system_packages\.ts"$/],
    [
      "macOS",
      { debian: false, brew: true },
      /^brew install postgresql@15 git openssh openssl iproute2 pgbouncer nats-server age zsh curl systemd && /,
    ],
    [
      "elsewhere",
      { debian: false, brew: false },
      /postgresql-15 git openssh-server openssl iproute2 pgbouncer nats-server age zsh curl systemd$/,
    ],
  ])("lineToType() gives one line on %s", (_name, machine, wanted) => {
    expect(lineToType(SYSTEM_PACKAGES, machine)).toMatch(wanted);
  });

  test("SYSTEM_PACKAGES are all present by the time tests run", () => {
    expect(SYSTEM_PACKAGES.filter((each) => !each.present())).toEqual([]);
    expect(existsSync("/usr/sbin/policy-rc.d.set_aside")).toBe(false);
  });
});
