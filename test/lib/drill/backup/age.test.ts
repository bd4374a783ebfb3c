// Keys and the real age: what encrypts can be opened by the right key alone, a wrong key is told from damaged bytes, and nothing
// that would ask a person, or that is a private key in the wrong place, gets as far as age.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, chownSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../../../lib/config.ts";
import {
  decryptionFailure,
  decryptionFault,
  decryptThrough,
  encryptThrough,
  readRecipients,
  requireAge,
  requireIdentity,
} from "../../../../lib/drill/backup/age.ts";
import { OpsFailure } from "../../../../lib/failure.ts";
import { run } from "../../../../lib/process/run.ts";
import { temporaryFolder } from "../../../support/git_repo.ts";
import { makeKey } from "../../../support/sshd_config.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());
const env = environmentForPrograms();
const at = (name: string) => join(folder.path, name);
const shell = (argv: string[]) => run(argv, { env, deadlineMs: 20_000 });
let mine: string;
let other: string;

beforeAll(async () => {
  for (const name of ["mine", "other"]) await shell(["age-keygen", "-o", at(name)]);
  const publicOf = async (name: string) => (await shell(["age-keygen", "-y", at(name)])).stdout.trim();
  mine = await publicOf("mine");
  other = await publicOf("other");
  await makeKey(at("ssh_key"));
});

function failing(work: () => unknown): OpsFailure {
  try {
    work();
  } catch (error) {
    if (error instanceof OpsFailure) return error;
  }
  throw new Error("It did not fail");
}

/** stdin to stdout through a file, as bytes would be broken by text. */
async function through(argv: readonly string[], from: string, to: string) {
  const child = Bun.spawn([...argv], { stdin: Bun.file(from), stdout: Bun.file(to), stderr: "pipe", env });
  return { stderr: await new Response(child.stderr).text(), exitCode: await child.exited };
}

describe("readRecipients()", () => {
  test("readRecipients() takes keys, files of keys, and both kinds together, each once", () => {
    const ssh = readFileSync(at("ssh_key.pub"), "utf8").trim();
    writeFileSync(at("list"), `# who may open it\n${mine}\n\n${ssh}\n`);
    expect(readRecipients([mine, at("list"), other])).toEqual([mine, ssh, other]);
    expect(readRecipients([at("ssh_key.pub")])).toEqual([ssh]);
  });

  test("readRecipients() finds a typing error at every place of a key", () => {
    for (let place = 4; place < mine.length; place++) {
      const wrong = mine.slice(0, place) + (mine[place] === "q" ? "p" : "q") + mine.slice(place + 1);
      expect(failing(() => readRecipients([wrong])).kind).toBe("usage");
    }
  });

  test.each(["", "age1", "/nowhere/recipients", "ssh-ed25519 AAAA", "ssh-dss AAAAB3NzaC1kc3MAAACB", "mailto:me"])(
    "readRecipients() refuses %p before anything starts",
    (value) => {
      expect(failing(() => readRecipients([value])).message).toBe("Could not use the recipient");
    },
  );

  test("readRecipients() refuses a private key, in a flag or a file, and does not repeat it", () => {
    const secret = /AGE-SECRET-KEY-\S+/.exec(readFileSync(at("mine"), "utf8"))?.[0] ?? "";
    expect(secret).not.toBe("");
    for (const value of [secret, secret.toLowerCase(), at("mine"), at("ssh_key")]) {
      const failure = failing(() => readRecipients([value]));
      expect(failure.observed).toContain("it is a private key");
      expect(Bun.inspect(failure).toLowerCase()).not.toContain(secret.toLowerCase());
    }
  });

  test("readRecipients() names a file whose line is no key, or that has none", () => {
    writeFileSync(at("wrong"), `${mine}\nnonsense\n`);
    writeFileSync(at("empty"), "# nobody\n");
    expect(failing(() => readRecipients([at("wrong")])).observed).toContain("a line of the file");
    expect(failing(() => readRecipients([at("empty")])).observed).toContain("names no key");
  });
});

describe("requireAge()", () => {
  test("requireAge() tells its version when it takes the recipients", async () => {
    const ssh = readFileSync(at("ssh_key.pub"), "utf8").trim();
    expect(await requireAge(env, [mine, ssh])).toMatch(/^v?\d+\.\d+/);
  });

  test("requireAge() says how to install it where it is missing", async () => {
    await expect(requireAge({ PATH: folder.path })).rejects.toMatchObject({ hint: "apt-get install age" });
  });

  test("requireAge() says when age takes a key not that looked right", async () => {
    const blob = Buffer.alloc(60, 1);
    blob.writeUInt32BE(11);
    blob.write("ssh-ed25519", 4);
    const looksRight = `ssh-ed25519 ${blob.toString("base64")}`;
    expect(readRecipients([looksRight])).toEqual([looksRight]);
    await expect(requireAge(env, [looksRight])).rejects.toThrow("Could not encrypt for the recipients");
  });
});

describe("requireIdentity()", () => {
  test("requireIdentity() takes key files of age and ssh that are their owner's alone", () => {
    expect(requireIdentity(at("mine"))).toBe(at("mine"));
    expect(requireIdentity(at("ssh_key"))).toBe(at("ssh_key"));
  });

  test("requireIdentity() refuses one that others can read, that is missing, or that holds no private key", () => {
    writeFileSync(at("open"), readFileSync(at("mine")));
    chmodSync(at("open"), 0o640);
    expect(failing(() => requireIdentity(at("open")))).toMatchObject({ hint: `chmod 600 ${at("open")}` });
    expect(failing(() => requireIdentity(at("nowhere"))).observed).toBe("it is not there");
    writeFileSync(at("public"), mine, { mode: 0o600 });
    expect(failing(() => requireIdentity(at("public"))).observed).toBe("it holds no private key");
  });

  test("requireIdentity() takes a pod's Secret, which is root's and ours by the group, unless everybody can read it", () => {
    writeFileSync(at("mounted"), readFileSync(at("mine")));
    chownSync(at("mounted"), 65_534, process.getgid?.() ?? 0);
    chmodSync(at("mounted"), 0o440);
    expect(requireIdentity(at("mounted"))).toBe(at("mounted"));
    chmodSync(at("mounted"), 0o444);
    expect(failing(() => requireIdentity(at("mounted"))).observed).toContain("others can read it");
  });

  test("requireIdentity() refuses a key with a passphrase, of ssh in both forms and of age", async () => {
    for (const [name, form] of [
      ["locked", []],
      ["locked_pem", ["-m", "PEM"]],
    ] as const)
      await shell(["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", ...form, "-N", "a passphrase", "-f", at(name)]);
    writeFileSync(at("armored"), "-----BEGIN AGE ENCRYPTED FILE-----\n", { mode: 0o600 });
    for (const name of ["locked", "locked_pem", "armored"])
      expect(failing(() => requireIdentity(at(name))).observed).toContain("it has a passphrase");
  });
});

describe("encryptThrough() and decryptThrough()", () => {
  test("what is encrypted for several is opened by each, and by nobody else", async () => {
    const ssh = readFileSync(at("ssh_key.pub"), "utf8").trim();
    writeFileSync(at("plain"), Buffer.alloc(200_000, 7));
    expect((await through(encryptThrough([mine, ssh]), at("plain"), at("sealed"))).exitCode).toBe(0);
    for (const key of ["mine", "ssh_key"]) {
      await through(decryptThrough(at(key)), at("sealed"), at("opened"));
      expect(readFileSync(at("opened")).equals(readFileSync(at("plain")))).toBe(true);
    }
    const { stderr, exitCode } = await through(decryptThrough(at("other")), at("sealed"), at("opened"));
    expect([exitCode, decryptionFault(stderr)]).toEqual([1, "wrong_key"]);
    const failure = decryptionFailure({
      part: "facts.json.age",
      identityFile: at("other"),
      recipients: [mine],
      stderr,
    });
    expect(failure.message).toBe("Could not decrypt facts.json.age");
    expect(failure.observed).toBe(`none of the keys in ${at("other")} opens it`);
    expect(failure.expected).toContain(mine);
  });

  test.each([5, 60, 100_000, 199_999])(
    "a byte that was flipped at %d is refused; past the header it is no wrong key's doing",
    async (place) => {
      writeFileSync(at("plain"), Buffer.alloc(200_000, 7));
      await through(encryptThrough([mine]), at("plain"), at("sealed"));
      const bytes = readFileSync(at("sealed"));
      bytes[place] = (bytes[place] ?? 0) ^ 1;
      writeFileSync(at("flipped"), bytes);
      const { stderr, exitCode } = await through(decryptThrough(at("mine")), at("flipped"), at("opened"));
      expect(exitCode).toBe(1);
      expect(decryptionFault(stderr)).not.toBeNull();
      if (place > 1000) expect(decryptionFault(stderr)).toBe("damaged");
    },
  );
});
