// A script on another machine, by on_host.ts and a real sshd: what it is given and prints arrives whole, its exit code
// is ours, and what is wrong is refused before anything is sent.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { ON_HOST, type OnHostScene, onHostScene, SCRIPT } from "../support/on_host_scene.ts";

const ROOT = join(import.meta.dir, "../..");
let scene: OnHostScene;
beforeAll(async () => {
  scene = await onHostScene();
});
afterAll(() => scene.stop());
afterEach(() => scene.settled());

const far = (...words: string[]) => scene.run([scene.url, "--", SCRIPT, ...words]);

describe("what passes", () => {
  test.concurrent("words arrive as they were typed", async () => {
    const words = [
      "a b",
      "it's",
      '"x"',
      "two\nlines",
      "$(touch gone)",
      "`id`",
      "\\",
      "--all",
      "-x",
      "--",
      "*",
      "~",
      "ü",
    ];
    expect(await far("words", ...words)).toEqual({ code: 0, out: words.map((word) => `${word}\0`).join(""), err: "" });
  });

  test.concurrent("flags of on_host.ts stand before the host, and words alone need no --", async () => {
    const ran = await scene.run(["--timeout", "30", "--toolkit", "~/state-hub-ops", scene.url, SCRIPT, "words", "a"]);
    expect(ran).toEqual({ code: 0, out: "a\0", err: "" });
  });

  test.concurrent.each([0, 1, 2, 64, 127, 255])("exit code %d is ours, with both streams", async (code) => {
    expect(await far("end", `${code}`)).toEqual({ code, out: "out\n", err: "err\n" });
  });

  test.concurrent.each([
    ["KILL", 137],
    ["SEGV", 139],
  ])("a script that ends by SIG%s over there ends here with %d, and says so", async (name, code) => {
    expect(await far("kill", name)).toEqual({
      code,
      out: "",
      err: expect.stringContaining(`ended by SIG${name} at root@`),
    });
  });

  test.concurrent("it has no stdin and no terminal over there", async () => {
    expect((await far("stdin")).out).toBe("/dev/null\n");
    expect((await far("terminal")).out).toStartWith("not a tty\n");
  });

  test.concurrent("it has the settings of the units there", async () => {
    expect((await far("environment", "STATE_HUB_URL")).out).toBe("http://10.0.0.1:8000\n");
  });

  test("what the account's shell prints is not the script's", async () => {
    writeFileSync(join(scene.home, ".bashrc"), "echo welcome; echo oh >&2\n");
    expect(await far("words", "a")).toEqual({
      code: 0,
      out: "a\0",
      err: expect.stringMatching(/^(oh\nwelcome|welcome\noh)\n$/),
    });
    writeFileSync(join(scene.home, ".bashrc"), "");
  });
});

describe("flags", () => {
  test("may follow the script without --, empty words too", async () => {
    for (const words of [[SCRIPT], ["--", SCRIPT]]) {
      const ran = await scene.run([scene.url, ...words, "words", "--all", "--help", "", "--toolkit", "x", "--", "y"]);
      expect(ran).toEqual({ code: 0, out: "--all\0--help\0\0--toolkit\0x\0--\0y\0", err: "" });
    }
  });

  test("--json, among the script's or before the host: the script's document, or one of the failure", async () => {
    expect((await scene.run([scene.url, SCRIPT, "words", "--json"])).out).toBe("--json\0");
    expect((await scene.run(["--json", scene.url, SCRIPT, "words"])).out).toBe("--json\0");
    expect((await scene.run(["--json", scene.url, SCRIPT, "words", "--", "x"])).out).toBe("--json\0--\0x\0");
    for (const words of [[SCRIPT], ["--", SCRIPT]]) {
      const unknown = scene.knowing(scene.sshd.sshConfigWithoutKey);
      const { code, out } = await scene.run([scene.url, ...words, "--json"], unknown);
      expect({ code, document: JSON.parse(out) }).toMatchObject({
        code: 2,
        document: { schema_version: 1, exit_code: 2 },
      });
    }
    const { code, out } = await scene.run(["nowhere.invalid", SCRIPT, "words", "--", "--json"]);
    expect({ code, out }).toEqual({ code: 2, out: "" });
  });
});

describe("a reader", () => {
  const SIZE = 1_000_000;
  const piped = async (into: string) => {
    const line = `set -o pipefail; "$@" | ${into}`;
    const env = { ...environmentForPrograms(), ...scene.knowing(scene.sshd.sshConfig) };
    const argv = ["bash", "-c", line, "sh", ...ON_HOST, scene.url, "--", SCRIPT, "bytes", `${SIZE}`];
    const child = Bun.spawn(argv, { env, cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
    const [out, err] = await Promise.all([new Response(child.stdout).bytes(), new Response(child.stderr).text()]);
    return { code: await child.exited, out, err };
  };

  test("who is slow gets every byte, also those that are no text", async () => {
    const { code, out, err } = await piped(`scripts/bun test/support/trickle.ts 500000`);
    const whole = Buffer.concat([Buffer.alloc(SIZE, 0xff), Buffer.from("\n\0\x1b[31m")]);
    const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
    expect({ code, err, bytes: out.length, digest: digest(out) }).toEqual({
      code: 3,
      err: "",
      bytes: whole.length,
      digest: digest(whole),
    });
  });

  test("who goes away ends the output, and not the script", async () => {
    expect(await piped("head -c 1")).toEqual({ code: 3, out: new Uint8Array([0xff]), err: "" });
  });
});

describe("what is refused before anything is sent", () => {
  test.concurrent.each([
    [["vault", "state_hubb.ts"], "state_hub.ts, perhaps"],
    [["vault", "rm"], "one of activity_definitions.ts"],
    [["vault"], "no script"],
    [[], "is missing"],
    [["--all", "vault", SCRIPT], "no flag of this command"],
    [["sftp://vault/x", SCRIPT], "no URL of ssh"],
    [["ssh://hub:secret@vault", SCRIPT], "password"],
    [["", SCRIPT], "names no host"],
    [["vault 2", SCRIPT], "no host and no account is called that"],
    [["--timeout", "0", "vault", SCRIPT], "1 to 600"],
  ])("%j", async (words, said) => {
    const { code, out, err } = await scene.timed(words);
    expect({ code, out, err }).toEqual({ code: 64, out: "", err: expect.stringContaining(said) });
    expect(err).not.toContain("secret");
  });

  test("a name that would be an option of ssh, or a command", async () => {
    for (const host of ["ssh://-oProxyCommand=x", "a;b", "$(x)"])
      expect(await scene.timed(["--", host, SCRIPT])).toMatchObject({ code: 64, out: "", letIn: 0 });
  });
});
