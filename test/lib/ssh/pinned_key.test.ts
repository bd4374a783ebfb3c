// The one key that a configuration pins: in either form, whichever of its keys a host shows first, and nobody else's.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { environmentForPrograms } from "../../../lib/config.ts";
import { run } from "../../../lib/process/run.ts";
import { keyFingerprint } from "../../../lib/ssh/known_host_key.ts";
import { pinnedKey } from "../../../lib/ssh/pinned_key.ts";
import { waitUntil } from "../../../lib/wait_until.ts";
import { freePort } from "../../support/free_port.ts";
import { temporaryFolder } from "../../support/git_repo.ts";
import { type Sshd, startSshd } from "../../support/sshd.ts";
import { systemProgram } from "../../support/system_program.ts";
import { checkOne, shortOf, tunnelWords } from "../../support/tunnel_scene.ts";

const folder = temporaryFolder();
const TYPES = ["ed25519", "ecdsa", "rsa"] as const;
let sshd: Sshd;
let port: number;
let several: Bun.Subprocess;
beforeAll(async () => {
  sshd = await startSshd();
  port = await freePort("127.0.0.1");
  for (const type of TYPES) {
    const argv = ["ssh-keygen", "-q", "-t", type, "-N", "", "-f", join(folder.path, type)];
    await run(argv, { env: environmentForPrograms(), deadlineMs: 20_000 });
  }
  const lines = readFileSync(join(dirname(sshd.userKey), "sshd_config"), "utf8")
    .split("\n")
    .filter((line) => !/^(ListenAddress|HostKey) /.test(line));
  const keys = TYPES.map((type) => `HostKey "${folder.path}/${type}"`);
  const config = join(folder.path, "sshd_config");
  writeFileSync(config, [`ListenAddress 127.0.0.1:${port}`, ...keys, ...lines].join("\n"));
  const log = join(folder.path, "log");
  several = Bun.spawn([systemProgram("sshd") ?? "sshd", "-D", "-e", "-f", config], {
    env: environmentForPrograms(),
    stdio: ["ignore", "ignore", Bun.file(log)],
  });
  await waitUntil({ forWhat: "sshd to listen", deadlineMs: 20_000 }, () => {
    const said = readFileSync(log, "utf8");
    return said.includes("Server listening on") ? { found: true } : { seen: said };
  });
});
afterAll(async () => {
  several.kill();
  await several.exited;
  await sshd.stop();
  folder.remove();
});

const publicKey = (type: string) =>
  readFileSync(join(folder.path, `${type}.pub`), "utf8")
    .split(" ")
    .slice(0, 2)
    .join(" ");
const fingerprint = (type: string) => keyFingerprint(Buffer.from(publicKey(type).split(" ")[1] ?? "", "base64"));
// Only the way to the far side is looked at: nothing listens at its end.
const check = (hostKey: string) =>
  checkOne(folder.path, tunnelWords(sshd, { port: 1 }, { ssh: { port, host_key: hostKey } }));

describe("pinnedKey()", () => {
  test("pinnedKey() reads what ssh-keygen -l prints, and a public key with or without a comment", () => {
    const key = publicKey("ed25519");
    expect(pinnedKey(fingerprint("ed25519"))).toEqual({ fingerprint: fingerprint("ed25519"), key: null });
    expect(pinnedKey(`${key} root@host`)?.fingerprint).toBe(fingerprint("ed25519"));
    expect(pinnedKey(key)?.key?.type).toBe("ssh-ed25519");
  });

  test("pinnedKey() takes nothing else: an MD5 fingerprint, a cut one, a key of another type than it says", () => {
    const [, base64] = publicKey("ed25519").split(" ");
    for (const text of [
      "",
      "SHA256:",
      "MD5:aa:bb",
      fingerprint("rsa").slice(0, -1),
      `ssh-rsa ${base64}`,
      "ssh-ed25519 !",
    ])
      expect(pinnedKey(text)).toBeNull();
  });
});

describe("a host with several keys", () => {
  for (const type of TYPES)
    test(`is the pinned one by its ${type} key, as a fingerprint and as the key itself`, async () => {
      expect(shortOf(await check(fingerprint(type)))).toBe("down at health");
      expect(shortOf(await check(publicKey(type)))).toBe("down at health");
    });

  test("is not the pinned one by none of them, and the key that it showed first is named", async () => {
    const report = await check(`SHA256:${"A".repeat(43)}`);
    expect(shortOf(report)).toBe("down at host_key");
    expect(report.cause).toContain(fingerprint("ed25519"));
  });
});
